/**
 * Kinds of tenants that flags name, checked before a command asks questions or starts work. A misspelt kind that is not refused would
 * select no tenant, and the command would report success.
 */
import { unknownKind } from '../../migrations/sources/unknown-kind.ts'
import type { Tenancy } from '../../tenancy.ts'

/**
 * Passes kinds of the config.
 * @throws TenancyError UNKNOWN_KIND
 */
export function assertKindsInConfig({ options }: Tenancy, kinds: readonly string[] = []): void {
  const known = Object.keys(options.migrations.tenant)
  const unknown = kinds.find((kind) => !known.includes(kind))
  if (unknown !== undefined) throw unknownKind(unknown, known)
}

/**
 * Passes also a kind that the config has lost, as long as there are tenants of it. Costs a query for each of these.
 * @throws TenancyError UNKNOWN_KIND
 */
export async function assertKindsInUse(tenancy: Tenancy, kinds: readonly string[] = []): Promise<void> {
  const known = Object.keys(tenancy.options.migrations.tenant)
  for (const kind of kinds.filter((one) => !known.includes(one))) {
    const tenants = await tenancy.tenants.list({ kinds: kind, limit: 1 })
    if (tenants.length === 0) throw unknownKind(kind, known)
  }
}
