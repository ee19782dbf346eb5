/** `partywall migrate new`: a new file for a migration, with the next number of its folder. */
import { relative } from 'node:path'
import type { Command } from 'commander'
import { TenancyError } from '../../errors.ts'
import { newMigration } from '../../migrations/sources/folder/new.ts'
import type { MigrationSource } from '../../ports/migration-source.ts'
import type { Cli } from '../context/cli.ts'
import { examples } from '../terminal/examples.ts'
import { refuseFlagsBefore } from './selection.ts'

export function migrateNew(parent: Command, cli: Cli): void {
  parent
    .command('new')
    .description('make the file of a new migration')
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
      cli.out.result({ file }, () => relative(process.cwd(), file))
    })
}

/** The files of another tool are made by that tool, which keeps a journal or a snapshot beside them. */
function folderOf(source: string | MigrationSource): string {
  if (typeof source === 'string') return source
  throw new TenancyError(
    'INVALID_ARGUMENT',
    `The migrations in ${source.name} are those of another tool, which makes their files: ${source.makeNew ?? 'see its manual'}.`,
    { details: { option: 'migrations' } },
  )
}
