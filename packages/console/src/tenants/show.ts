/** One tenant, with what can be done with it. */
import { tenancyErrorOf, type Tenant, type TenantStep } from 'partywall'
import type { AnyTenancy } from '../parts.ts'
import type { May, Move, Status, StepAnswer, TenantAnswer } from './api.ts'
import { factsOf } from './facts.ts'
import { attributeForm, markedSecrets } from './form.ts'
import { entryOf } from './list.ts'
import { masked } from './secrets.ts'

export async function showTenant(tenancy: AnyTenancy, tenant: Tenant<any>, may: May): Promise<TenantAnswer> {
  const [{ of }, steps, address] = await Promise.all([
    factsOf(tenancy, [tenant]),
    tenancy.tenants.steps({ id: tenant.id }),
    addressOf(tenancy, tenant),
  ])
  const facts = of.get(tenant.id)
  const form = attributeForm(tenancy)
  const { boundary } = tenancy.options
  return {
    ...entryOf(tenant, facts),
    version: facts?.version ?? '',
    ...(tenant.externalId !== undefined && { externalId: tenant.externalId }),
    ...(tenant.archivedAt && { archivedAt: tenant.archivedAt.toISOString() }),
    ...(tenant.purgeAt && { purgeAt: tenant.purgeAt.toISOString() }),
    boundary: boundary.tenants[tenant.schema] ?? boundary.tenants[tenant.id] ?? boundary.kinds[tenant.kind] ?? boundary.default,
    attributes: masked(tenant.attributes, markedSecrets(form)),
    form,
    ...(facts?.tables !== undefined && { tables: facts.tables }),
    pending: facts?.head?.names ?? [],
    ...address,
    steps: steps.map(stepAnswer),
    moves: movesOf(tenant.status as Status),
    hasSettings: tenancy.options.settings.schema !== undefined,
    may,
  }
}

/** `tenancy.url`, where a resolver of the config says it. */
export async function addressOf(
  tenancy: AnyTenancy,
  { id }: Tenant<any>,
): Promise<{ readonly url: string } | { readonly noUrl: string }> {
  try {
    return { url: await tenancy.url({ id }) }
  } catch (error) {
    const refusal = tenancyErrorOf(error)
    if (refusal === undefined || refusal.code === 'DATABASE_UNREACHABLE') throw error
    return { noUrl: refusal.summary }
  }
}

export function stepAnswer({ name, state, startedAt, endedAt, error }: TenantStep): StepAnswer {
  return {
    name,
    state: state === 'pending' ? 'waiting' : state,
    ...(startedAt && endedAt && { durationMs: endedAt.getTime() - startedAt.getTime() }),
    ...(error !== undefined && state === 'failed' && { error }),
  }
}

const movesByStatus: Record<Status, readonly Move[]> = {
  pending: ['resume', 'delete'],
  provisioning: ['resume', 'delete'],
  failed: ['resume', 'delete'],
  active: ['rename', 'suspend', 'maintenance', 'archive', 'clone', 'delete'],
  suspended: ['rename', 'activate', 'maintenance', 'archive', 'clone', 'delete'],
  maintenance: ['rename', 'activate', 'suspend', 'archive', 'clone', 'delete'],
  archived: ['restore', 'delete'],
  deleting: ['delete'],
}

function movesOf(status: Status): readonly Move[] {
  return movesByStatus[status]
}
