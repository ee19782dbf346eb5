/** `partywall tenant purge`: deletes, or archives, the tenants whose time is over. */
import type { Command } from 'commander'
import type { PurgeReport } from '../../lifecycle/states/purge.ts'
import type { Cli } from '../context/cli.ts'
import { examples } from '../context/declarations.ts'
import { describeFailure, toDocument, UsageError } from '../terminal/failure.ts'
import { table } from '../terminal/table.ts'
import { sharedRowsFlag } from './delete.ts'

interface Flags {
  readonly expired?: boolean
  readonly archived?: boolean
  readonly archive?: boolean
  readonly sharedRows?: 'delete' | 'keep'
  readonly dryRun?: boolean
  readonly yes?: boolean
}

export function tenantPurge(parent: Command, cli: Cli): void {
  parent
    .command('purge')
    .description('delete the tenants that have expired, and archived ones whose time is over')
    .option('--expired', 'tenants whose expiry has passed')
    .option('--archived', 'archived tenants whose purge date has passed')
    .option('--archive', 'archive the expired ones instead of deleting them')
    .addOption(sharedRowsFlag())
    .option('--dry-run', 'change nothing, and list the tenants that are meant')
    .option('--yes', 'do not ask; required where there is no terminal')
    .addHelpText(
      'after',
      examples(
        ['tenant purge --expired --dry-run', 'lists the demos that are over'],
        ['tenant purge --expired --archived --yes', 'for a job of every night'],
      ),
    )
    .action(async ({ yes, expired, archived, archive, sharedRows, dryRun }: Flags) => {
      const { tenants } = await cli.tenancy()
      if (expired !== true && archived !== true) throw new UsageError('missing --expired or --archived', 'MISSING_ANSWER')
      const wanted = { expired, archived, archive, sharedRows }
      const plan = await tenants.purge({ ...wanted, dryRun: true })
      const isDone = dryRun === true || plan.entries.length === 0
      if (!isDone && yes !== true) await confirm(cli, plan)
      const report = isDone ? plan : await tenants.purge(wanted)
      if (report.entries.length === 0) cli.out.say('No tenant is due.')
      cli.out.result(documentOf(report), () => render(report))
      for (const { schema, error } of report.entries) if (error !== undefined) cli.out.say(`${schema}: ${describeFailure(error)}`)
      if (!report.ok) cli.fail()
    })
}

/** @throws UsageError MISSING_ANSWER */
async function confirm(cli: Cli, plan: PurgeReport): Promise<void> {
  cli.out.say(render(plan))
  const question = `Do this with ${plan.entries.length === 1 ? 'this tenant' : `these ${plan.entries.length} tenants`}?`
  if ((await cli.ask.choice({ missing: '--yes', question }, ['no', 'yes'])) === 'yes') return
  throw new UsageError(cli.ask.canAsk ? 'the answer was no, so nothing was changed' : 'missing --yes', 'MISSING_ANSWER')
}

function documentOf({ ok, entries }: PurgeReport): object {
  return {
    ok,
    entries: entries.map(({ error, ...entry }) => ({ ...entry, ...(error !== undefined && { error: toDocument(error) }) })),
  }
}

function render({ entries }: PurgeReport): string {
  if (entries.length === 0) return ''
  return table(
    ['schema', 'action', 'state'],
    entries.map(({ schema, action, state }) => [schema, action, state]),
  )
}
