/** Reads the tenants of a selection as the deploy role. */
import type { CheckedSelection } from '../../catalog/tenants/selection.ts'
import { parseTenantRef, unknownTenant } from '../../catalog/tenants/tenant-ref.ts'
import { readJson } from '../../sql/json-rows.ts'
import type { Queryable } from '../../sql/statement.ts'
import { fleetSql, memberSql, type FleetMember } from './fleet-sql.ts'

/**
 * Costs one statement for all, or one for each tenant that is named.
 * @throws TenancyError UNKNOWN_TENANT
 */
export async function readFleet(queryable: Queryable, { named, ...narrowing }: CheckedSelection): Promise<FleetMember[]> {
  const all = await readJson<FleetMember>(queryable, fleetSql(narrowing))
  if (named === undefined) return all
  const found = new Map<string, FleetMember>()
  for (const ref of named) {
    const key = parseTenantRef(ref)
    const [member] = key.by === 'impossible' ? [] : await readJson<FleetMember>(queryable, memberSql(key))
    if (member === undefined) throw unknownTenant(key)
    if (all.some(({ id }) => id === member.id)) found.set(member.id, member)
  }
  return [...found.values()]
}
