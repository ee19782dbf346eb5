/** `partywall tenant adopt` for many schemas: a line for each that failed, and a summary. */
import type { FleetToAdopt } from '../../lifecycle/adopt/fleet.ts'
import type { Tenancy } from '../../tenancy.ts'
import type { Cli } from '../context/cli.ts'
import { describeFailure } from '../terminal/failure.ts'
import { reportDocument, summary } from '../terminal/fleet-documents.ts'
import { printable } from '../terminal/printable.ts'

export async function adoptFleet(cli: Cli, tenancy: Tenancy, input: FleetToAdopt): Promise<void> {
  const report = await tenancy.tenants.adoptAll(input)
  const failed = report.entries.filter(({ state }) => state === 'failed')
  for (const { target, error } of failed) cli.out.say(`${printable(target)}: ${describeFailure(error)}`)
  const different = report.entries.filter(({ differences, state }) => differences.length > 0 && state !== 'failed')
  for (const { target, differences } of different)
    cli.out.say(`${printable(target)} differs: ${differences.map(printable).join(' ')}`)
  if (failed.length > 0) cli.fail()
  const old = report.entries.filter(({ isOld }) => isOld).length
  cli.out.result(
    reportDocument(report, ({ differences, isOld }) => ({ differences, isOld })),
    () =>
      input.plan === true
        ? `${report.entries.length - old - failed.length} schemas would be adopted, ${different.length} of them only with --accept; ${old} are tenants already`
        : `${summary(report, 'adopted')}${old > 0 ? `; ${old} were tenants already` : ''}`,
  )
}
