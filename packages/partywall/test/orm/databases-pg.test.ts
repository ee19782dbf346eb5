import databases, { isSQLError, sql, type IsolationLevel as Level, type Queryable } from '@databases/pg'
import pg from 'pg'
import { describe, expect, test, vi } from 'vitest'
import { tenantDatabasesPg, type TenantDatabasesPgOptions } from '../../src/orm/databases-pg/tenant-databases-pg.ts'
import { codeOf, ormContract, refused, type IsolationLevel, type OrmOperations, type OrmTransaction } from '../contract/orm.ts'
import { killSleeper } from '../support/servers/kill-sleeper.ts'

const levels: Record<IsolationLevel, Level> = {
  'read committed': databases.IsolationLevel.READ_COMMITTED,
  'repeatable read': databases.IsolationLevel.REPEATABLE_READ,
  serializable: databases.IsolationLevel.SERIALIZABLE,
}

function operations(db: Queryable): OrmOperations {
  return {
    addAuthor: ({ id, name }) => db.query(sql`insert into authors values (${id}, ${name})`),
    renameAuthor: (id, name) => db.query(sql`update authors set name = ${name} where id = ${id}`),
    removeAuthor: (id) => db.query(sql`delete from authors where id = ${id}`),
    authors: () => db.query(sql`select * from authors order by id`),
    addBook: ({ id, authorId, title, plan, mood, moods, tags }) =>
      db.query(sql`insert into books values (${id}, ${authorId}, ${title}, ${plan}, ${mood}, ${moods}, ${tags})`),
    books: () => db.query(sql`select id, author_id as "authorId", title, plan, mood, moods::text[], tags from books order by id`),
    authorsWithBooks: () =>
      db.query(
        sql`select authors.name, coalesce(array_agg(title order by books.id) filter (where title is not null), '{}') as books
            from authors left join books on author_id = authors.id
            group by authors.id
            order by authors.id`,
      ),
    booksWithPrice: () => db.query(sql`select title, price from books join plans on plans.name = books.plan order by id`),
    raw: (text, values = []) => {
      const parts = text.split(/\$\d+/)
      return db.query(
        sql.join(
          parts.flatMap((part, index) =>
            index < values.length
              ? [sql.__dangerous__rawValue(part), sql.value(values[index])]
              : [sql.__dangerous__rawValue(part)],
          ),
          '',
        ),
      )
    },
  }
}

function transaction(db: Queryable): OrmTransaction {
  return { ...operations(db), nested: (work) => db.tx((inner) => work(transaction(inner))) }
}

let db: databases.ConnectionPool

const { tenancy, tenants, admin, empty, url } = await ormContract('@databases/pg', (on) => {
  db = tenantDatabasesPg(on, { bigIntMode: 'bigint' })
  return {
    ...operations(db),
    transaction: (work, level) =>
      db.tx((within) => work(transaction(within)), level === undefined ? {} : { isolationLevel: levels[level] }),
    stream: () => db.queryStream(sql`select * from authors order by id`, {}),
    close: () => db.dispose(),
  }
})
const [a, b] = tenants as [(typeof tenants)[0], (typeof tenants)[0]]

const schemaOf = async (on: Queryable): Promise<unknown> => (await on.query(sql`select current_schema() as schema`))[0].schema

