/** What the help of every command holds. */
import type { Command } from 'commander'
import { describe, expect, test } from 'vitest'
import type { Cli } from './context/cli.ts'
import { buildProgram } from './program.ts'

const commands = commandsBelow(await buildProgram({} as Cli), [])

describe.each(commands)('the help of partywall $name', ({ name, command }) => {
  test('describes the command, its arguments and its flags', () => {
    const { registeredArguments, options } = command
    const described = [command.description(), ...[...registeredArguments, ...options].map(({ description }) => description)]
    expect(described.filter((text) => text === '')).toEqual([])
  })

  test('has the default of each flag that takes a value, or of its group', () => {
    const withValue = command.options.filter(({ required }) => required)
    const without = withValue.filter(
      ({ description, helpGroupHeading }) =>
        !/\((?:default: .+|required)\)$/.test(description) &&
        !/\((?:default: .+|one is required)\):$/.test(helpGroupHeading ?? ''),
    )
    expect(without.map(({ long }) => long)).toEqual([])
  })

  // A noun without a verb only lists its verbs.
  if (command.commands.length > 0 && name !== 'migrate') return
  test('has examples, whose flags the command takes', () => {
    const [, examples = ''] = /Examples:\n([\s\S]*?)(?:\n\n|$)/.exec(helpOf(command)) ?? []
    const own = examples.split('\n').filter((line) => line.startsWith(`  partywall ${name} `))
    expect(own.length).toBeGreaterThan(0)
    const used = own.flatMap((line) => line.match(/(?<= )--[a-z-]+/g) ?? [])
    expect(used.filter((flag) => !command.options.some(({ long }) => long === flag))).toEqual([])
  })
})

function commandsBelow(parent: Command, words: readonly string[]): { name: string; command: Command }[] {
  return parent.commands.flatMap((command) => {
    const path = [...words, command.name()]
    return [{ name: path.join(' '), command }, ...commandsBelow(command, path)]
  })
}

function helpOf(command: Command): string {
  let help = ''
  command.configureOutput({ writeOut: (text) => (help += text) }).outputHelp()
  return help
}
