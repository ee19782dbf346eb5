/** `tenancy.drift`: chooses the tenants, compares them, repairs them where that is asked for, and reports. */
import { recordAction } from '../../catalog/audit/record.ts'
import { checkedSelection } from '../../catalog/tenants/selection.ts'
import { inParallel } from '../../fleet/workers.ts'
import { readDigests, type HistoryDigest } from '../../migrations/history/history.ts'
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
  const digests = how.fix ? await digestsOf(parts, selected) : new Map<string, HistoryDigest>()
  const found = await compare(selected)
  const tenants = how.fix ? await fixAll(parts, selected, { found, digests, ...how, compare }) : found
  const ok = tenants.every(({ state }) => state === 'as expected')
  return Object.freeze({ ok, tenants, durationMs: performance.now() - started })
}

/** Read before the tenants are compared: one that is migrated later has another digest, and is not repaired. */
function digestsOf({ deploy }: DriftParts, tenants: readonly Tenant<any>[]): Promise<Map<string, HistoryDigest>> {
  return readDigests(
    deploy,
    tenants.map(({ schema }) => schema),
  )
}

interface Fixing {
  readonly found: readonly DriftEntry[]
  readonly digests: ReadonlyMap<string, HistoryDigest>
  readonly lockTimeoutMs: number
  compare(tenants: readonly Tenant<any>[]): Promise<readonly DriftEntry[]>
}

/** Compared again, those that were repaired have what is left. What most tenants look like is no ground for a change. */
async function fixAll(
  { deploy }: DriftParts,
  tenants: readonly Tenant<any>[],
  { found, digests, lockTimeoutMs, compare }: Fixing,
): Promise<readonly DriftEntry[]> {
  const drifted = tenants.flatMap((tenant, index) => {
    const entry = found[index]!
    const mayFix = entry.state === 'drifted' && entry.comparedWith !== 'majority'
    return mayFix && entry.repairs.some(({ isAdditive }) => isAdditive) ? [{ tenant, entry }] : []
  })
  if (drifted.length === 0) return found
  const results = new Map<string, FixResult>()
  await deploy.connections(atATime, async (connections) => {
    await inParallel(drifted, atATime, async ({ tenant, entry }) => {
      const { id, schema } = tenant
      const digest = digests.get(schema)?.digest ?? ''
      await recordAction(deploy, { action: 'drift.fixed', tenant, object: schema })
      results.set(id, await fix({ connections, schema, digest, lockTimeoutMs }, entry.repairs))
    })
  })
  const again = await compare(drifted.map(({ tenant }) => tenant))
  const left = new Map(again.map((entry) => [entry.tenantId, { ...entry, fixed: results.get(entry.tenantId)! }]))
  return found.map((entry) => left.get(entry.tenantId) ?? entry)
}
