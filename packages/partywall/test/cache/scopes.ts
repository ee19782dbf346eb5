/** The scopes of a tenancy without its database, and tenants that no catalog has made. */
import type { CacheTenancy } from '../../src/ports/tenancy-like.ts'
import { Scope } from '../../src/scope/scope.ts'
import type { Tenant } from '../../src/types.ts'
import { plainTenant } from '../support/tenants/plain-tenant.ts'

export interface Scopes {
  readonly tenancy: CacheTenancy
  run<T>(tenant: Tenant, fn: () => T): T
  runShared<T>(fn: () => T): T
}

export function scopes(): Scopes {
  const scope = new Scope()
  return {
    tenancy: { current: () => scope.current(), scope: () => scope.value(), bind: (fn) => scope.bind(fn) },
    run: (tenant, fn) => scope.run(tenant, fn),
    runShared: (fn) => scope.runShared(fn),
  }
}

export const acme = plainTenant(1, 'acme')
export const globex = plainTenant(2, 'globex')
/** The same tenant after a rename, as another process has looked it up. */
export const renamed: Tenant = { ...acme, schema: 'acme_ltd', generation: 7 }
