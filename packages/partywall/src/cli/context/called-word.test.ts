/** Which commands are added for a command line: the one that it calls, or all. */
import { Command } from 'commander'
import { expect, test } from 'vitest'
import type { Cli } from './cli.ts'
import { registerCalled, type Commands } from './called-word.ts'

test.each([
  ['tenant list', ['tenant']],
  ['--json tenant list', ['tenant']],
  ['--config domain tenant list', ['tenant']],
  ['--config=domain tenant', ['tenant']],
  ['tenant --help', ['tenant']],
  ['tenant domain', ['tenant']],
])('%s adds only the command that it calls', async (line, names) => {
  expect(await added(line)).toEqual(names)
})

test.each([
  '',
  '--help',
  '--help tenant',
  '-h tenant',
  'help tenant',
  'tennant',
  'tennant domain',
  'toString',
  '--config tenant',
])('"%s" adds all commands, because it names none that is called', async (line) => {
  expect(await added(line)).toEqual(['domain', 'tenant'])
})

test('a command is given the words after it, and none when it is not called', async () => {
  const seen: (readonly string[])[] = []
  const commands: Commands = { tenant: async () => (_parent, _cli, args) => void seen.push(args) }
  for (const line of ['--json tenant list -h', 'help tenant list']) {
    await registerCalled(commands, new Command(), {} as Cli, line.split(' '))
  }
  expect(seen).toEqual([['list', '-h'], []])
})

async function added(line: string): Promise<string[]> {
  const program = new Command()
  const commands = { domain: named('domain'), tenant: named('tenant') }
  await registerCalled(commands, program, {} as Cli, line.split(' '))
  return program.commands.map((command) => command.name())
}

function named(name: string): Commands[string] {
  return async () => (parent) => void parent.command(name)
}
