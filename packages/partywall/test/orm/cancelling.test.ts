/**
 * Libraries on tenancy.pool that cancel a query ask the server to cancel what a session runs. The request may arrive when the query is
 * answered and its connection serves another tenant: that tenant's statement must not be cancelled.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { EntitySchema, MikroORM } from '@mikro-orm/postgresql'
import { knex } from 'knex'
import { Kysely, sql } from 'kysely'
import { afterAll, expect, test, vi } from 'vitest'
import { tenantKnex } from '../../src/orm/knex.ts'
import { tenantKyselyOptions } from '../../src/orm/kysely.ts'
import { tenantMikroOrmOptions } from '../../src/orm/mikro-orm.ts'
import { fourTenants } from '../contract/four-tenants.ts'

const { tenancy, tenants } = await fourTenants({ pool: { max: 2 } })
const [a] = tenants as [(typeof tenants)[0]]

const Plan = new EntitySchema<any>({ name: 'Plan', tableName: 'plans', properties: { name: { type: 'text', primary: true } } })
const ofKnex = tenantKnex(tenancy, knex, { log: { warn: () => {} } })
const ofKysely = new Kysely<any>(tenantKyselyOptions(tenancy))
const ofMikroOrm = new MikroORM(tenantMikroOrmOptions(tenancy, { entities: [Plan] }))
afterAll(() => Promise.all([ofKnex.destroy(), ofKysely.destroy(), ofMikroOrm.close()]))

const inflightQueryAbortStrategy = 'cancel query'
/** Each runs for about four milliseconds, and is cancelled after `ms`. */
const cancels: Record<string, (ms: number) => Promise<unknown>> = {
  Knex: async (ms) => ofKnex.raw('select pg_sleep(0.004)').timeout(ms, { cancel: true }),
  'Knex in a transaction': (ms) =>
    ofKnex.transaction(async (trx) => {
      await trx.raw('select pg_sleep(0.004)').timeout(ms, { cancel: true })
    }),
  Kysely: (ms) => sql`select pg_sleep(0.004)`.execute(ofKysely, { signal: AbortSignal.timeout(ms), inflightQueryAbortStrategy }),
  MikroORM: (ms) =>
    ofMikroOrm.em.fork({ signal: AbortSignal.timeout(ms), inflightQueryAbortStrategy }).execute('select pg_sleep(0.004)'),
}

test.each(Object.keys(cancels))('%s, cancelling at any moment, never cancels a statement of another tenant', async (library) => {
  // Kysely reports here that a query which it wanted to cancel had ended already.
  const silenced = vi.spyOn(console, 'error').mockImplementation(() => {})
  const work = new AbortController()
  const innocent = tenants.map((tenant) =>
    tenancy.run(tenant, async () => {
      while (!work.signal.aborted) {
        expect((await tenancy.pool.query('select pg_sleep(0.001), current_schema() as schema')).rows[0].schema).toBe(
          tenant.schema,
        )
      }
    }),
  )
  let cancelled = 0
  await tenancy.run(a, async () => {
    for (let round = 0; round < 80; round++) {
      await cancels[library]!(1 + Math.floor(Math.random() * 9)).catch(() => (cancelled += 1))
      await sleep(Math.random() * 3)
    }
  })
  work.abort()
  await Promise.all(innocent)
  silenced.mockRestore()
  expect(cancelled).toBeGreaterThan(0)
})
