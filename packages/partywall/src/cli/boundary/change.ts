/** `partywall boundary upgrade` and `downgrade`: from the boundary path to role and back, while applications run. */
import type { Command } from 'commander'
import type { BoundaryReport } from '../../lifecycle/boundary/boundary-report.ts'
import type { Cli } from '../context/cli.ts'
import { countFrom, examples, repeated } from '../context/declarations.ts'
import { describeFailure } from '../terminal/failure.ts'
import { reportDocument, summary } from '../terminal/fleet-documents.ts'
import { printable } from '../terminal/printable.ts'
import { renderGuards } from './guards.ts'

interface Flags {
  readonly tenant?: readonly string[]
  readonly concurrency?: number
  readonly finish?: boolean
  readonly dryRun?: boolean
}

export function boundaryUpgrade(parent: Command, cli: Cli): void {
  change(parent.command('upgrade'), cli, 'upgrade')
    .description('give the tenants under "role" or "login" their roles, and repair rights that are wrong')
    .addHelpText(
      'after',
      examples(
        ['boundary upgrade --dry-run', 'what the tenants lack'],
        ['boundary upgrade', 'while processes with the boundary path still run'],
        ['boundary upgrade --finish', 'when the last of these has ended'],
      ),
    )
}

export function boundaryDowngrade(parent: Command, cli: Cli): void {
  change(parent.command('downgrade'), cli, 'downgrade')
    .description('give the login of the application its rights on the tenants under "path"; with --finish, drop their roles')
    .addHelpText(
      'after',
      examples(
        ['boundary downgrade', 'while processes with the boundary role still run'],
        ['boundary downgrade --finish', 'when the last of these has ended'],
      ),
    )
}

function change(command: Command, cli: Cli, verb: 'upgrade' | 'downgrade'): Command {
  const meant = verb === 'upgrade' ? '"role" or "login"' : '"path"'
  return command
    .option(
      '--tenant <tenant>',
      `only this tenant, by schema, id or domain; may be repeated (default: all that are to have the boundary ${meant})`,
      repeated,
    )
    .option('--concurrency <n>', 'how many tenants at a time, at most 64 (default: 4)', countFrom(1))
    .option('--finish', 'also take the rights that only processes with the other boundary need')
    .option('--dry-run', 'change nothing, and show what the tenants lack')
    .action(async ({ tenant, concurrency, finish, dryRun }: Flags) => {
      const { boundary } = await cli.tenancy()
      const report = await boundary[verb]({ tenants: tenant, concurrency, finish, dryRun })
      for (const { target, state, error } of report.entries)
        if (state === 'failed') cli.out.say(`${printable(target)}: ${describeFailure(error)}`)
      for (const { target, usedBy } of report.entries)
        if (usedBy !== undefined)
          cli.out.say(`${printable(target)}: its role stays, the database ${usedBy.map(printable).join(', ')} uses it`)
      if (dryRun !== true && !report.ok) cli.fail()
      cli.out.result(documentOf(report), () => render(report, dryRun === true))
    })
}

function documentOf(report: BoundaryReport): object {
  const document = reportDocument(report, ({ boundary, lacked, notOwned, usedBy }) => ({
    boundary,
    lacked,
    ...(notOwned && { notOwned }),
    ...(usedBy && { usedBy }),
  }))
  return { ...document, unchanged: report.unchanged, missingGuards: report.missingGuards }
}

function render(report: BoundaryReport, isDryRun: boolean): string {
  const { entries, unchanged, missingGuards } = report
  const lacking = entries.map(
    ({ target, lacked }) => `${printable(target)}: ${lacked.join(', ') || 'rights that are not needed any more'}`,
  )
  const most = 20
  const shown = isDryRun ? lacking.slice(0, most) : []
  return [
    ...shown,
    ...(shown.length < lacking.length && isDryRun ? [`… and ${lacking.length - shown.length} more`] : []),
    isDryRun ? `${entries.length} ${entries.length === 1 ? 'tenant' : 'tenants'} would be changed` : summary(report, 'changed'),
    `${unchanged} ${unchanged === 1 ? 'was' : 'were'} in order`,
    ...renderGuards(missingGuards),
  ].join('\n')
}
