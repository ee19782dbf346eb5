/** `partywall tenant delete`: deletes a tenant for good. */
import { Option, type Command } from 'commander'
import type { DeletePlan } from '../../lifecycle/states/delete-plan.ts'
import type { Cli } from '../context/cli.ts'
import { examples, tenantArgument, tenantQuestion } from '../context/declarations.ts'
import { pairs } from '../terminal/table.ts'

interface Flags {
  readonly confirm?: string
  readonly sharedRows?: 'delete' | 'keep'
  readonly dryRun?: boolean
}

export function tenantDelete(parent: Command, cli: Cli): void {
  parent
    .command('delete')
    .description('delete a tenant for good: its tables, its roles, its domains')
    .argument(...tenantArgument)
    .option(
      '--confirm <schema>',
      'the schema of the tenant, once more; required where there is no terminal (default: prompts for it)',
    )
    .addOption(sharedRowsFlag())
    .option('--dry-run', 'change nothing, and show what would be deleted and what stands in the way')
    .addHelpText(
      'after',
      examples(
        ['tenant delete acme', 'shows what will be deleted, and asks for the name'],
        ['tenant delete acme --confirm acme', 'for a script; the same call continues a deletion that was interrupted'],
      ),
    )
    .action(async (given: string | undefined, { confirm, sharedRows, dryRun }: Flags) => {
      const { tenants } = await cli.tenancy()
      const ref = given ?? (await cli.ask.required(tenantQuestion))
      if (dryRun === true) {
        const plan = await tenants.deletePlan(ref)
        return cli.out.result(plan, () => renderPlan(plan))
      }
      const deleted = await tenants.delete(ref, { confirm: confirm ?? (await askForName(cli, ref)), sharedRows })
      cli.out.result(deleted, () => pairs([['deleted', deleted.tenant.archivedSchema ?? deleted.tenant.schema]]))
      for (const role of deleted.keptRoles) cli.out.say(`The role ${role} stays: another database of the server uses it.`)
    })
}

/** What `tenant delete` and `tenant purge` do with the rows of a tenant in shared tables. */
export function sharedRowsFlag(): Option {
  const text = 'what becomes of its rows in shared tables (default: refuse while there are some)'
  return new Option('--shared-rows <what>', text).choices(['delete', 'keep'])
}

/** The plan is shown before the question. */
async function askForName(cli: Cli, ref: string): Promise<string> {
  const missing = '--confirm <schema>'
  if (cli.ask.canAsk) {
    const { tenants } = await cli.tenancy()
    const plan = await tenants.deletePlan(ref)
    cli.out.say(renderPlan(plan))
    const problem = (answer: string): string | undefined => (answer === plan.schema ? undefined : 'This is not its schema.')
    return cli.ask.required({ missing, question: `Type the schema ${plan.schema} to delete the tenant for good`, problem })
  }
  return cli.ask.required({ missing, question: 'Schema' })
}

function renderPlan({ schema, tables, sharedRows, references, roles }: DeletePlan): string {
  return pairs([
    ['schema', schema],
    ['tables', String(tables)],
    ['shared rows', sharedRows.map(({ table, rows }) => `${table}: ${rows}`).join(', ') || 'none'],
    ['roles', roles.join(', ') || 'none'],
    ['used by', references.join('; ') || 'nothing outside'],
  ])
}
