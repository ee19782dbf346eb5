/** The options of a run, each with its unit, range and default, and the check that they go together. */
import { TenancyError } from '../../errors.ts'
import { assertOnFailure } from '../../fleet/on-failure.ts'
import { assertWholeNumber, type NumberRange } from '../../whole-number.ts'
import type { Goal } from '../plan/planned.ts'
import type { MigrationEntry } from './report.ts'
import type { MigrationSelection } from '../plan/targets.ts'

export interface RunOptions extends MigrationSelection {
  /**
   * The last migration to apply, or with `down` the last one to keep ('0' keeps none): its name, its file, or its number,
   * with or without zeros in front. Only for the shared schema alone, or for tenants of one kind. @default all
   */
  readonly to?: string | undefined
  /** Go back to `to` instead of forwards. Every migration on the way must have a way back. @default false */
  readonly down?: boolean | undefined
  /** Write down as applied what is pending, without running it. @default false */
  readonly fake?: boolean | undefined
  /** Read the histories themselves, and refuse a schema whose digest says something else. @default false */
  readonly verify?: boolean | undefined
  /**
   * How many schemas at a time; each takes a connection. 1 or more.
   * @default twice the cores and half as many again for each millisecond to the server and back; at most 16, and half of the free connections
   */
  readonly concurrency?: number | undefined
  /** How many tenants go first; if one of them fails, nobody follows. 0 or more. @default 0 */
  readonly canary?: number | undefined
  /** Whether a failure keeps the tenants that were not begun from being begun. @default 'continue' */
  readonly onFailure?: 'continue' | 'stop' | undefined
  /** After how many failures nothing new is begun. 1 or more. @default no limit */
  readonly maxFailures?: number | undefined
  /** Milliseconds that a statement waits for a lock on a table before the tenant is put back and tried again. 0 waits for ever. @default 2000 */
  readonly lockTimeoutMs?: number | undefined
  /** How often a tenant is tried again because of locks, with growing pauses of up to 5 s. 0 or more. @default 10 */
  readonly retries?: number | undefined
  /** Most milliseconds of one statement; in a text of several, of all together. @default what the server has */
  readonly statementTimeoutMs?: number | undefined
  /** Milliseconds after which no further schema is begun. @default no limit */
  readonly deadlineMs?: number | undefined
  /**
   * When it is aborted, no further schema is begun: those that are under way end as they would, the others are reported as `skipped`, and
   * the run can be resumed. @default none
   * @example await tenancy.migrations.run({ signal: AbortSignal.any([shutdown.signal, AbortSignal.timeout(600_000)]) })
   */
  readonly signal?: AbortSignal | undefined
  /** Finish the last run that was interrupted or failed: its schemas that are not done, with its direction and `to`. @default false */
  readonly resume?: boolean | undefined
  /** Called with each schema's entry when it had its turn: for progress. Schemas with nothing to do are only in the report. */
  readonly onEntry?: ((entry: MigrationEntry) => void) | undefined
}

export const runOptionKeys = [
  'shared',
  'tenants',
  'kinds',
  'status',
  'to',
  'down',
  'fake',
  'verify',
  'concurrency',
  'canary',
  'onFailure',
  'maxFailures',
  'lockTimeoutMs',
  'retries',
  'statementTimeoutMs',
  'deadlineMs',
  'signal',
  'resume',
  'onEntry',
] as const satisfies readonly (keyof RunOptions)[]

/** What PostgreSQL takes: almost 25 days. */
const mostMs = 2_147_483_647

export const runDefaults = { lockTimeoutMs: 2000, retries: 10 }

/** @throws TenancyError INVALID_ARGUMENT */
export function assertRunOptions(options: RunOptions): void {
  wholeNumber('concurrency', options.concurrency, { least: 1 })
  wholeNumber('canary', options.canary, { least: 0 })
  wholeNumber('maxFailures', options.maxFailures, { least: 1 })
  wholeNumber('lockTimeoutMs', options.lockTimeoutMs, { least: 0, most: mostMs })
  wholeNumber('retries', options.retries, { least: 0 })
  wholeNumber('statementTimeoutMs', options.statementTimeoutMs, { least: 0, most: mostMs })
  wholeNumber('deadlineMs', options.deadlineMs, { least: 1 })
  if (options.onFailure !== undefined) assertOnFailure('migrations.run', options.onFailure)
  if (options.signal !== undefined && !(options.signal instanceof AbortSignal)) {
    throw invalid('signal', 'must be an AbortSignal, the `signal` of an AbortController')
  }
  if (options.down === true && options.to === undefined) {
    throw invalid('down', 'needs "to", the last migration to keep; "0" keeps none')
  }
  if (options.down === true && options.fake === true) throw invalid('fake', 'does not go with "down"')
  const picks = ['shared', 'tenants', 'kinds', 'status', 'to', 'down', 'fake'] as const
  const given = options.resume === true ? picks.find((name) => options[name] !== undefined && options[name] !== false) : undefined
  if (given !== undefined) {
    throw invalid('resume', `finishes what a run began, so it does not go with ${JSON.stringify(given)}`)
  }
}

export function goalOf({ to, down = false, fake, verify }: RunOptions): Goal {
  return { direction: down ? 'down' : 'up', to: down && to === '0' ? undefined : to, fake, verify }
}

function wholeNumber(name: keyof RunOptions, value: number | undefined, range: NumberRange): void {
  if (value !== undefined) assertWholeNumber('INVALID_ARGUMENT', `"${name}" of migrations.run`, name, value, range)
}

function invalid(option: string, what: string): TenancyError {
  return new TenancyError('INVALID_ARGUMENT', `"${option}" of migrations.run ${what}.`, { details: { option } })
}
