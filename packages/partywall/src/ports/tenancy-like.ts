/** The shapes by which adapters take a tenancy. Each takes less than the whole, so that an adapter needs none of the wiring. */
import type { Pool } from 'pg'
import type { Attributes, Member, MemberRequirement, Membership, Tenant, TenantRef } from '../types.ts'
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

/** The current scope alone: for logs and traces. */
export interface ScopeTenancy {
  scope(): ScopeLike | undefined
}

/** What a store outside of PostgreSQL needs whose keys carry the tenant. */
export interface CacheTenancy {
  current(): Tenant<any>
  scope(): ScopeLike | undefined
  bind<Args extends unknown[], R>(fn: (...args: Args) => R): (...args: Args) => R
}

/** What a guard of members needs. */
export interface MemberTenancy {
  tryCurrent(): Tenant<any> | undefined
  readonly members: {
    check(ref: { readonly id: string }, userId: string, required?: MemberRequirement): Promise<Member>
  }
}

/** What guards need that run in a scope which an adapter has entered. */
export interface GuardTenancy<A extends object = Attributes> extends Partial<Omit<MemberTenancy, 'tryCurrent'>> {
  tryCurrent(): Tenant<A> | undefined
}

/** What an endpoint needs with which a user chooses a tenant. */
export interface SwitchTenancy<A extends object = Attributes> {
  actingAs<T>(actor: string, fn: () => T): Promise<Awaited<T>>
  readonly members: { switchTo(ref: TenantRef, userId: string): Promise<Membership<A>> }
}

/** What an adapter for a web framework needs; a guard of members only where the adapter is told who is signed in. */
export interface HttpTenancy<A extends object = Attributes> extends Partial<MemberTenancy> {
  readonly options: { readonly resolve: readonly Resolver[] }
  /** Set in a process that was started for one tenant, which serves no requests. */
  readonly startTenant?: string | undefined
  readonly tenants: { get(ref: TenantRef): Promise<Tenant<A>> }
  resolve(facts: RequestFacts): Promise<Resolution<A>>
  run<T>(tenant: Tenant<A>, fn: () => T, options?: { readonly allowInactive?: boolean | undefined }): Promise<Awaited<T>>
  runShared<T>(fn: () => T): Promise<Awaited<T>>
  bind<Args extends unknown[], R>(fn: (...args: Args) => R): (...args: Args) => R
}
