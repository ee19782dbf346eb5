/** What became of a tenant, from its entries: for links of one that was deleted, or has another name. */
import type { AuditEntry } from 'partywall'
import type { AnyTenancy } from '../parts.ts'
import type { TenantOfLog } from './api.ts'

const mostRenames = 20

/** Undefined: the log has no entry of it. */
export async function tenantOfLog({ audit, tenants }: AnyTenancy, id: string): Promise<TenantOfLog | undefined> {
  const [tenant, ends, renames] = await Promise.all([
    tenants.find({ id }),
    audit.list({ tenant: { id }, action: ['tenant.deleted', 'tenant.released'], limit: 1 }),
    audit.list({ tenant: { id }, action: 'tenant.renamed', limit: mostRenames }),
  ])
  if (tenant === undefined && (await audit.list({ tenant: { id }, limit: 1 })).length === 0) return undefined
  const shown = { renames: renames.map(renameOf) }
  if (tenant !== undefined) return { id, state: 'here', schema: tenant.schema, name: tenant.name, ...shown }
  const end = ends[0]
  const was = end === undefined ? undefined : lastSchemaOf(end)
  return {
    id,
    state: 'gone',
    ...(was !== undefined && { was }),
    ...(end !== undefined && { goneBy: { actor: end.actor, at: end.at.toISOString(), action: end.action } }),
    ...shown,
  }
}

function lastSchemaOf({ details: { before }, object }: AuditEntry): string | undefined {
  return typeof before === 'string' ? before : object
}

function renameOf({ at, actor, object = '', details: { before } }: AuditEntry): TenantOfLog['renames'][number] {
  return { at: at.toISOString(), actor, ...(typeof before === 'string' && { from: before }), to: object }
}
