/** The whole command line: every noun, and the flags that all commands have in common. */
import { Command, type CommanderError } from 'commander'
import { version } from '../version.ts'
import type { Cli, GlobalFlags } from './context/cli.ts'
import { attack } from './attack/attack.ts'
import { check } from './check/check.ts'
import { boundary } from './boundary/boundary.ts'
import { dev } from './project/dev.ts'
import { doctor } from './doctor/doctor.ts'
import { init } from './project/init.ts'
import { drift } from './drift/drift.ts'
import { domain } from './domain/domain.ts'
import { migrate } from './migrate/migrate.ts'
import { seed } from './seed/seed.ts'
import { sql } from './sql/sql.ts'
import { template } from './template/template.ts'
import { tenant } from './tenant/tenant.ts'

export function buildProgram(cli: Cli): Command {
  const program = new Command('partywall')
    .description('Schema-per-tenant multi-tenancy for PostgreSQL.')
    .version(version)
    // `main` prints errors, once. What commander still writes to stderr is the help of a noun that was called without a verb.
    .configureOutput({ writeOut: (text) => cli.out.help(text), outputError: () => {} })
    .hook('preAction', (_, command) => {
      cli.flags = commonFlags(command)
    })

  // In the order of the help. A noun registers its own verbs.
  init(program, cli)
  tenant(program, cli)
  template(program, cli)
  domain(program, cli)
  migrate(program, cli)
  boundary(program, cli)
  seed(program, cli)
  sql(program, cli)
  attack(program, cli)
  check(program, cli)
  doctor(program, cli)
  drift(program, cli)
  dev(program, cli)

  return withCommonOptions(program)
}

/**
 * Every command takes these flags, and so does every word before it: `partywall --json tenant list` is `partywall tenant list --json`.
 * Every other flag belongs to the command that it follows, because `migrate` and `migrate status` both have a --tenant.
 */
function withCommonOptions(command: Command): Command {
  command.commands.forEach(withCommonOptions)
  return command
    .exitOverride((error) => {
      throw withWayToHelp(error, command)
    })
    .enablePositionalOptions()
    .optionsGroup('Options:')
    .option('--config <file>', 'the config file (default: partywall.config.ts in this folder or the nearest one above it)')
    .option('--json', 'print the result as one JSON document on stdout')
    .option('--no-input', 'never prompt; a missing answer is an error')
    .option('--verbose', 'print the stack of an error')
}

const listedInHelp: Readonly<Record<string, string>> = {
  'commander.unknownOption': 'flags',
  'commander.unknownCommand': 'commands',
}

/** For an unknown word that resembles no other, which commander only repeats. */
function withWayToHelp(error: CommanderError, command: Command): CommanderError {
  const listed = listedInHelp[error.code]
  if (listed === undefined || error.message.includes('Did you mean')) return error
  const words: string[] = []
  for (let at: Command | null = command; at !== null; at = at.parent) words.unshift(at.name())
  error.message += `. \`${words.join(' ')} --help\` lists the ${listed}.`
  return error
}

/** The flags given after any of the words; the default at one word must not hide the value given at another. */
function commonFlags(command: Command): GlobalFlags {
  const flags: Record<string, unknown> = { input: true }
  for (let at: Command | null = command; at !== null; at = at.parent) {
    for (const [name, value] of Object.entries(at.opts())) if (at.getOptionValueSource(name) === 'cli') flags[name] ??= value
    if (at.opts()['input'] === false) flags['input'] = false
  }
  return flags as unknown as GlobalFlags
}
