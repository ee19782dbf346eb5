/** Errors as findings of a trial: where, why, and which option helps, without the names of the trial's own tenants. */
import { isTenancyError, tenancyErrorOf } from '../../errors.ts'
import { sqlStateOf } from '../../sql/sqlstate.ts'
import type { Migration, SourceReview } from '../../ports/migration-source.ts'
import type { TrialFinding } from './trial-report.ts'

/** What stopped a tenant of the trial. */
export function findingOf(error: unknown): TrialFinding {
  const known = tenancyErrorOf(error)
  if (known === undefined) {
    return { cause: 'failed', message: error instanceof Error ? `${error.name}: ${error.message}` : 'an error' }
  }
  const { file, line } = known.details as { readonly file?: string; readonly line?: number }
  const option = optionIn(known.summary)
  const isRefused = isTenancyError(error, 'INVALID_MIGRATION') || tenancyErrorOf(known.cause) !== undefined
  return {
    cause: isRefused ? 'refused' : 'failed',
    ...(file !== undefined && { file }),
    ...(line !== undefined && { line }),
    message: thrownByCode(known.cause) ?? withoutFile(withoutFrame(known.summary), file),
    ...(option && { option }),
  }
}

/** What a migration in code has thrown itself. An error of PostgreSQL may repeat data, and one of partywall is in the summary. */
function thrownByCode(cause: unknown): string | undefined {
  const isOther = !(cause instanceof Error) || tenancyErrorOf(cause) !== undefined || sqlStateOf(cause) !== undefined
  return isOther ? undefined : `${cause.name}: ${cause.message.split('\n', 1)[0]!}`
}

/** The source itself cannot be read. */
export function sourceFinding(error: unknown): TrialFinding {
  const { message, file, line } = findingOf(error)
  return { cause: 'source', ...(file !== undefined && { file }), ...(line !== undefined && { line }), message }
}

/** In the order of the migrations and their lines. What fails on a plain database fails in tenants, too, and is told once. */
export function inOrder(findings: readonly TrialFinding[], migrations: readonly Migration[]): TrialFinding[] {
  const places = new Map(migrations.map(({ file }, index) => [file, index]))
  const plain = new Set(findings.filter(({ cause }) => cause === 'reference').map(({ file }) => file))
  const placeOf = ({ file }: TrialFinding): number => places.get(file ?? '') ?? -1
  return findings
    .filter(({ cause, file }) => cause !== 'failed' || file === undefined || !plain.has(file))
    .toSorted((a, b) => placeOf(a) - placeOf(b) || (a.line ?? 0) - (b.line ?? 0))
}

/** Each place once, with the first message. */
export function distinct(findings: readonly TrialFinding[]): TrialFinding[] {
  return [...new Map(findings.toReversed().map((finding) => [keyOf(finding), finding])).values()].toReversed()
}

function keyOf({ file, line, message }: TrialFinding): string {
  return JSON.stringify(file === undefined ? [message] : [file, line])
}

/** A refusal names the option of the source that helps. */
function optionIn(summary: string): keyof SourceReview | undefined {
  if (summary.includes("give the source { extensions: 'shared' }")) return 'extensions'
  return summary.includes("give the source { public: 'rewrite' }") ? 'public' : undefined
}

/** The report names the file in front of the message. */
function withoutFile(message: string, file: string | undefined): string {
  return file !== undefined && message.startsWith(`${file} `) ? message.slice(file.length + 1).replace(/^sends /, '') : message
}

function withoutFrame(summary: string): string {
  return summary
    .replace(/^The migration .*? failed in the schema "[^"]*"(?:, line \d+)?: /s, '')
    .replace(/^The migration .*?(?:, line \d+,)? (?=creates the extension )/s, '')
    .replace(/ (?:Its transaction was rolled back|The statements that are done are recorded).*$/s, '')
    .replaceAll(/ ?(?:in|which) the schema "try_\w+"/g, '')
}
