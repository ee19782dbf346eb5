import { assertKnownKeys } from '../../known-keys.ts'
import { textList } from '../../catalog/tenants/selection.ts'
import { TenancyError } from '../../errors.ts'
import type { TenantSelection } from '../../types.ts'
import { assertWholeNumber, mostTimeoutMs } from '../../whole-number.ts'

/**
 * Options of `tenancy.drift`.
 * @example await tenancy.drift({ kinds: 'enterprise', exclude: ['audit_*'] })
 */
export interface DriftOptions extends Omit<TenantSelection, 'status'> {
  /** Only tenants of this status, or of one of these. @default every status but 'archived' */
  readonly status?: TenantSelection['status']
  /**
   * Names of objects that may differ. `*` stands for any characters, `?` for one. The name of a table also means what belongs to it; the name of a
   * function stands without its arguments. @default none
   */
  readonly exclude?: string | readonly string[] | undefined
  /** Adds what is missing and can be added without a loss, and says what is left. @default false */
  readonly fix?: boolean | undefined
  /** With `fix`: how long a statement waits for a lock on a table, in milliseconds. 0 waits without a limit; at most 2147483647. @default 2000 */
  readonly lockTimeoutMs?: number | undefined
}

export interface CheckedDriftOptions {
  readonly selection: TenantSelection
  readonly exclude: readonly string[]
  readonly fix: boolean
  readonly lockTimeoutMs: number
}

/** @throws TenancyError INVALID_ARGUMENT */
export function checkedDriftOptions(options: DriftOptions): CheckedDriftOptions {
  assertKnownKeys('drift', options, ['tenants', 'kinds', 'status', 'exclude', 'fix', 'lockTimeoutMs'])
  const { exclude, fix = false, lockTimeoutMs = 2000, ...selection } = options
  if (typeof fix !== 'boolean') {
    throw new TenancyError('INVALID_ARGUMENT', '"fix" of drift must be true or false.', { details: { option: 'fix' } })
  }
  const range = { least: 0, most: mostTimeoutMs }
  assertWholeNumber('INVALID_ARGUMENT', '"lockTimeoutMs" of drift', 'lockTimeoutMs', lockTimeoutMs, range)
  return { selection, exclude: textList('drift', 'exclude', exclude) ?? [], fix, lockTimeoutMs }
}
