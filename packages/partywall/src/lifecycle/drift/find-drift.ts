/** `tenancy.drift`: chooses the tenants, compares them, repairs them where that is asked for, and reports. */
import { checkedSelection } from '../../catalog/tenants/selection.ts'
import { inParallel } from '../../fleet/workers.ts'
import { readDigests } from '../../migrations/history/history.ts'
import { sourceOfKind } from '../../migrations/sources/sources.ts'
import type { Tenant } from '../../types.ts'
import { compareTenants, type DriftParts } from './drift.ts'
import { checkedDriftOptions, type DriftOptions } from './drift-options.ts'
import type { DriftEntry, DriftReport, FixResult } from './drift-report.ts'
import { notExcluded } from './exclusions.ts'
import { fix } from './fix.ts'

/** So many tenants are repaired at the same time. */
const atATime = 2

/** @throws TenancyError INVALID_ARGUMENT, UNKNOWN_TENANT, UNKNOWN_KIND */
export async function findDrift(parts: DriftParts, options: DriftOptions = {}): Promise<DriftReport> {
  const started = performance.now()
  const { selection, exclude, ...how } = checkedDriftOptions(options)
  const checked = checkedSelection('drift', selection, ['active', 'suspended', 'maintenance'])
  for (const kind of checked.kinds ?? []) sourceOfKind(parts.sources, kind)
  const selected = await parts.tenants.select(checked)
  const compare = (tenants: readonly Tenant<any>[]) => compareTenants(parts, tenants, notExcluded(exclude))
  const found = await compare(selected)
  const tenants = how.fix ? await fixAll(parts, selected, found, how.lockTimeoutMs, compare) : found
  const ok = tenants.every(({ state }) => state === 'as expected')
  return Object.freeze({ ok, tenants, durationMs: performance.now() - started })
}

/** Compared again, those that were repaired have what is left. */
async function fixAll(
  { deploy }: DriftParts,
  tenants: readonly Tenant<any>[],
  found: readonly DriftEntry[],
  lockTimeoutMs: number,
  compare: (tenants: readonly Tenant<any>[]) => Promise<readonly DriftEntry[]>,
): Promise<readonly DriftEntry[]> {
  const drifted = tenants.flatMap((tenant, index) => {
    const entry = found[index]!
    return entry.state === 'drifted' && entry.repairs.some(({ isAdditive }) => isAdditive) ? [{ tenant, entry }] : []
  })
  if (drifted.length === 0) return found
  const digests = await readDigests(
    deploy,
    drifted.map(({ tenant }) => tenant.schema),
  )
  const results = new Map<string, FixResult>()
  await deploy.connections(atATime, async (connections) => {
    await inParallel(drifted, atATime, async ({ tenant: { id, schema }, entry }) => {
      const digest = digests.get(schema)?.digest ?? ''
      results.set(id, await fix({ connections, schema, digest, lockTimeoutMs }, entry.repairs))
    })
  })
  const again = await compare(drifted.map(({ tenant }) => tenant))
  const left = new Map(again.map((entry) => [entry.tenantId, { ...entry, fixed: results.get(entry.tenantId)! }]))
  return found.map((entry) => left.get(entry.tenantId) ?? entry)
}
