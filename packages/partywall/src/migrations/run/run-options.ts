/** The options of a run, each with its unit, range and default, and the check that they can be combined. */
import { TenancyError } from '../../errors.ts'
import { assertOnFailure } from '../../fleet/on-failure.ts'
import { assertWholeNumber, mostTimeoutMs, type NumberRange } from '../../whole-number.ts'
import type { Again, Goal } from '../plan/planned.ts'
import type { MigrationEntry, TenantRef } from '../../types.ts'
import type { MigrationSelection } from '../plan/targets.ts'

/**
 * Options of `tenancy.migrations.run`. Times are in milliseconds.
 * @example await tenancy.migrations.run({ canary: 5, maxFailures: 10, statementTimeoutMs: 60_000 })
 */
export interface RunOptions extends MigrationSelection {
  /**
   * The last migration to apply, or with `down` the last one to keep ('0' keeps none): its name, its file, or its number, with or without
   * leading zeros. Only for the shared schema alone, or for tenants of one kind. @default the last one
   */
  readonly to?: string | undefined
  /** Roll back to `to`. Every migration that is rolled back must have a down migration. @default false */
  readonly down?: boolean | undefined
  /**
   * Roll back also files that have changed since they were applied, with the down migration that they have now. Only with `down`.
   * @default false
   */
  readonly edited?: boolean | undefined
  /** Record what is pending as applied, and run nothing. @default false */
  readonly fake?: boolean | undefined
  /** Read the histories themselves, and refuse a schema whose digest does not match its history. Costs two queries per schema. @default false */
  readonly verify?: boolean | undefined
  /**
   * How many schemas are migrated at the same time; each takes a connection. 1 or more.
   * @default twice the cores, and half as many again for each millisecond of a round trip to the server; at most 16, and at most half of the
   * connections that the server has left
   */
  readonly concurrency?: number | undefined
  /** So many tenants go first. If one of them fails, no other tenant starts. 0 or more. @default 0 */
  readonly canary?: number | undefined
  /** Whether further tenants start after a failure. @default 'continue' */
  readonly onFailure?: 'continue' | 'stop' | undefined
  /** After so many failures no further schema starts. 1 or more. @default no limit */
  readonly maxFailures?: number | undefined
  /**
   * How long a statement waits for a lock on a table, in milliseconds. After that the tenant is rolled back, and tried again later. 0 waits
   * without a limit; at most 2147483647. @default 2000
   */
  readonly lockTimeoutMs?: number | undefined
  /** How often a tenant is tried again because of a lock, after growing pauses of up to 5 seconds. 0 or more. @default 10 */
  readonly retries?: number | undefined
  /**
   * The longest time of one statement, in milliseconds; all SQL that one schema gets in one text counts as one statement. 0 is no limit; at
   * most 2147483647. @default the setting of the server
   */
  readonly statementTimeoutMs?: number | undefined
  /** After this time, in milliseconds, no further schema starts. 1 or more. @default no limit */
  readonly deadlineMs?: number | undefined
  /**
   * After it is aborted, no further schema starts. Work that has started in a schema goes on to its end; the other schemas are reported as
   * `skipped`, and the run can be resumed. @default none
   * @example await tenancy.migrations.run({ signal: AbortSignal.any([shutdown.signal, AbortSignal.timeout(600_000)]) })
   */
  readonly signal?: AbortSignal | undefined
  /**
   * Finish the last run that failed or was interrupted: its schemas that are not done, with its direction and its `to`. Cannot be combined
   * with a selection, `to`, `down` or `fake`. @default false
   */
  readonly resume?: boolean | undefined
  /** Called with the entry of each schema when its work is over, to show progress. Schemas with nothing to do are only in the report. */
  readonly onEntry?: ((entry: MigrationEntry) => void) | undefined
}

/** The options of a run, and what its callers do by calls of their own. */
export interface FleetOptions extends RunOptions {
  readonly again?: Again | undefined
}

/**
 * Options of `tenancy.migrations.redo`: the schemas, and how the run goes.
 * @example await tenancy.migrations.redo({ tenants: 'acme' })
 */
export type RedoOptions = Omit<RunOptions, 'to' | 'down' | 'fake' | 'resume' | 'edited'>

/**
 * Options of `tenancy.migrations.reset`. The tenants must be named one by one, because they lose their data.
 * @example await tenancy.migrations.reset({ tenants: ['acme', 'globex'] })
 */
