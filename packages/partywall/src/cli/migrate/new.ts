/** `partywall migrate new`: creates a migration file with the next number of its folder. */
import type { Command } from 'commander'
import { TenancyError } from '../../errors.ts'
import { newMigration } from '../../migrations/sources/folder/new.ts'
import type { MigrationSource } from '../../ports/migration-source.ts'
import type { Cli } from '../context/cli.ts'
import { examples } from '../context/declarations.ts'
import { shortPath } from '../terminal/printable.ts'
import { refuseFlagsBefore } from './flags.ts'

export function migrateNew(parent: Command, cli: Cli): void {
  parent
    .command('new')
    .allowExcessArguments(false)
    .description('create a migration file')
    .argument('[name]', 'what it does, in a few words')
    .option('--shared', 'for the shared schema, instead of the tenants')
    .option('--ts', 'in TypeScript, instead of SQL')
    .addHelpText(
      'after',
      examples(
        ['migrate new "add titles"', 'migrations/tenant/0002_add_titles.sql'],
        ['migrate new plans --shared --ts', 'for the shared schema, in TypeScript'],
      ),
    )
    .action(async (given: string | undefined, flags: { readonly shared?: boolean; readonly ts?: boolean }, command: Command) => {
      refuseFlagsBefore(command)
      const { options } = await cli.tenancy()
      const name = given ?? (await cli.ask.required({ missing: 'the argument <name>', question: 'What does the migration do?' }))
      const { shared, tenant } = options.migrations
      const folder = folderOf(flags.shared === true ? shared : tenant['default']!)
      const file = await newMigration({ folder, name, language: flags.ts === true ? 'ts' : 'sql', shared: flags.shared })
      cli.out.result({ file }, () => shortPath(file))
    })
}

/** Another tool keeps a journal or a snapshot beside its files, so it must create them itself. */
function folderOf(source: string | MigrationSource | false): string {
  if (typeof source === 'string') return source
  if (source === false) {
    throw new TenancyError(
      'INVALID_ARGUMENT',
      'The config says `false` for these migrations: there are none. Give a folder there first.',
      {
        details: { option: 'migrations' },
      },
    )
  }
  throw new TenancyError(
    'INVALID_ARGUMENT',
    `The migrations in ${source.name} belong to another tool, which creates their files: ${source.makeNew ?? 'see its manual'}.`,
    { details: { option: 'migrations' } },
  )
}
