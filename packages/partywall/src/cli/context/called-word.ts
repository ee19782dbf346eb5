/**
 * Which of its commands a command line calls, so that only this one is loaded. In doubt none is named, and the caller loads all: for the help, and to
 * suggest a word for a misspelt one.
 */
import type { Command } from 'commander'
import type { Cli } from './cli.ts'

/** Adds a command to its parent. `args` are those after the name of the command where it is called. */
type Register = (parent: Command, cli: Cli, args: readonly string[]) => void | Promise<void>

/** Commands by name, in the order of the help. */
export type Commands = Readonly<Record<string, () => Promise<Register>>>

export async function registerCalled(commands: Commands, parent: Command, cli: Cli, args: readonly string[]): Promise<void> {
  const called = calledWord(commands, args)
  const after = called === undefined ? [] : args.slice(args.indexOf(called) + 1)
  for (const [name, load] of Object.entries(commands)) {
    if (called !== undefined && name !== called) continue
    const register = await load()
    await register(parent, cli, after)
  }
}

/** The first word that is neither a flag nor the value of the only common flag that takes one. After `--help` it is not called. */
function calledWord(commands: Commands, args: readonly string[]): string | undefined {
  const word = args.find((arg, at) => !arg.startsWith('-') && args[at - 1] !== '--config')
  if (word === undefined || !Object.hasOwn(commands, word)) return undefined
  const before = args.slice(0, args.indexOf(word))
  return before.includes('--help') || before.includes('-h') ? undefined : word
}
