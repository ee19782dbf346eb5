/** `partywall domain recheck`: looks again for the record of each proven domain. */
import type { Command } from 'commander'
import type { Cli } from '../context/cli.ts'
import { countFrom, examples } from '../context/declarations.ts'
import { table } from '../terminal/table.ts'

export function domainRecheck(parent: Command, cli: Cli): void {
  parent
    .command('recheck')
    .description('look again for the record of each proven domain, and revoke those whose record is missing too long')
    .option('--grace-hours <n>', 'how long a record may be missing (default: 72)', countFrom(0))
    .option('--concurrency <n>', 'how many questions to DNS at a time (default: 8)', countFrom(1))
    .addHelpText('after', examples(['domain recheck', 'every few hours, by a timer']))
    .action(async ({ graceHours, concurrency }: { readonly graceHours?: number; readonly concurrency?: number }) => {
      const tenancy = await cli.tenancy()
      const graceMs = graceHours === undefined ? undefined : graceHours * 3_600_000
      const report = await tenancy.domains.recheck({ graceMs, concurrency })
      if (!report.ok) cli.fail()
      cli.out.result(report, () =>
        table(
          ['domain', 'state'],
          report.domains.map(({ domain, state }) => [domain, state]),
        ),
      )
    })
}