export interface ResetOptions extends Omit<RedoOptions, 'shared' | 'kinds' | 'status' | 'tenants' | 'verify'> {
  readonly tenants: TenantRef | readonly TenantRef[]
}

export const runOptionKeys = [
  'shared',
  'tenants',
  'kinds',
  'status',
  'to',
  'down',
  'edited',
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

export const runDefaults = { lockTimeoutMs: 2000, retries: 10 }

/**
 * @param call the call that got the options, e.g. `migrations.run`
 * @throws TenancyError INVALID_ARGUMENT
 */
export function assertRunOptions(call: string, options: RunOptions): void {
  const assertRange = (name: keyof RunOptions, range: NumberRange): void => {
    const value = options[name]
    if (value !== undefined) assertWholeNumber('INVALID_ARGUMENT', `"${name}" of ${call}`, name, value, range)
  }
  const refuse = (option: string, what: string): never => {
    throw new TenancyError('INVALID_ARGUMENT', `"${option}" of ${call} ${what}.`, { details: { option } })
  }
  for (const name of ['shared', 'down', 'edited', 'fake', 'verify', 'resume'] as const) {
    if (options[name] !== undefined && typeof options[name] !== 'boolean') refuse(name, 'must be true or false')
  }
  if (options.to !== undefined && typeof options.to !== 'string')
    refuse('to', 'must be the name, file or number of a migration, as text')
  if (options.onEntry !== undefined && typeof options.onEntry !== 'function') refuse('onEntry', 'must be a function')
  assertRange('concurrency', { least: 1 })
  assertRange('canary', { least: 0 })
  assertRange('maxFailures', { least: 1 })
  assertRange('lockTimeoutMs', { least: 0, most: mostTimeoutMs })
  assertRange('retries', { least: 0 })
  assertRange('statementTimeoutMs', { least: 0, most: mostTimeoutMs })
  assertRange('deadlineMs', { least: 1 })
  if (options.onFailure !== undefined) assertOnFailure(call, options.onFailure)
  if (options.signal !== undefined && !(options.signal instanceof AbortSignal)) {
    refuse('signal', 'must be an AbortSignal, for example the `signal` of an AbortController')
  }
  if (options.down === true && options.to === undefined) {
    refuse('down', 'requires "to", the last migration to keep; "0" keeps none')
  }
  if (options.down === true && options.fake === true) {
    refuse('fake', 'cannot be combined with "down": it only records migrations as applied. Leave one of the two out')
  }
  if (options.edited === true && options.down !== true) {
    refuse('edited', 'is only for rolling back, so it requires "down"')
  }
  const choices = ['shared', 'tenants', 'kinds', 'status', 'to', 'down', 'edited', 'fake'] as const
  const given =
    options.resume === true ? choices.find((name) => options[name] !== undefined && options[name] !== false) : undefined
  if (given !== undefined) {
    refuse(
      'resume',
      `cannot be combined with "${given}": it finishes an earlier run with the choices of that run. Leave one of the two out`,
    )
  }
}

export const redoOptionKeys = runOptionKeys.filter((name) => !['to', 'down', 'edited', 'fake', 'resume'].includes(name))

export const resetOptionKeys = redoOptionKeys.filter((name) => !['shared', 'kinds', 'status', 'verify'].includes(name))

/**
 * What is rolled back or emptied must be named: there is no default of all.
 * @throws TenancyError INVALID_ARGUMENT
 */
export function assertNamed(call: string, { shared, tenants, kinds, status }: RunOptions, again: Again): void {
  const refuse = (what: string): never => {
    throw new TenancyError('INVALID_ARGUMENT', `"tenants" of ${call} ${what}.`, { details: { option: 'tenants' } })
  }
  const hasTenants = [tenants, kinds, status].some((option) => option !== undefined)
  if (again === 'all' && (tenants === undefined || tenants === true)) {
    refuse('must name one tenant or a list of them, because they lose their data')
  }
  if (!hasTenants && shared !== true) refuse('must name tenants, because data may be lost; true means all of them')
  if (hasTenants && shared === true) {
    refuse('cannot be combined with "shared": tenants may depend on the shared schema. Call it once for each')
  }
}

export function goalOf({ to, down = false, edited, again, fake, verify }: FleetOptions): Goal {
  return { direction: down ? 'down' : 'up', to: down && to === '0' ? undefined : to, edited, again, fake, verify }
}
