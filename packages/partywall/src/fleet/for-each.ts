/** Work in every selected tenant, a few at a time. A failure in one tenant is an entry of the report, like every other outcome. */
import { assertKnownKeys } from '../known-keys.ts'
import type { Attributes, FleetEntry, FleetReport, Tenant, TenantSelection } from '../types.ts'
import { assertWholeNumber } from '../whole-number.ts'
import { assertOnFailure } from './on-failure.ts'
import { makeReport } from './report.ts'
import { work } from './schedule.ts'

export interface ForEachOptions extends TenantSelection {
  /** How many tenants at a time. Each holds a connection while its work queries. 1 or more. @default 4 */
  readonly concurrency?: number | undefined
  /** Whether work starts in further tenants after a failure. @default 'continue' */
  readonly onFailure?: 'continue' | 'stop' | undefined
  /** Also enters tenants that are refused with NAME_IN_BOTH_SCOPES or TENANT_BEHIND, as in `tenancy.run`. @default false */
  readonly repair?: boolean | undefined
}

export interface ForEachEntry<T> extends FleetEntry {
  /** What the function returned for this tenant, when it is done. */
  readonly value?: T
}

/**
 * Runs `fn` once per tenant through `enter`. A failure in a tenant does not reject the promise: look at `ok` of the report.
 * @param select the tenants of a selection, in the order in which they get their turn
 * @throws TenancyError INVALID_ARGUMENT, UNKNOWN_TENANT, UNKNOWN_KIND before any tenant is entered
 */
export async function forEachTenant<A extends object = Attributes, T = unknown>(
  select: (selection: TenantSelection) => Promise<Tenant<A>[]>,
  enter: (tenant: Tenant<A>) => Promise<T>,
  options: ForEachOptions = {},
): Promise<FleetReport<ForEachEntry<T>>> {
  assertKnownKeys('forEach', options, ['tenants', 'kinds', 'status', 'concurrency', 'onFailure', 'repair'])
  const { concurrency = 4, onFailure = 'continue', repair: _, ...selection } = options
  assertWholeNumber('INVALID_ARGUMENT', '"concurrency" of forEach', 'concurrency', concurrency, { least: 1 })
  assertOnFailure('forEach', onFailure)
  const started = performance.now()
  const fleet = await select(selection)
  const entries = new Map<Tenant<A>, ForEachEntry<T>>()
  await work(fleet, {
    size: concurrency,
    maxFailures: onFailure === 'stop' ? 1 : undefined,
    async attempt(tenant) {
      const entry = await enterOne(tenant, enter)
      entries.set(tenant, entry)
      return { end: entry.state === 'failed' ? 'failed' : 'done' }
    },
    skip: (tenant) => void entries.set(tenant, { ...targetOf(tenant), state: 'skipped', durationMs: 0 }),
  })
  return makeReport(
    fleet.map((tenant) => entries.get(tenant)!),
    performance.now() - started,
  )
}

async function enterOne<A extends object, T>(
  tenant: Tenant<A>,
  enter: (tenant: Tenant<A>) => Promise<T>,
): Promise<ForEachEntry<T>> {
  const started = performance.now()
  try {
    const value = await enter(tenant)
    return { ...targetOf(tenant), state: 'done', value, durationMs: performance.now() - started }
  } catch (error) {
    return { ...targetOf(tenant), state: 'failed', error, durationMs: performance.now() - started }
  }
}

function targetOf({ schema, id }: Tenant<any>): Pick<FleetEntry, 'target' | 'tenantId'> {
  return { target: schema, tenantId: id }
}
