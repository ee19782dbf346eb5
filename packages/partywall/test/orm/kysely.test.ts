import { CamelCasePlugin, Kysely, sql } from 'kysely'
import Cursor from 'pg-cursor'
import { describe, expect, test } from 'vitest'
import { tenantKyselyOptions } from '../../src/orm/kysely.ts'
import { codeOf, ormContract, refused } from '../contract/orm.ts'
import { isPooled } from '../support/servers/route.ts'
import { kyselySubject, type Tables } from './kysely-subject.ts'

const { tenancy, tenants, admin, empty } = await ormContract('Kysely', kyselySubject)
const [a, b] = tenants as [(typeof tenants)[0], (typeof tenants)[0]]

describe('tenantKyselyOptions', () => {
  test('calls onCreateConnection at every checkout, as onReserveConnection: a client of the pool is made for one', async () => {
    const seen = { created: 0, reserved: 0 }
    const hooks = {
      onCreateConnection: async (): Promise<void> => void (seen.created += 1),
      onReserveConnection: async (): Promise<void> => void (seen.reserved += 1),
    }
    const db = new Kysely<Tables>(tenantKyselyOptions(tenancy, hooks))
    for (let round = 0; round < 5; round++) await tenancy.run(a, () => db.selectFrom('authors').selectAll().execute())
    expect(seen).toEqual({ created: 5, reserved: 5 })
  })

  test('leaves the pool open when Kysely is destroyed', async () => {
    const db = new Kysely<Tables>(tenantKyselyOptions(tenancy))
    await tenancy.run(a, () => db.selectFrom('plans').selectAll().execute())
    await db.destroy()
    expect(tenancy.pool.ending).toBe(false)
    expect(await tenancy.run(a, async () => (await tenancy.pool.query('select 1 as one')).rows)).toEqual([{ one: 1 }])
  })

  test.each(['cancel query', 'kill session'] as const)(
    'ends an aborted query on the server: %s',
    async (inflightQueryAbortStrategy) => {
      const db = new Kysely<Tables>(tenantKyselyOptions(tenancy))
      const abort = new AbortController()
      // Behind a pooler Kysely does not know the session: the caller goes on at once, but the statement runs to its end.
      const seconds = isPooled ? 1 : 20
      // The signal comes from outside every scope, like one from a timer or a closing socket.
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

  test('passes on the options of Kysely and those of its dialect', async () => {
    const log: string[] = []
    const plugins = [new CamelCasePlugin()]
    const db = new Kysely<any>(
      tenantKyselyOptions(tenancy, { plugins, log: ({ query }) => void log.push(query.sql), cursor: Cursor }),
    )
    await tenancy.run(a, () => db.selectFrom('books').select('authorId').execute())
    expect(log).toEqual(['select "author_id" from "books"'])
  })

  test.each(['dialect', 'pool'])('refuses the option "%s", and says what to do instead', (option) => {
    expect(() => tenantKyselyOptions(tenancy, { [option]: {} })).toThrowError(
      expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringContaining(`refuses the option "${option}"`) }),
    )
  })

  test('requires pg-cursor for streams', async () => {
    const db = new Kysely<Tables>(tenantKyselyOptions(tenancy))
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

async function sleepers(): Promise<number> {
  const { rows } = await admin.query<{ count: number }>(
    `select count(*)::int as count from pg_stat_activity where datname = current_database() and query like 'select pg_sleep%' and state = 'active'`,
  )
  return rows[0]!.count
}

test('Kysely runs a query in the scope where it is executed, not where it was built', async () => {
  await empty()
  const db = new Kysely<Tables>(tenantKyselyOptions(tenancy))
  const query = await tenancy.run(a, () => [db.selectFrom('authors').selectAll()] as const)
  await tenancy.run(b, () => db.insertInto('authors').values({ id: 1, name: 'of b' }).execute())
  expect(await tenancy.run(b, () => query[0].execute())).toEqual([{ id: 1, name: 'of b' }])
  expect(codeOf(await refused(query[0].execute()))).toBe('NO_TENANT')
})
