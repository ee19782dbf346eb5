/** What the steps of a tenant need of the other rooms. */
import type { PoolClient } from 'pg'
import type { Catalog } from '../../catalog/catalog.ts'
import type { Tenants } from '../../catalog/tenants/tenants.ts'
import type { Options } from '../../config/options.ts'
import type { Events } from '../../events.ts'
import type { MigrationSources } from '../../migrations/sources/sources.ts'
import type { Database } from '../../ports/database.ts'
import type { Scope } from '../../scope/scope.ts'
import type { Attributes } from '../../types.ts'
import type { Entry } from '../entry/entry.ts'

export interface StepsParts<A extends object = Attributes> {
  readonly catalog: Catalog
  readonly tenants: Tenants<A>
  readonly events: Events<A>
  readonly scope: Scope<A>
  readonly entry: Pick<Entry<A>, 'assertMayEnter'>
  readonly sources: MigrationSources
  readonly options: Pick<Options, 'seeds' | 'hooks' | 'boundary' | 'files'>
  /** Transactions on connections beside the pools, so that neither lookups nor requests wait for a seed that takes long. */
  readonly besides: <T>(size: number, fn: (work: Besides) => Promise<T>) => Promise<T>
  /** A client of the application's pool, bound to the current scope. */
  readonly connect: () => Promise<PoolClient>
  /** Aborted when the tenancy is being closed. */
  readonly signal: AbortSignal
}

export type Besides = Pick<Database, 'transaction'>

/** For each tenant that is worked on: one holds the lock, one runs the seed. */
export const connectionsOfTenant = 2
