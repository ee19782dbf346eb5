/** Work in every tenant, a few at a time. One that fails does not hide what became of the others. */
import { assertKnownKeys } from '../known-keys.ts'
import type { FleetEntry, FleetReport } from './report.ts'
import { makeReport } from './report.ts'
import { TenancyError } from '../errors.ts'
import type { TenantFilter, Tenants } from '../catalog/tenants/tenants.ts'
import type { Attributes, Tenant } from '../types.ts'

export interface ForEachOptions {
  /** How many tenants at a time. Each holds a connection while its work queries. 1 or more. @default 4 */
  readonly concurrency?: number | undefined
  /** Whether a failure keeps the tenants that were not begun from being begun. @default 'continue' */
  readonly onError?: 'continue' | 'stop' | undefined
  /** Which tenants. @default those that are active */
  readonly where?: TenantFilter | undefined
}

export interface ForEachEntry<T> extends FleetEntry {
  /** What the function gave for this tenant, when it is done. */
  readonly value?: T
}

/**
 * Runs `fn` once per tenant through `enter`. Never throws because of one of them: look at `ok` of the report.
 * @throws TenancyError INVALID_OPTION
 */
export async function forEachTenant<A extends object = Attributes, T = unknown>(
  tenants: Tenants<A>,
  enter: (tenant: Tenant<A>) => Promise<T>,
  options: ForEachOptions = {},
): Promise<FleetReport<ForEachEntry<T>>> {
  assertKnownKeys('forEach', options, ['concurrency', 'onError', 'where'])
  const { concurrency = 4, onError = 'continue', where = { status: 'active' } } = options
  if (!Number.isSafeInteger(concurrency) || concurrency < 1) {
    throw new TenancyError(
      'INVALID_OPTION',
      `"concurrency" of forEach must be a whole number of at least 1; it is ${String(concurrency)}.`,
      {
        details: { option: 'concurrency' },
      },
    )
  }
  const started = performance.now()
  const fleet = await tenants.list(where)
  const entries: ForEachEntry<T>[] = []
  let next = 0
  let hasFailed = false

  const worker = async (): Promise<void> => {
    while (next < fleet.length) {
      const index = next++
      const tenant = fleet[index]!
      const isSkipped = hasFailed && onError === 'stop'
      const entry = isSkipped ? skipped<T>(tenant) : await attempt(tenant, enter)
      if (entry.state === 'failed') hasFailed = true
      entries[index] = entry
    }
  }
  await Promise.all(Array.from({ length: Math.min(concurrency, fleet.length) }, worker))
  return makeReport(entries, performance.now() - started)
}

async function attempt<A extends object, T>(
  tenant: Tenant<A>,
  enter: (tenant: Tenant<A>) => Promise<T>,
): Promise<ForEachEntry<T>> {
  const started = performance.now()
  const base = { target: tenant.schema, tenantId: tenant.id }
  try {
    const value = await enter(tenant)
    return { ...base, state: 'done', value, durationMs: performance.now() - started }
  } catch (error) {
    return { ...base, state: 'failed', error, durationMs: performance.now() - started }
  }
}

function skipped<T>(tenant: Tenant<any>): ForEachEntry<T> {
  return { target: tenant.schema, tenantId: tenant.id, state: 'skipped', durationMs: 0 }
}
