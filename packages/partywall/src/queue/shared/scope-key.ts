/** The part of a key that keeps apart what two tenants call alike. */
import type { ScopeLike } from '../../ports/tenancy-like.ts'

/** The id of the tenant, which never changes; `shared` for the shared scope, which is no uuid. */
export function keyOfScope(scope: ScopeLike): string {
  return scope.kind === 'tenant' ? scope.tenant.id : 'shared'
}
