import { Kysely, PostgresDialect, sql, type PostgresPool, type PostgresPoolClient } from 'kysely'
import { describe, expect, it } from 'vitest'
import { tenantDialect } from '../../src/orm/kysely.ts'
import { codeOf, ormContract, refused } from '../contract/orm.ts'
import { isPooled } from '../support/servers/route.ts'
import { kyselySubject, type Tables } from './kysely-subject.ts'

const { tenancy, tenants, admin, empty } = await ormContract('Kysely', kyselySubject)
const [a, b] = tenants as [(typeof tenants)[0], (typeof tenants)[0]]

describe('tenantDialect', () => {
  it('knows its connections again: onCreateConnection is called once for each', async () => {
    let created = 0
    const onCreateConnection = async (): Promise<void> => void (created += 1)
    const db = new Kysely<Tables>({ dialect: new PostgresDialect(tenantDialect(tenancy, { onCreateConnection })) })
    for (let round = 0; round < 20; round++) {
      await Promise.all([a, b].map((tenant) => tenancy.run(tenant, () => db.selectFrom('authors').selectAll().execute())))
    }
    expect(created).toBeLessThanOrEqual(4)
  })

  it('which it would not, were each checkout another object', async () => {
    let created = 0
    const onCreateConnection = async (): Promise<void> => void (created += 1)
    const config = tenantDialect(tenancy, { onCreateConnection })
    const pool = config.pool as PostgresPool
    const connect = async (): Promise<PostgresPoolClient> =>
      new Proxy(await pool.connect(), { get: (client, key) => bound(client, key) })
    const db = new Kysely<Tables>({
      dialect: new PostgresDialect({ ...config, pool: { connect, end: async () => {} } as PostgresPool }),
    })
    for (let round = 0; round < 5; round++) await tenancy.run(a, () => db.selectFrom('authors').selectAll().execute())
    expect(created).toBe(5)
  })

  it('leaves the pool alone when Kysely is destroyed', async () => {
    const db = new Kysely<Tables>({ dialect: new PostgresDialect(tenantDialect(tenancy)) })
    await tenancy.run(a, () => db.selectFrom('plans').selectAll().execute())
    await db.destroy()
    expect(tenancy.pool.ending).toBe(false)
    expect(await tenancy.run(a, async () => (await tenancy.pool.query('select 1 as one')).rows)).toEqual([{ one: 1 }])
  })

  it.each(['cancel query', 'kill session'] as const)(
    'ends an aborted query on the server: %s',
    async (inflightQueryAbortStrategy) => {
      const db = new Kysely<Tables>({ dialect: new PostgresDialect(tenantDialect(tenancy)) })
      const abort = new AbortController()
      // Behind a pooler no number of a session is to be had: the caller goes on at once all the same, the statement to its end.
      const seconds = isPooled ? 1 : 20
      // The signal comes from outside of every scope, as one that a timer or a closing socket gives.
      setTimeout(() => abort.abort(), 150)
      const running = tenancy.run(a, () =>
        refused(sql`select pg_sleep(${sql.lit(seconds)})`.execute(db, { signal: abort.signal, inflightQueryAbortStrategy })),
      )
      expect(((await running) as Error).name).toBe('AbortError')
      if (isPooled) expect(await sleepers()).toBe(1)
      await expect.poll(sleepers, { timeout: 5000 }).toBe(0)
      expect(await tenancy.run(b, () => db.selectFrom('plans').selectAll().execute())).toHaveLength(2)
    },
  )

  it('needs pg-cursor to stream', async () => {
    const db = new Kysely<Tables>({ dialect: new PostgresDialect(tenantDialect(tenancy)) })
    const error = await tenancy.run(a, async () =>
      refused(
        (async () => {
          for await (const row of db.selectFrom('authors').selectAll().stream()) return row
          return undefined
        })(),
      ),
    )
    expect((error as Error).message).toContain('cursor')
  })
})

function bound(client: object, key: PropertyKey): unknown {
  const value: unknown = Reflect.get(client, key)
  return typeof value === 'function' ? value.bind(client) : value
}

async function sleepers(): Promise<number> {
  const { rows } = await admin.query<{ count: number }>(
    `select count(*)::int as count from pg_stat_activity where datname = current_database() and query like 'select pg_sleep%' and state = 'active'`,
  )
  return rows[0]!.count
}

it('runs a query in the scope where it is executed, not where it was built', async () => {
  await empty()
  const db = new Kysely<Tables>({ dialect: new PostgresDialect(tenantDialect(tenancy)) })
  const query = await tenancy.run(a, () => [db.selectFrom('authors').selectAll()] as const)
  await tenancy.run(b, () => db.insertInto('authors').values({ id: 1, name: 'of b' }).execute())
  expect(await tenancy.run(b, () => query[0].execute())).toEqual([{ id: 1, name: 'of b' }])
  expect(codeOf(await refused(query[0].execute()))).toBe('NO_TENANT')
})
