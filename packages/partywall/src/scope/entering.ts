/** Whether a tenant may be entered: by the newest state that this process has seen of it, not by what the caller's object says. */
import { TenancyError } from '../errors.ts'
import type { TenantState } from '../tenant-identity.ts'
import type { Tenant } from '../types.ts'

/**
 * Passes a tenant that work may start in. Costs no query.
 * @throws TenancyError UNKNOWN_TENANT, TENANT_CHANGED; TENANT_SUSPENDED, TENANT_MAINTENANCE unless `allowInactive`. A tenant that is being
 * deleted is refused always: a name of a table that is gone already would mean that of the shared schema
 */
export function assertEnterable(tenant: Tenant<any>, newest: TenantState, allowInactive: boolean): void {
  if (newest.isDeleted) throw deleted(tenant)
  if (newest.generation > tenant.generation) throw tenantChanged(tenant.schema)
  if (!allowInactive || newest.status === 'deleting') assertActive(tenant.schema, newest.status)
}

/** The error for a schema that is not the one that was looked up. */
export function tenantChanged(schema: string, cause?: unknown): TenancyError {
  return new TenancyError(
    'TENANT_CHANGED',
    `The schema of tenant ${JSON.stringify(schema)} is not the one that was looked up: it was renamed, dropped and created again, or swapped ` +
      'with another, so nothing was run. Look the tenant up again: call tenancy.run with its id or its schema.',
    { details: { schema }, ...(cause !== undefined && { cause }) },
  )
}

function deleted({ id, schema }: Tenant<any>): TenancyError {
  return new TenancyError(
    'UNKNOWN_TENANT',
    `The tenant ${JSON.stringify(schema)} was deleted from the catalog after this Tenant object was looked up. ` +
      'Look tenants up by id, schema or domain when the work starts, instead of keeping the object.',
    { details: { by: 'id', ref: id } },
  )
}

function assertActive(schema: string, status: Tenant['status']): void {
  if (status === 'active') return
  const refused =
    `The tenant ${JSON.stringify(schema)} is ${wordsFor[status]}, so no work is started in it. ${advice[status] ?? ''}`.trim()
  throw status === 'maintenance' || status === 'pending' || status === 'provisioning'
    ? new TenancyError('TENANT_MAINTENANCE', refused, { details: { schema, status } })
    : new TenancyError('TENANT_SUSPENDED', refused, { details: { schema, status } })
}

const wordsFor: Record<Exclude<Tenant['status'], 'active'>, string> = {
  suspended: 'suspended',
  maintenance: 'in maintenance',
  archived: 'archived',
  deleting: 'being deleted',
  pending: 'not complete yet',
  provisioning: 'not complete yet',
  failed: 'not complete, because its creation failed',
}

const activate = 'Activate it with tenancy.tenants.activate, or pass { allowInactive: true } for a repair.'
const resume = 'It is complete when its seeds and its hook have run: tenancy.tenants.resume goes on with them.'
const advice: Partial<Record<Tenant['status'], string>> = {
  provisioning: resume,
  failed: resume,
  suspended: activate,
  maintenance: activate,
  archived: 'Restore it with tenancy.tenants.restore, or pass { allowInactive: true } for a repair.',
}
