/** The command line: its nouns, and the flags that all commands have in common. */
import { Command, type CommanderError } from 'commander'
import { version } from '../version.ts'
import { registerCalled, type Commands } from './context/called-word.ts'
import type { Cli, GlobalFlags } from './context/cli.ts'

/** In the order of the help. A noun registers its own verbs. */
const nouns: Commands = {
  init: async () => (await import('./project/init.ts')).init,
  tenant: async () => (await import('./tenant/tenant.ts')).tenant,
  template: async () => (await import('./template/template.ts')).template,
  warm: async () => (await import('./warm/warm.ts')).warm,
  member: async () => (await import('./member/member.ts')).member,
  files: async () => (await import('./files/files.ts')).files,
  settings: async () => (await import('./settings/settings.ts')).settings,
  user: async () => (await import('./user/user.ts')).user,
  domain: async () => (await import('./domain/domain.ts')).domain,
  migrate: async () => (await import('./migrate/migrate.ts')).migrate,
  boundary: async () => (await import('./boundary/boundary.ts')).boundary,
  view: async () => (await import('./view/view.ts')).view,
  seed: async () => (await import('./seed/seed.ts')).seed,
  dump: async () => (await import('./fixtures/dump.ts')).dump,
  load: async () => (await import('./fixtures/load.ts')).load,
  run: async () => (await import('./run/run.ts')).run,
  repl: async () => (await import('./run/repl.ts')).repl,
  psql: async () => (await import('./run/psql.ts')).psql,
  sql: async () => (await import('./sql/sql.ts')).sql,
  attack: async () => (await import('./attack/attack.ts')).attack,
  check: async () => (await import('./check/check.ts')).check,
  doctor: async () => (await import('./doctor/doctor.ts')).doctor,
  drift: async () => (await import('./drift/drift.ts')).drift,
  usage: async () => (await import('./usage/usage.ts')).usage,
  audit: async () => (await import('./audit/audit.ts')).audit,
  console: async () => (await import('./console/console.ts')).console,
  dev: async () => (await import('./project/dev.ts')).dev,
}

/** @param args what is called: only this is loaded. Absent: everything is */
export async function buildProgram(cli: Cli, args: readonly string[] = []): Promise<Command> {
  const program = new Command('partywall')
    .description('Schema-per-tenant multi-tenancy for PostgreSQL.')
    .version(version)
    // `main` prints errors, once. What commander still writes to stderr is the help of a noun that was called without a verb.
    .configureOutput({ writeOut: (text) => cli.out.help(text), outputError: () => {} })
    .hook('preAction', (_, command) => {
      cli.flags = commonFlags(command)
    })
  await registerCalled(nouns, program, cli, args)
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
