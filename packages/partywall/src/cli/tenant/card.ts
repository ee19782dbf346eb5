/** One tenant as `tenant create` and `tenant show` print it: its row of the catalog, its domains, the state of its migrations, and its steps. */
import { isTenancyError } from '../../errors.ts'
import type { TenantStep } from '../../lifecycle/steps/step.ts'
import type { MigrationStatus } from '../../migrations/run/run.ts'
import type { Tenancy } from '../../tenancy.ts'
import type { Domain, Tenant } from '../../types.ts'
import { statusDocument, type StatusDocument } from '../terminal/fleet-documents.ts'
import { pairs } from '../terminal/table.ts'
import { datesOf } from './moved.ts'

export interface TenantCard extends Tenant {
  readonly domains: readonly Domain[]
  readonly migrations: Omit<StatusDocument, 'target' | 'tenantId'>
  /** Its address. Absent: no resolver of the config says where it is. */
  readonly url?: string
  /** Seeds and hooks. */
  readonly steps: readonly TenantStep[]
}

/** Costs one query for the domains, one for the steps, and two or three for the state of the schema. */
export async function tenantCard(tenancy: Tenancy, tenant: Tenant): Promise<TenantCard> {
  const domains = await tenancy.domains.list({ id: tenant.id })
  const [status] = await tenancy.migrations.status({ tenants: { id: tenant.id } })
  const { target: _, tenantId: __, ...migrations } = statusDocument(status as MigrationStatus)
  const steps = await tenancy.tenants.steps({ id: tenant.id })
  const url = await addressOf(tenancy, tenant)
  return { ...tenant, domains, migrations, steps, ...(url !== undefined && { url }) }
}

/** An app without resolvers finds its tenants in another way. */
async function addressOf(tenancy: Tenancy, { id }: Tenant): Promise<string | undefined> {
  try {
    return await tenancy.url({ id })
  } catch (error) {
    if (isTenancyError(error, 'INVALID_OPTION')) return undefined
    throw error
  }
}

export function renderCard(card: TenantCard): string {
  const { migrations } = card
  return pairs([
    ['schema', card.schema],
    ['name', card.name],
    ['id', card.id],
    ...(card.externalId === undefined ? [] : [['external id', card.externalId] as const]),
    ['kind', card.kind],
    ['status', card.status],
    ['domains', card.domains.map(({ domain, isPrimary }) => (isPrimary ? `${domain} (primary)` : domain)).join(', ') || 'none'],
    ['attributes', JSON.stringify(card.attributes)],
    ['head', `${migrations.head ?? 'none'} (${migrations.applied} applied, ${migrations.pending.length} pending)`],
    ...(migrations.problem === undefined ? [] : [['problem', migrations.problem.message] as const]),
    ...card.steps.filter(({ state }) => state !== 'done').map((step) => ['step', stepLine(step)] as const),
    ['created', card.createdAt.toISOString()],
    ...datesOf(card),
    // Last, so that it is what a person sees first above the prompt.
    ...(card.url === undefined ? [] : [['address', card.url] as const]),
  ])
}

/** Those that are done need no line. */
function stepLine({ name, state, error }: TenantStep): string {
  const words = { pending: 'not run yet', running: 'was begun and has not ended', failed: 'failed', done: 'done' }[state]
  return `${name}: ${words}${error === undefined ? '' : `, ${error}`}`
}
