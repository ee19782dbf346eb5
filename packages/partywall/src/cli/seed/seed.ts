/** `partywall seed`: runs seeds in tenants that exist. */
import type { Command } from 'commander'
import type { Cli } from '../context/cli.ts'
import { countFrom, examples, kindFlag, repeated, statusFlag, type NarrowingFlags } from '../context/declarations.ts'
import { assertKindsInConfig } from '../context/kinds.ts'
import { saySteps } from '../context/step-lines.ts'
import { describeFailure, UsageError } from '../terminal/failure.ts'
import { reportDocument, summary } from '../terminal/fleet-documents.ts'
import { printable } from '../terminal/printable.ts'
import { table } from '../terminal/table.ts'

interface Flags extends NarrowingFlags {
  readonly tenant?: readonly string[]
  readonly all?: boolean
  readonly again?: boolean
  readonly concurrency?: number
}

export function seed(parent: Command, cli: Cli): void {
  parent
    .command('seed')
    .description('run seeds in tenants that exist, each once in each tenant')
    .argument('[set]', 'a sub-folder of the seeds (default: the seeds that every new tenant gets)')
    .optionsGroup('Where (one is required):')
    .option('--tenant <tenant>', 'in this tenant, by schema, id or domain; may be repeated', repeated)
    .option('--all', 'in every active tenant, or in those that --kind and --status select')
    .optionsGroup('With --all:')
    .addOption(kindFlag())
    .addOption(statusFlag('active'))
    .optionsGroup('How:')
    .option('--again', 'also run the seeds that are done')
    .option('--concurrency <n>', 'how many tenants at a time (default: 4)', countFrom(1))
    .addHelpText(
      'after',
      examples(
        ['seed demo --tenant acme', 'the set demo in one tenant'],
        ['seed --all', 'seeds that were added later, in every active tenant'],
        ['seed demo --tenant acme --again', 'once more'],
      ),
    )
    .action(async (set: string | undefined, flags: Flags) => {
      assertOnePlace(flags)
      const { tenant, kind, status, again, concurrency } = flags
      const tenancy = await cli.tenancy()
      if (kind !== undefined) assertKindsInConfig(tenancy, kind)
      saySteps(cli, tenancy, true)
      const report = await tenancy.seed({ tenants: tenant ?? true, kinds: kind, status, set, again, concurrency })
      for (const { target, state, error } of report.entries) {
        if (state === 'failed') cli.out.say(`${printable(target)}: ${describeFailure(error)}`)
      }
      if (!report.ok) cli.fail()
      cli.out.result(
        reportDocument(report, ({ seeds }) => ({ seeds })),
        () =>
          table(
            ['tenant', 'state', 'seeds'],
            report.entries.map(({ target, state, seeds }) => [target, state, seeds.join(', ') || 'none']),
          ),
      )
      if (!cli.out.isJson) cli.out.say(summary(report, 'done'))
    })
}

function assertOnePlace({ tenant, all = false, kind, status }: Flags): void {
  if (tenant === undefined && !all) {
    throw new UsageError('missing --tenant <tenant> or --all: say where the seeds run', 'MISSING_ANSWER')
  }
  if (tenant !== undefined && all)
    throw new UsageError('give only one of --tenant <tenant> and --all: it says where the seeds run')
  if (!all && (kind !== undefined || status !== undefined)) throw new UsageError('--kind and --status require --all')
}
