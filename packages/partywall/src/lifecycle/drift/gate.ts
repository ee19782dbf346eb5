/** The option `migrations.onDrift`. A tenant that cannot be compared is let through: no migration could ever reach it otherwise. */
import type { Options } from '../../config/options.ts'
import { hasDrifted } from '../../migrations/run/refuse-drifted.ts'
import type { Tenant } from '../../types.ts'
import { compareTenants, type DriftParts } from './drift.ts'

/** The names of what differs in those of these tenants that have drifted, by the ids of the tenants. Costs as `tenancy.drift`. */
export async function findDrifted(
  parts: DriftParts,
  tenants: readonly Tenant<any>[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const entries = await compareTenants(parts, tenants, () => true)
  return new Map(
    entries
      .filter(({ state }) => state === 'drifted')
      .map(({ tenantId, differences }) => [
        tenantId,
        [...new Set(differences.map(({ kind, name }) => `${kind} ${name}`.trimEnd()))],
      ]),
  )
}

/** @throws TenancyError DRIFT with `refuse` */
export async function assertActivatable(
  parts: DriftParts,
  tenant: Tenant<any>,
  onDrift: NonNullable<Options['migrations']['onDrift']>,
): Promise<void> {
  const names = (await findDrifted(parts, [tenant])).get(tenant.id)
  if (names === undefined) return
  const problem = hasDrifted(tenant.schema, names, 'activated')
  if (onDrift === 'refuse') throw problem
  process.emitWarning(`The tenant ${JSON.stringify(tenant.schema)} is activated, and is not what its migrations gave.`, {
    code: 'PARTYWALL_DRIFT',
    detail: 'See docs/errors.md#PARTYWALL_DRIFT',
  })
}
