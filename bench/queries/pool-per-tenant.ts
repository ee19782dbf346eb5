/**
 * One pool per tenant, as the npm package drizzle-multitenant does it with its defaults: at most 50 pools of at most 10 connections; the
 * least recently used one is ended for a new one. The search path of a tenant is a setting of its connections.
 */
import { sql } from 'drizzle-orm'
import { createTenantManager } from 'drizzle-multitenant'
import type { Setup } from './contestants.ts'
import { schemaOf } from './fleet.ts'
import type { Contestant } from '../measuring/rounds.ts'

export function poolPerTenant({ url, pick }: Setup): Contestant {
  const manager = createTenantManager({
    connection: { url },
    isolation: { strategy: 'schema', schemaNameTemplate: (id) => id },
    schemas: { tenant: {} },
  })
  return {
    name: 'pool-per-tenant',
    work: () => manager.getDb(schemaOf(pick())).execute(sql`select id, name, price from items where id <= ${10} limit 10`),
    close: () => manager.dispose(),
  }
}
