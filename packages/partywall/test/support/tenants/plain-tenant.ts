import type { Tenant, TenantStatus } from '../../../src/types.ts'

/** A tenant that no catalog has made, for tests without a database. */
export function plainTenant(number: number, schema: string, status: TenantStatus = 'active'): Tenant {
  return {
    id: `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`,
    schema,
    name: schema,
    kind: 'default',
    status,
    placement: 'default',
    generation: 1,
    attributes: {},
    createdAt: new Date(0),
  }
}
