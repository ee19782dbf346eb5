/**
 * The scope of the running code, for libraries that keep rows or collect queries: what they keep must be divided by scope. The shared scope
 * is one of them, although it has no tenant.
 */
import type { ScopedOrmTenancy } from '../../ports/tenancy-like.ts'
import { identityKey } from '../../tenant-identity.ts'

export interface CurrentScope {
  /** Two scopes with the same key see the same rows. */
  readonly key: string
  /** The schema that statements of this scope reach; undefined where they are refused. */
  readonly schema: string | undefined
  /** For messages: `the scope of the tenant "acme"`, `the shared scope` or `no scope`. */
  readonly label: string
}

export function currentScope(tenancy: ScopedOrmTenancy): CurrentScope {
  const scope = tenancy.scope()
  if (scope?.kind === 'tenant') {
    const { schema } = scope.tenant
    return { key: identityKey(scope.tenant), schema, label: `the scope of the tenant ${JSON.stringify(schema)}` }
  }
  const { sharedSchema, outsideScope } = tenancy.options
  if (scope === undefined && outsideScope === 'refuse') return outside
  return { key: 'shared', schema: sharedSchema, label: 'the shared scope' }
}

/** Statements are refused here, so nothing that a scope has kept may be answered either. */
const outside: CurrentScope = { key: 'outside', schema: undefined, label: 'no scope' }
