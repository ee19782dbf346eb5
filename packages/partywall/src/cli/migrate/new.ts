/** `partywall migrate new`: creates a migration file with the next number of its folder. */
import { Option, type Command } from 'commander'
import { TenancyError } from '../../errors.ts'
import type { PublicOptions } from '../../config/options.ts'
import type { MigrationSource } from '../../ports/migration-source.ts'
import type { Cli } from '../context/cli.ts'
import { examples } from '../context/declarations.ts'
import { shortPath } from '../terminal/printable.ts'
import { UsageError } from '../terminal/failure.ts'
import { refuseFlagsBefore } from './flags.ts'
import { newByTool, type ToolFlags } from './new-by-tool.ts'

interface Flags extends ToolFlags {
  readonly ts?: boolean
}

export function migrateNew(parent: Command, cli: Cli): void {
  parent
    .command('new')
    .allowExcessArguments(false)
    .description('create a migration file')
    .argument('[name]', 'what it does, in a few words')
    .argument('[words...]', 'after `--`: for the command of another tool')
    .option('--shared', 'for the shared schema, instead of the tenants')
    .option('--ts', 'in TypeScript, instead of SQL')
    .optionsGroup('For the migrations of another tool:')
    .option('--print', 'print its command, instead of running it')
    .option('--env <variable>', 'the variable in which the project has its connection string (default: DATABASE_URL)')
    .addOption(
      new Option(
        '--url <url>',
        'the server for the database that it compares with (default: the server of the config)',
      ).conflicts('embedded'),
    )
    .option('--embedded', 'make that database on the embedded PostgreSQL')
    .addHelpText(
      'after',
      examples(
        ['migrate new "add titles"', 'migrations/tenant/0002_add_titles.sql'],
        ['migrate new plans --shared --ts', 'for the shared schema, in TypeScript'],
        ['migrate new titles -- -d src/data-source.ts', 'the words after -- are for the other tool'],
      ),
    )
    .action(async (first: string | undefined, others: readonly string[], flags: Flags, command: Command) => {
      refuseFlagsBefore(command)
      const words = [...(first === undefined ? [] : [first]), ...others]
      const { passedOn } = cli
      const [given, tooMany] = words.slice(0, words.length - passedOn.length)
      if (tooMany !== undefined) throw new UsageError(`too many arguments: put the name in quotes, "${given} ${tooMany} …"`)
      const { options } = await cli.tenancy()
      const name = given ?? (await cli.ask.required({ missing: 'the argument <name>', question: 'What does the migration do?' }))
      const { shared, tenant } = options.migrations
      const source = flags.shared === true ? shared : tenant['default']!
      if (source === false) throw noMigrationsThere()
      const { root } = options
      const { folderSource } = await import('../../migrations/sources/folder/folder.ts')
      const placed = typeof source === 'string' ? folderSource(source) : atItsPlace(source, options, flags.shared === true)
      if (typeof source !== 'string' && placed.written?.called !== 'folderMigrations') {
        return newByTool(cli, { source: placed, name, isTypeScript: flags.ts === true, root, passedOn }, flags)
      }
      const toolFlag = (['print', 'env', 'url', 'embedded'] as const).find((flag) => flags[flag] !== undefined)
      if (toolFlag !== undefined || passedOn.length > 0) {
        throw new UsageError(
          `${toolFlag === undefined ? '`--`' : `--${toolFlag}`} is for the migrations of another tool, and partywall creates these files itself: leave it out`,
        )
      }
      const { newMigration } = await import('../../migrations/sources/folder/new.ts')
      const file = await newMigration({
        folder: placed.name,
        name,
        language: flags.ts === true ? 'ts' : 'sql',
        shared: flags.shared,
      })
      cli.out.result({ file }, () => shortPath(file))
    })
}

function atItsPlace(
  source: MigrationSource,
  { root, sharedSchema, extraSearchPath }: PublicOptions,
  isShared: boolean,
): MigrationSource {
  return source.at?.({ root, isShared, sharedSchema, extraSearchPath }) ?? source
}

function noMigrationsThere(): TenancyError {
  return new TenancyError(
    'INVALID_ARGUMENT',
    'The config says `false` for these migrations: there are none. Give a folder there first.',
    { details: { option: 'migrations' } },
  )
}
