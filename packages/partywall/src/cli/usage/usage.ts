/** `partywall usage`: which tenants use the most. */
import { Option, type Command } from 'commander'
import { counterNames } from '../../observe/meter/sheet.ts'
import type { TenantCounters, UsageReport } from '../../tenancy-usage.ts'
import type { Cli } from '../context/cli.ts'
import { countFrom, examples } from '../context/declarations.ts'
import { past } from '../terminal/times.ts'
import { table } from '../terminal/table.ts'

interface Flags {
  readonly by?: keyof TenantCounters
  readonly since?: Date
  readonly limit?: number
}

export function usage(parent: Command, cli: Cli): void {
  parent
    .command('usage')
    .description('which tenants use the most, as the option "usage" counts it')
    .addOption(new Option('--by <counter>', 'what they are sorted by (default: busyMs)').choices([...counterNames]))
    .option('--since <when>', 'from then on: 7d or 12h ago, or a date (default: 24h)', past)
    .option('--limit <n>', 'only the first n, at most 1000 (default: 10)', countFrom(1))
    .addHelpText(
      'after',
      examples(
        ['usage', 'who kept the database busy for the last day'],
        ['usage --by rows --since 7d --limit 50 --json', 'for a program'],
      ),
    )
    .action(async ({ by, since, limit }: Flags) => {
      const report = await (await cli.tenancy()).usage.top({ by, since, limit })
      if (report.tenants.length === 0)
        cli.out.say('Nothing was counted in this time. An application counts with the option "usage".')
      for (const { process, lastStoredAt } of report.interrupted)
        cli.out.say(`${process} ended without its last counts; it stored something last at ${lastStoredAt.toISOString()}.`)
      cli.out.result(report, () => (report.tenants.length === 0 ? '' : render(report)))
    })
}

function render({ tenants }: UsageReport): string {
  return table(
    ['tenant', 'busy s', 'statements', 'failed', 'refused', 'rows', 'calls', 'MB sent', 'MB received'],
    tenants.map(({ schema, tenantId, busyMs, statements, failed, refused, rows, calls, bytesSent, bytesReceived }) => [
      schema ?? `${tenantId} (deleted)`,
      rounded(busyMs / 1000),
      statements,
      failed,
      refused,
      rows,
      calls,
      rounded(bytesSent / 1_000_000),
      rounded(bytesReceived / 1_000_000),
    ]),
  )
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10
}
