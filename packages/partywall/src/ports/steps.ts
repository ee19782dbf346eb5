/** What the code of an application receives that runs in a tenant after its schema was made: a seed in TypeScript, and the hook `onProvision`. */
import type { PoolClient } from 'pg'
import type { Attributes, Tenant } from '../types.ts'
import type { MigrationContext } from './migration-source.ts'

/**
 * What the function `seed` of a seed in TypeScript receives: that of a migration, and a signal.
 * @example
 * export async function seed({ client, tenant, sql }: SeedContext) {
 *   await client.query(sql`insert into settings (title) values (${tenant.name})`)
 * }
 */
export interface SeedContext<A extends object = Attributes> extends MigrationContext<Tenant<A>> {
  /** Aborted when the tenancy is being closed. */
  readonly signal: AbortSignal
}

/** What `hooks.onProvision` receives beside the tenant. */
export interface ProvisionContext {
  /** A client that is bound to the tenant. Each statement is a transaction of its own, unless the hook begins one. It is released after the hook. */
  readonly client: PoolClient
  /** Aborted when the tenancy is being closed. */
  readonly signal: AbortSignal
}
