/** One tenant as `tenant create` and `tenant show` print it: its row of the catalog, its domains, and the state of its migrations. */
import type { MigrationStatus } from '../../migrations/run/run.ts'
import type { Tenancy } from '../../tenancy.ts'
import type { Domain, Tenant } from '../../types.ts'
import { statusDocument, type StatusDocument } from '../terminal/fleet-documents.ts'
import { pairs } from '../terminal/table.ts'
import { datesOf } from './moved.ts'

export interface TenantCard extends Tenant {
  readonly domains: readonly Domain[]
  readonly migrations: Omit<StatusDocument, 'target' | 'tenantId'>
}

/** Costs one query for the domains, and two or three for the state of the schema. */
export async function tenantCard(tenancy: Tenancy, tenant: Tenant): Promise<TenantCard> {
  const domains = await tenancy.domains.list({ id: tenant.id })
  const [status] = await tenancy.migrations.status({ tenants: { id: tenant.id } })
  const { target: _, tenantId: __, ...migrations } = statusDocument(status as MigrationStatus)
  return { ...tenant, domains, migrations }
}

export function renderCard(card: TenantCard): string {
  const { migrations } = card
  return pairs([
    ['schema', card.schema],
    ['name', card.name],
    ['id', card.id],
    ['kind', card.kind],
    ['status', card.status],
    ['domains', card.domains.map(({ domain, isPrimary }) => (isPrimary ? `${domain} (primary)` : domain)).join(', ') || 'none'],
    ['attributes', JSON.stringify(card.attributes)],
    ['head', `${migrations.head ?? 'none'} (${migrations.applied} applied, ${migrations.pending.length} pending)`],
    ...(migrations.problem === undefined ? [] : [['problem', migrations.problem.message] as const]),
    ['created', card.createdAt.toISOString()],
    ...datesOf(card),
  ])
}
