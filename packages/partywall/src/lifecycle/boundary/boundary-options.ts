/** The options of work on boundaries, checked. */
import { assertKnownKeys } from '../../known-keys.ts'
import type { TenantSelection } from '../../types.ts'
import { assertWholeNumber, mostTimeoutMs } from '../../whole-number.ts'
import { TenancyError } from '../../errors.ts'

export interface BoundaryOptions extends TenantSelection {
  /** How many tenants at a time, each on a connection of the deploy role. 1 to 64. @default 4 */
  readonly concurrency?: number | undefined
  /** How long a change of one tenant waits for a lock before it is tried again. In milliseconds, 1 or more. @default 5000 */
  readonly lockTimeoutMs?: number | undefined
  /**
   * The last step: also takes the rights that only processes with the other boundary need. Give it when the last of these has ended. @default false
   */
  readonly finish?: boolean | undefined
  /** Changes nothing; the report says what each tenant lacks. @default false */
  readonly dryRun?: boolean | undefined
}

export interface CheckedBoundaryOptions {
  readonly selection: TenantSelection
  readonly concurrency: number
  readonly lockTimeoutMs: number
  readonly finish: boolean
  readonly dryRun: boolean
}

/** @throws TenancyError INVALID_ARGUMENT */
export function checkedBoundaryOptions(what: string, options: BoundaryOptions): CheckedBoundaryOptions {
  assertKnownKeys(what, options, ['tenants', 'kinds', 'status', 'concurrency', 'lockTimeoutMs', 'finish', 'dryRun'])
  const { concurrency = 4, lockTimeoutMs = 5000, finish = false, dryRun = false, ...selection } = options
  assertWholeNumber('INVALID_ARGUMENT', `"concurrency" of ${what}`, 'concurrency', concurrency, { least: 1, most: 64 })
  const lock = { least: 1, most: mostTimeoutMs }
  assertWholeNumber('INVALID_ARGUMENT', `"lockTimeoutMs" of ${what}`, 'lockTimeoutMs', lockTimeoutMs, lock)
  for (const [option, value] of Object.entries({ finish, dryRun })) {
    if (typeof value === 'boolean') continue
    throw new TenancyError('INVALID_ARGUMENT', `"${option}" of ${what} must be true or false.`, { details: { option } })
  }
  return { selection, concurrency, lockTimeoutMs, finish, dryRun }
}
