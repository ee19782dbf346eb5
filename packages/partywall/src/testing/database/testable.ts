/** The shape by which partywall/testing takes a tenancy: what `createTenancy` returns has it. */
import type { ClientConfig } from 'pg'
import type { PublicOptions } from '../../config/options.ts'
import type { lookAgain } from '../../look-again.ts'
import type { HttpTenancy, OrmTenancy, ScopeLike } from '../../ports/tenancy-like.ts'
import type { Domain, FleetReport, Tenant } from '../../types.ts'

export interface TestableTenancy<A extends object = any> extends OrmTenancy, HttpTenancy<A> {
  readonly options: PublicOptions
  readonly database: { connectionConfig(): Promise<ClientConfig> }
  readonly migrations: { run(): Promise<FleetReport> }
  readonly warm: { fill(): Promise<unknown> }
  readonly tenants: HttpTenancy<A>['tenants'] & { create(input: any): Promise<Tenant<A>> }
  readonly domains: { list(ref: { readonly id: string }): Promise<readonly Domain[]> }
  scope(): ScopeLike | undefined
  on(event: any, listener: (payload: any) => unknown): () => void
  close(): Promise<void>
  [lookAgain]?(): Promise<void>
}

/** A tenant as this tenancy has it, with its attributes. */
export type TenantOf<T extends TestableTenancy> = Awaited<ReturnType<T['tenants']['create']>>

/** What this tenancy takes for a new tenant. */
export type NewTenantOf<T extends TestableTenancy> = Parameters<T['tenants']['create']>[0]
