/** The error of a step that failed: which step, which tenant, which line, and what to do. */
import { TenancyError, tenancyErrorOf } from '../../errors.ts'
import { innerError } from '../../inner-error.ts'
import { sqlStateOf } from '../../sql/sqlstate.ts'
import type { Tenant } from '../../types.ts'
import type { StepBody } from './step.ts'

/** A failure inside of a SQL file. */
export class StatementFailed extends Error {
  readonly line: number

  constructor(line: number, cause: unknown) {
    super(`line ${line}`, { cause })
    this.line = line
  }
}

export interface StepFailure {
  readonly reason: unknown
  readonly line: number | undefined
  readonly sqlState: string | undefined
  /** What failed, without the data: it is kept in the catalog and shown. */
  readonly words: string
}

export function failureOf(body: Pick<StepBody, 'kind'>, thrown: unknown): StepFailure {
  const reason = thrown instanceof StatementFailed ? thrown.cause : thrown
  const line = thrown instanceof StatementFailed ? thrown.line : undefined
  // Some libraries put an error of their own around the one of PostgreSQL.
  const ofServer = innerError(reason, (inner) => (sqlStateOf(inner) === undefined ? undefined : inner)) ?? reason
  const sqlState = sqlStateOf(ofServer)
  const place = line === undefined ? '' : `line ${line}: `
  return { reason, line, sqlState, words: place + wordsFor(body, reason, ofServer, sqlState) }
}

/** @param isNew its creation is not complete yet */
export function stepFailed(tenant: Tenant<any>, body: StepBody, failure: StepFailure, isNew: boolean): TenancyError {
  const { schema } = tenant
  const { reason, line, sqlState, words } = failure
  const what = body.kind === 'hook' ? `The hook ${body.name}` : `The seed ${body.name}`
  const kept =
    body.kind === 'hook'
      ? 'What it did outside of transactions is not undone.'
      : 'Its transaction was rolled back, so nothing of it was kept.'
  const next = isNew
    ? `The tenant is not served until the rest is done: fix what failed, then run npx partywall tenant resume ${schema}, or call ` +
      'tenancy.tenants.resume. Steps that are done do not run again.'
    : 'Fix the file or the data, and run the seeds again: those that are done do not run again.'
  return new TenancyError(
    'PROVISION_FAILED',
    `${what} failed in the tenant ${JSON.stringify(schema)}, ${words} ${kept} ${next}`,
    { details: { schema, step: body.name, line, sqlState }, cause: reason },
  )
}

export function stepsAreRunning(schema: string): TenancyError {
  return new TenancyError(
    'TENANT_LOCKED',
    `Another process is running the steps of the tenant ${JSON.stringify(schema)} at the moment, so nothing was done here. Look at the tenant again ` +
      'when that process has ended.',
    { details: { schema } },
  )
}

/** A step is recorded, and this process has nothing to run for it. */
export function withoutBody(schema: string, name: string): TenancyError {
  const advice = name.startsWith('hooks.')
    ? 'the configuration of this process has no such hook. Use the configuration that the tenant was created with.'
    : 'its file is not in the folder of seeds. Bring the file back; an empty file of this name does nothing.'
  return new TenancyError(
    'PROVISION_FAILED',
    `The step ${name} of the tenant ${JSON.stringify(schema)} has not run yet, and cannot run here: ${advice}`,
    { details: { schema, step: name } },
  )
}

/**
 * A message of PostgreSQL about names, rights and syntax repeats the file. One about data repeats the data, so it stays in the cause, as do the
 * messages of other libraries.
 */
function wordsFor({ kind }: Pick<StepBody, 'kind'>, reason: unknown, ofServer: unknown, state: string | undefined): string {
  const refusal = tenancyErrorOf(reason)
  if (refusal !== undefined) return refusal.summary
  if (state !== undefined) {
    return /^(?:42|3F|0A|2B)/.test(state)
      ? `${(ofServer as Error).message} (SQLSTATE ${state}).`
      : `SQLSTATE ${state} (see the cause).`
  }
  const name = reason instanceof Error ? reason.name : typeof reason
  return `${kind === 'hook' ? 'it threw' : 'its code threw'} ${name} (see the cause).`
}
