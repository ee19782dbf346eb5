/** `partywall view create`: a view of the rows of all tenants. */
import type { Command } from 'commander'
import type { Cli } from '../context/cli.ts'
import { examples, repeated } from '../context/declarations.ts'
import { viewQuestion } from './name.ts'

interface Flags {
  readonly table: string
  readonly schema?: string
  readonly column?: readonly string[]
  readonly kind?: readonly string[]
  readonly grant?: readonly string[]
}

export function viewCreate(parent: Command, cli: Cli): void {
  parent
    .command('create')
    .description('make a view of the rows of all tenants, with their id and schema')
    .argument('[name]', 'the name of the view')
    .requiredOption('--table <table>', 'the table of the tenants, without a schema (required)')
    .option('--schema <schema>', 'the schema of the view (default: fleet_views)')
    .option('--column <column>', 'only this column; may be repeated (default: all)', repeated)
    .option('--kind <kind>', 'only tenants of this kind; may be repeated (default: every kind)', repeated)
    .option('--grant <role>', 'lets a role read the rows of all tenants through it; may be repeated (default: none)', repeated)
    .addHelpText(
      'after',
      examples(['view create all_projects --table projects --grant reporting', 'select * from fleet_views.all_projects']),
    )
    .action(async (name: string | undefined, { table, schema, column, kind, grant }: Flags) => {
      const tenancy = await cli.tenancy()
      const given = { table, schema, columns: column, kinds: kind, grant }
      const made = await tenancy.views.create(name ?? (await cli.ask.required(viewQuestion)), given)
      cli.out.result(made, () => `made the view ${made.schema}.${made.name} of ${table} with ${made.columns.length + 2} columns`)
    })
}