describe('tenantDatabasesPg', () => {
  test('protects from the pool of @databases/pg, which reads the shared schema whatever the scope', async () => {
    const own = databases.default({ connectionString: url, bigIntMode: 'number' })
    expect(await tenancy.run(a, () => schemaOf(own))).toBe('public')
    await own.dispose()
  })

  test('takes its clients from tenancy.pool, and opens none of its own', async () => {
    const lent = vi.spyOn(tenancy.pool, 'connect')
    const made = vi.spyOn(pg.Client.prototype, 'connect')
    expect(await tenancy.run(a, () => schemaOf(db))).toBe(a.schema)
    expect([lent.mock.calls.length, made.mock.calls.length]).toEqual([1, 0])
    vi.restoreAllMocks()
  })

  test('keeps one client for a task, and refuses it in another scope', async () => {
    await tenancy.run(a, () =>
      db.task(async (task) => {
        const pids = [await task.query(sql`select pg_backend_pid()`), await task.query(sql`select pg_backend_pid()`)]
        expect(pids[0]).toEqual(pids[1])
        expect(codeOf(await refused(tenancy.run(b, () => schemaOf(task))))).toBe('WRONG_TENANT')
        expect(await schemaOf(task)).toBe(a.schema)
      }),
    )
  })

  test('runs several statements of one query in one transaction of the tenant', async () => {
    await empty()
    await tenancy.run(a, async () => {
      const error = await refused(db.query(sql`insert into authors values (1, 'one'); select 1 / 0;`))
      expect(codeOf(error)).toBe('22012')
      expect(await db.query(sql`insert into authors values (1, 'one'); select name from authors;`)).toEqual([{ name: 'one' }])
    })
    expect(await tenancy.run(b, () => db.query(sql`select * from authors`))).toEqual([])
  })

  test('keeps the tenant in a transaction that is retried, and settings only in their transaction', async () => {
    let tries = 0
    await tenancy.run(a, () =>
      db.tx(
        async (within) => {
          expect(await schemaOf(within)).toBe(a.schema)
          expect(await within.query(sql`show statement_timeout`)).toEqual([{ statement_timeout: '5s' }])
          if (tries++ === 0) throw Object.assign(new Error('once more'), { code: '40001', severity: 'ERROR', routine: '' })
        },
        { retrySerializationFailures: true, statementTimeoutMilliseconds: 5000 },
      ),
    )
    expect(tries).toBe(2)
    expect(await tenancy.run(b, () => db.query(sql`show statement_timeout`))).toEqual([{ statement_timeout: '0' }])
  })

  test('throws the errors of @databases/pg, and calls its handlers', async () => {
    const seen: string[] = []
    const other = tenantDatabasesPg(tenancy, {
      bigIntMode: 'number',
      onQueryStart: (_query, { text }) => void seen.push(`start ${text}`),
      onQueryError: (_query, _formatted, failure) => void seen.push(String(codeOf(failure))),
    })
    const error = await tenancy.run(a, () => refused(other.query(sql`select * from nowhere`)))
    expect(isSQLError(error)).toBe(true)
    expect((error as Error).message).toContain('> 1 | select * from nowhere')
    expect(seen).toEqual(['start select * from nowhere', '42P01'])
    await other.dispose()
  })

  test('reads values by the types of @databases/pg, in cursors too', async () => {
    const query = sql`select 9007199254740993::int8 as big`
    expect(await tenancy.run(a, () => db.query(query))).toEqual([{ big: 9007199254740993n }])
    await tenancy.run(a, async () => {
      for await (const row of db.queryStream(query, {})) expect(row).toEqual({ big: 9007199254740993n })
    })
    await admin.query(`create type public.colour as enum ('red', 'blue')`)
    const other = tenantDatabasesPg(tenancy, {
      bigIntMode: 'string',
      types: async ({ setTypeParser }) => void (await setTypeParser('colour', (value) => `<${value}>`)),
    })
    expect(await tenancy.run(a, () => other.query(sql`select 'red'::colour as one, 1::int8 as two`))).toEqual([
      { one: '<red>', two: '1' },
    ])
    await db.registerTypeParser('colour', (value) => `[${value}]`)
    expect(await tenancy.run(b, () => db.query(sql`select 'red'::colour as one`))).toEqual([{ one: '[red]' }])
    await other.dispose()
    await admin.query('drop type public.colour')
  })

  test('refuses parsers for a type of which each tenant has its own', async () => {
    expect(await refused(db.registerTypeParser('mood', String))).toMatchObject({
      code: 'INVALID_OPTION',
      message: expect.stringContaining('::text'),
    })
  })

  test('reads Node.js streams, and gives the client back', async () => {
    await empty()
    await admin.query(`insert into "${a.schema}".authors select n, 'x' from generate_series(1, 100) as n`)
    const seen: unknown[] = []
    const stream = await tenancy.run(a, () => ({ rows: db.queryNodeStream(sql`select id from authors order by id`) }))
    for await (const row of stream.rows) seen.push(row)
    expect(seen).toHaveLength(100)
  })

  test('works on after a connection breaks in a query or in a transaction', async () => {
    await tenancy.run(a, async () => {
      for (const broken of [
        () => db.query(sql`select pg_sleep(20)`),
        () => db.tx((within) => within.query(sql`select pg_sleep(20)`)),
      ]) {
        const [error] = await Promise.all([refused(broken()), killSleeper(admin)])
        expect((error as Error).message).toMatch(/terminat|ECONNRESET|EPIPE/)
        expect(await schemaOf(db)).toBe(a.schema)
      }
    })
  })

  test('leaves the pool open when it is disposed of, and waits for running queries', async () => {
    const other = tenantDatabasesPg(tenancy, { bigIntMode: 'number' })
    const running = tenancy.run(a, () => other.query(sql`select pg_sleep(0.2), current_schema() as schema`))
    await expect.poll(() => tenancy.pool.totalCount - tenancy.pool.idleCount).toBe(1)
    await other.dispose()
    expect(tenancy.pool.totalCount - tenancy.pool.idleCount).toBe(0)
    expect(await running).toMatchObject([{ schema: a.schema }])
    expect(tenancy.pool.ending).toBe(false)
    await refused(tenancy.run(a, () => other.query(sql`select 1`)))
  })

  test.each([
    { schema: 'acme' },
    { connectionString: 'postgres://nowhere' },
    { poolSize: 5 },
    { maxUses: 5 },
    { statementTimeoutMilliseconds: 5 },
    { onConnectionOpened: () => {} },
  ])('refuses the option %o, and says what to do instead', (option) => {
    const [key] = Object.keys(option)
    expect(() => tenantDatabasesPg(tenancy, option as TenantDatabasesPgOptions)).toThrowError(
      expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringContaining(`refuses the option "${key}"`) }),
    )
  })
})
