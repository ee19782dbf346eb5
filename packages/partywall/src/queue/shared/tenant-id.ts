/** Whose jobs are meant: those of a tenant that was deleted are named by its id. */
import type { TenantRef } from '../../types.ts'
import type { JobTenancy } from './job-tenancy.ts'

/** @throws TenancyError UNKNOWN_TENANT for anything but an id that names no tenant */
export async function tenantIdOf(tenancy: JobTenancy, ref: TenantRef): Promise<string> {
  const id = typeof ref === 'string' ? ref : (ref as { readonly id?: unknown }).id
  if (typeof id === 'string' && isUuid.test(id)) return id
  return (await tenancy.tenants.get(ref)).id
}

const isUuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
