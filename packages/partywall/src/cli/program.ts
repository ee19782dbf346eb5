/** All commands, and what they have in common. */
import { Command } from 'commander'
import { version } from '../version.ts'
import type { Cli, GlobalFlags } from './context/cli.ts'
import { dev } from './project/dev.ts'
import { domainAdd } from './domain/add.ts'
import { domainList } from './domain/list.ts'
import { init } from './project/init.ts'
import { migrate } from './migrate/run.ts'
import { migrateDown } from './migrate/down.ts'
import { migrateNew } from './migrate/new.ts'
import { migrateStatus } from './migrate/status.ts'
import { sql } from './sql/sql.ts'
import { tenantCreate } from './tenant/create.ts'
import { tenantList } from './tenant/list.ts'
import { tenantShow } from './tenant/show.ts'

export function buildProgram(cli: Cli): Command {
  const program = new Command('partywall')
    .description('Schema-per-tenant multi-tenancy for PostgreSQL.')
    .version(version)
    .exitOverride()
    // Errors are told once, at the end; what is left for stderr is the help of a group that was called without a command.
    .configureOutput({ writeOut: (text) => cli.out.help(text), outputError: () => {} })
    .hook('preAction', (_, command) => {
      cli.flags = commonFlags(command)
    })

  init(program, cli)

  const tenant = group(program, 'tenant', 'make and look at tenants')
  tenantCreate(tenant, cli)
  tenantList(tenant, cli)
  tenantShow(tenant, cli)

  const domain = group(program, 'domain', 'the host names that lead to tenants')
  domainAdd(domain, cli)
  domainList(domain, cli)

  const migrations = migrate(program, cli)
  migrateStatus(migrations, cli)
  migrateDown(migrations, cli)
  migrateNew(migrations, cli)

  sql(program, cli)
  dev(program, cli)

  return withCommonOptions(program)
}

function group(program: Command, name: string, description: string): Command {
  return program.command(name).description(description)
}

/**
 * Every command takes them, and so does every word before it: `partywall --json tenant list` is `partywall tenant list --json`.
 * The other options belong to the one command that they stand behind: `migrate` and `migrate status` both have a --tenant.
 */
function withCommonOptions(command: Command): Command {
  command.commands.forEach(withCommonOptions)
  return command
    .enablePositionalOptions()
    .optionsGroup('Options:')
    .option('--config <file>', 'the config file (default: partywall.config.ts here or in a folder above)')
    .option('--json', 'the result as one JSON document on stdout')
    .option('--no-input', 'never ask; what is missing is an error')
    .option('--verbose', 'with an error, where it came from')
}

/** What was given at any of the words; a default of one must not hide what was given at another. */
function commonFlags(command: Command): GlobalFlags {
  const flags: Record<string, unknown> = { input: true }
  for (let at: Command | null = command; at !== null; at = at.parent) {
    for (const [name, value] of Object.entries(at.opts())) if (at.getOptionValueSource(name) === 'cli') flags[name] ??= value
    if (at.opts()['input'] === false) flags['input'] = false
  }
  return flags as unknown as GlobalFlags
}
