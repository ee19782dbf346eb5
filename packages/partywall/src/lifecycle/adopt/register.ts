/** The row and the domains of an adopted tenant, inside the transaction that adopts it. They come first, so that a second call for it fails early. */
import type { Transaction } from '../../ports/database.ts'
import type { Details } from '../../catalog/audit/details.ts'
import { takeName } from '../../catalog/tenants/freed-names.ts'
import type { Domain, Tenant } from '../../types.ts'
import type { AdoptParts } from './adopt-parts.ts'
import { tenantExists } from './adopt-errors.ts'

interface Row {
  readonly schema: string
  readonly externalId?: string | undefined
  readonly name: string
  readonly kind: string
  readonly domains: readonly string[]
  readonly attributes: object
}

/** @throws TenancyError SCHEMA_EXISTS, DOMAIN_EXISTS */
export async function register<A extends object>(
  parts: Pick<AdoptParts<A>, 'catalog' | 'tenants' | 'domains'>,
  transaction: Transaction,
  row: Row,
  details: Details,
): Promise<{ tenant: Tenant<A>; domains: readonly Domain[] }> {
  try {
    await takeName(transaction, row.schema, parts.catalog)
    const tenant = await parts.tenants.insertAdopted(transaction, row, { kind: row.kind, domains: row.domains, ...details })
    if (tenant === undefined) throw tenantExists(row.schema)
    return { tenant, domains: await parts.domains.insert(transaction, tenant.id, row.domains) }
  } catch (error) {
    throw parts.catalog.explain(error)
  }
}
