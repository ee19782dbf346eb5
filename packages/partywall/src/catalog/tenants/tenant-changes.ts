/** What `tenants.update` may change. */
import type { Attributes } from '../../types.ts'

export interface TenantChanges<A extends object = Attributes> {
  /** The name for people. */
  readonly name?: string | undefined
  /** Its key in another system; null: none. */
  readonly externalId?: string | null | undefined
  /** Attributes to set; the others stay as they are. One that is undefined is removed, and its default comes back. */
  readonly attributes?: { readonly [K in keyof A]?: A[K] | undefined } | undefined
  /** When `tenancy.tenants.purge` may archive or delete the tenant; null: never. */
  readonly expiresAt?: Date | null | undefined
}

/** The attributes after a change. The spread defines properties, so that a key "__proto__" stays a key. */
export function merge(stored: object, given: unknown): unknown {
  const isObject = typeof given === 'object' && given !== null && !Array.isArray(given)
  return isObject ? { ...stored, ...given } : given
}
