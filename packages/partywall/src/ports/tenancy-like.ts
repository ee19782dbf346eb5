/** The shapes by which adapters take a tenancy. Each takes less than the whole, so that an adapter needs none of the wiring. */
import type { Pool } from 'pg'
import type { Attributes, Tenant, TenantRef } from '../types.ts'
import type { RequestFacts, Resolution, Resolver } from './resolver.ts'

/** What an adapter for a library that queries needs: the two pools. */
export interface OrmTenancy {
  /** Each statement is bound to the scope that it is issued in. */
  readonly pool: Pool
  /** Each statement is bound to the shared schema, whatever the scope. */
  readonly sharedPool: Pool
}

/** The pools and the current scope: for libraries that cache rows or collect queries, which must be divided by scope. */
export interface ScopedOrmTenancy extends OrmTenancy {
  readonly options: { readonly sharedSchema: string; readonly outsideScope: 'refuse' | 'shared' }
  scope(): ScopeLike | undefined
}

/** A scope that code can be in: that of a tenant, or the shared one. */
export type ScopeLike =
  | { readonly kind: 'tenant'; readonly tenant: { readonly id: string; readonly schema: string; readonly generation: number } }
  | { readonly kind: 'shared' }

/** What an adapter for a web framework needs. */
export interface HttpTenancy<A extends object = Attributes> {
  readonly options: { readonly resolve: readonly Resolver[] }
  /** Set in a process that was started for one tenant, which serves no requests. */
  readonly startTenant?: string | undefined
  readonly tenants: { get(ref: TenantRef): Promise<Tenant<A>> }
  resolve(facts: RequestFacts): Promise<Resolution<A>>
  run<T>(tenant: Tenant<A>, fn: () => T, options?: { readonly allowInactive?: boolean | undefined }): Promise<Awaited<T>>
  runShared<T>(fn: () => T): Promise<Awaited<T>>
  bind<Args extends unknown[], R>(fn: (...args: Args) => R): (...args: Args) => R
}
