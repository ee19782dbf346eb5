/** `partywall boundary rotate`: new passwords for tenants that log in themselves. */
import { InvalidArgumentError, type Command } from 'commander'
import type { Cli } from '../context/cli.ts'
import { countFrom, examples, repeated } from '../context/declarations.ts'
import { describeFailure, UsageError } from '../terminal/failure.ts'
import { reportDocument, summary } from '../terminal/fleet-documents.ts'
import { printable } from '../terminal/printable.ts'

interface Flags {
  readonly tenant?: readonly string[]
  readonly all?: true
  readonly notSince?: Date
  readonly endConnections?: true
  readonly concurrency?: number
}

export function boundaryRotate(parent: Command, cli: Cli): void {
  parent
    .command('rotate')
    .allowExcessArguments(false)
    .description('give tenants with the boundary login a new password; one that has none yet gets its first')
    .optionsGroup('Whose (one is required):')
    .option('--tenant <tenant>', 'of this tenant, by schema, id or domain; may be repeated', repeated)
    .option('--all', 'of every tenant with the boundary login that is not archived')
    .optionsGroup('How:')
    .option(
      '--not-since <time>',
      'leave out passwords that are not older than this; resumes an earlier call (default: none)',
      timeIn,
    )
    .option('--end-connections', 'also end the connections that are logged in with the old password, in every process')
    .option('--concurrency <n>', 'how many tenants at a time (default: 4)', countFrom(1))
    .addHelpText(
      'after',
      examples(
        ['boundary rotate --tenant acme', 'its open connections live on'],
        ['boundary rotate --all', 'after a new key was put first in database.loginKey'],
        ['boundary rotate --all --not-since 2026-01-31T12:00:00Z', 'resumes a call that was begun then'],
      ),
    )
    .action(async ({ tenant, all, notSince, endConnections, concurrency }: Flags) => {
      if (tenant === undefined && all === undefined)
        throw new UsageError('missing --tenant <tenant> or --all: say whose password changes', 'MISSING_ANSWER')
      if (tenant !== undefined && all !== undefined) throw new UsageError('give only one of --tenant <tenant> and --all')
      const { boundary } = await cli.tenancy()
      const began = new Date().toISOString()
      const report = await boundary.rotate({ tenants: tenant ?? true, notSince, endConnections, concurrency })
      if (!report.ok) {
        cli.fail()
        for (const { target, error } of report.entries)
          if (error !== undefined) cli.out.say(`${printable(target)}: ${describeFailure(error)}`)
        cli.out.say(`Do the rest with: partywall boundary rotate … --not-since ${notSince?.toISOString() ?? began}`)
      }
      const document = reportDocument(report, ({ value }) => ({ generation: value?.generation ?? null }))
      const what = notSince === undefined ? 'passwords are new' : 'passwords are new, or not older than --not-since'
      cli.out.result(document, () => summary(report, what))
    })
}

function timeIn(text: string): Date {
  const time = new Date(text)
  if (/^\d{4}-\d{2}-\d{2}/.test(text) && !Number.isNaN(time.getTime())) return time
  throw new InvalidArgumentError('It must be a time such as 2026-01-31T12:00:00Z.')
}
