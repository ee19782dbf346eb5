import { PassThrough } from 'node:stream'
import QueryStream from 'pg-query-stream'
import {
  createPool,
  createTypeParserPreset,
  InputSyntaxError,
  InvalidInputError,
  sql,
  UniqueIntegrityConstraintViolationError,
  type CommonQueryMethods,
  type DatabasePool,
  type DriverTypeParser,
} from 'slonik'
import { describe, expect, test, vi } from 'vitest'
import { tenantSlonik, type TenantSlonikOptions } from '../../src/orm/slonik/tenant-slonik.ts'
import { codeOf, ormContract, refused, type Author, type OrmOperations, type OrmTransaction } from '../contract/orm.ts'
import { isByRole } from '../support/servers/boundary.ts'
import { killSleeper } from '../support/servers/kill-sleeper.ts'

function operations(db: CommonQueryMethods): OrmOperations {
  return {
    addAuthor: ({ id, name }) => db.query(sql.unsafe`insert into authors values (${id}, ${name})`),
    renameAuthor: (id, name) => db.query(sql.unsafe`update authors set name = ${name} where id = ${id}`),
    removeAuthor: (id) => db.query(sql.unsafe`delete from authors where id = ${id}`),
    authors: () => rows(db.any(sql.unsafe`select * from authors order by id`)),
    addBook: ({ id, authorId, title, plan, mood, moods, tags }) =>
      db.query(
        sql.unsafe`insert into books values (
          ${id}, ${authorId}, ${title}, ${plan}, ${mood}, ${sql.array(moods, sql.fragment`mood[]`)}, ${sql.array(tags, 'text')}
        )`,
      ),
    books: () =>
      rows(db.any(sql.unsafe`select id, author_id as "authorId", title, plan, mood, moods::text[], tags from books order by id`)),
    authorsWithBooks: () =>
      rows(
        db.any(sql.unsafe`select authors.name, coalesce(array_agg(title order by books.id) filter (where title is not null), '{}') as books
                   from authors left join books on author_id = authors.id
                   group by authors.id
                   order by authors.id`),
      ),
    booksWithPrice: () =>
      rows(db.any(sql.unsafe`select title, price from books join plans on plans.name = books.plan order by id`)),
    raw: (text, values = []) => db.any({ ...sql.unsafe`select`, sql: text, values: values as [] }),
  }
}

/** What `sql.unsafe` reads has no type. */
function rows<T>(read: Promise<readonly unknown[]>): Promise<readonly T[]> {
  return read as Promise<readonly T[]>
}

function transaction(db: CommonQueryMethods): OrmTransaction {
  return { ...operations(db), nested: (work) => db.transaction((inner) => work(transaction(inner))) }
}

async function* authorsOf(db: DatabasePool): AsyncIterable<Author> {
  const passed = new PassThrough({ objectMode: true, highWaterMark: 20 })
  const done = db.stream(sql.unsafe`select * from authors order by id`, (stream) => {
    passed.once('close', () => stream.destroy())
    stream.pipe(passed)
  })
  done.catch((error: Error) => passed.destroy(error))
  for await (const { data } of passed) yield data as Author
}

let pool: DatabasePool

const { tenancy, tenants, admin, empty, directUrl } = await ormContract('slonik', async (on) => {
  pool = await tenantSlonik(on, { QueryStream })
  return {
    ...operations(pool),
    transaction: (work, level) =>
      pool.transaction(async (within) => {
        // slonik has no option for it; PostgreSQL accepts it as the first statement.
        if (level !== undefined) await operations(within).raw(`set transaction isolation level ${level}`)
        return work(transaction(within))
      }),
    stream: () => authorsOf(pool),
    close: () => pool.end(),
  }
})
const [a, b] = tenants as [(typeof tenants)[0], (typeof tenants)[0]]

const schemaOf = async (db: CommonQueryMethods): Promise<unknown> => db.oneFirst(sql.unsafe`select current_schema()`)

describe('tenantSlonik', () => {
  test('protects from the pool of slonik, which reads the shared schema whatever the scope', async () => {
    const own = await createPool(directUrl)
    expect(await tenancy.run(a, () => schemaOf(own))).toBe('public')
    await own.end()
  })

  test('opens no connection of its own, and sets nothing on those of tenancy.pool', async () => {
    const taken = vi.spyOn(tenancy.pool, 'connect')
    const discarded: string[] = []
    const end = tenancy.on('connection.discarded', ({ reason }) => discarded.push(reason))
    expect(await tenancy.run(a, () => pool.oneFirst(sql.unsafe`select current_setting('statement_timeout')`))).toBe('0')
    expect(taken).toHaveBeenCalledTimes(1)
    const { rows: others } = await admin.query(
      `select application_name from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
    )
    expect(others.length).toBeLessThanOrEqual(tenancy.pool.totalCount + tenancy.sharedPool.totalCount + (isByRole ? 1 : 0))
    end()
    taken.mockRestore()
    expect(discarded).toEqual([])
  })

  test('takes no client for a connection without a query', async () => {
    const taken = vi.spyOn(tenancy.pool, 'connect')
    expect(await pool.connect(async () => 'nothing')).toBe('nothing')
    expect(taken).not.toHaveBeenCalled()
    taken.mockRestore()
  })

  test('keeps one client for a connection, and refuses it in another scope', async () => {
    await tenancy.run(a, () =>
      pool.connect(async (connection) => {
        const pids = [1, 2].map(() => connection.oneFirst(sql.unsafe`select pg_backend_pid()`))
        expect(new Set(await Promise.all(pids)).size).toBe(1)
        expect(codeOf(await refused(tenancy.run(b, () => schemaOf(connection))))).toBe('WRONG_TENANT')
        expect(await schemaOf(connection)).toBe(a.schema)
      }),
    )
  })

  test('refuses several statements in one text, and runs none of them', async () => {
    await empty()
    await tenancy.run(a, async () => {
      const error = await refused(pool.query(sql.unsafe`insert into authors values (1, 'one'); select 1`))
      expect(error).toBeInstanceOf(InvalidInputError)
      expect(await refused(drained(sql.unsafe`insert into authors values (1, 'one'); select 1`))).toBeInstanceOf(
        InvalidInputError,
      )
      expect(await pool.any(sql.unsafe`select * from authors`)).toEqual([])
    })
  })

  test('throws the error classes of slonik', async () => {
    await empty()
    await tenancy.run(a, async () => {
      await pool.query(sql.unsafe`insert into authors values (1, 'one')`)
      const twice = await refused(pool.query(sql.unsafe`insert into authors values (1, 'one')`))
      expect(twice).toBeInstanceOf(UniqueIntegrityConstraintViolationError)
      expect(twice).toMatchObject({ constraint: 'authors_pkey', table: 'authors', columns: ['id'] })
      expect(await refused(pool.any(sql.unsafe`selec 1`))).toBeInstanceOf(InputSyntaxError)
      expect(await refused(pool.any(sql.unsafe`select 'x'::int`))).toBeInstanceOf(InvalidInputError)
    })
  })

  test('reads values as slonik does', async () => {
    const query = sql.unsafe`
      select 9007199254740993::int8 as big, 1.5::numeric as exact, date '2026-11-21' as day, interval '90 minutes' as long,
             timestamptz '2026-11-21 12:00Z' as at, array[1, null]::int8[] as list, array[array[1], array[2]]::int8[] as deep, 'x' as text`
    const own = await createPool(directUrl)
    const { deep, list, ...expected } = (await own.one(sql.unsafe`
      select 9007199254740993::int8 as big, 1.5::numeric as exact, date '2026-11-21' as day, interval '90 minutes' as long,
             timestamptz '2026-11-21 12:00Z' as at, array[1, 2]::int8[] as list, array[1]::int8[] as deep, 'x' as text`)) as any
    await own.end()
    expect([deep, list]).toEqual([[1n], [1n, 2n]])
    expect(await tenancy.run(a, () => pool.one(query))).toEqual({ ...expected, list: [1n, null], deep: [[1n], [2n]] })
    expect(await tenancy.run(a, () => drained(query))).toEqual([{ ...expected, list: [1n, null], deep: [[1n], [2n]] }])
  })

  test('reads types of the shared schema, and refuses parsers for a type of which each tenant has its own', async () => {
    await admin.query(`create type public.colour as enum ('red', 'blue')`)
    const other = await tenantSlonik(tenancy, { typeParsers: [...createTypeParserPreset(), bracketed('colour')] })
    const colours = sql.unsafe`select 'red'::colour as one, '{red,blue}'::colour[] as two`
    expect(await tenancy.run(b, () => other.one(colours))).toEqual({ one: '<red>', two: ['<red>', '<blue>'] })
    await other.end()
    await admin.query('drop type public.colour')
    const error = await refused(tenantSlonik(tenancy, { typeParsers: [bracketed('mood')] }))
    expect(error).toMatchObject({ code: 'INVALID_OPTION', message: expect.stringContaining('::text') })
  })

  test('prepares a named statement for each tenant', async () => {
    const named = { ...sql.unsafe`select current_schema() as schema, name from authors`, name: 'authors' }
    await empty()
    for (const tenant of [...tenants, ...tenants, ...tenants]) {
      expect(await tenancy.run(tenant, () => pool.any(named))).toEqual([])
    }
    await admin.query(`insert into "${b.schema}".authors values (1, 'of b')`)
    expect(await tenancy.run(b, () => pool.any(named))).toEqual([{ schema: b.schema, name: 'of b' }])
    expect(await tenancy.run(a, () => pool.any(named))).toEqual([])
  })

  test('passes on notices of the server, and the fields of a stream', async () => {
    await tenancy.run(a, async () => {
      const { notices } = await pool.query(sql.unsafe`do $$ begin raise notice 'look here'; end $$`)
      expect(notices).toMatchObject([{ message: 'look here' }])
      const seen: unknown[] = []
      await pool.stream(sql.unsafe`select 1 as one`, (stream) => void stream.on('data', (row) => seen.push(row)))
      expect(seen).toEqual([{ data: { one: 1 }, fields: [{ name: 'one', dataTypeId: 23 }] }])
    })
  })

  test('works on after a connection breaks in a query, in a transaction or in a stream', async () => {
    const sleep = sql.unsafe`select pg_sleep(20)`
    await tenancy.run(a, async () => {
      for (const broken of [
        () => pool.any(sleep),
        () => pool.transaction((within) => within.any(sleep)),
        () => drained(sql.unsafe`select pg_sleep(20)`),
      ]) {
        const [error] = await Promise.all([refused(broken()), killSleeper(admin)])
        expect((error as Error).message).toMatch(/terminated|ECONNRESET|EPIPE|server conn(?:ection closed| crashed)/)
        expect(await schemaOf(pool)).toBe(a.schema)
      }
    })
  })

  test('refuses a stream without pg-query-stream, and says so', async () => {
    const other = await tenantSlonik(tenancy)
    const error = await tenancy.run(a, () => refused(other.stream(sql.unsafe`select 1`, () => {})))
    expect(error).toMatchObject({ code: 'INVALID_OPTION', message: expect.stringContaining('{ QueryStream }') })
    await other.end()
  })

  test('leaves the pool open when it ends', async () => {
    const other = await tenantSlonik(tenancy)
    expect(await tenancy.run(a, () => schemaOf(other))).toBe(a.schema)
    await other.end()
    await refused(tenancy.run(a, () => schemaOf(other)))
    expect(tenancy.pool.ending).toBe(false)
  })

  test.each([
    { driverFactory: () => {} },
    { maxPoolSize: 5 },
    { minPoolSize: 1 },
    { statementTimeout: 1000 },
    { idleInTransactionSessionTimeout: 1000 },
    { resetConnection: () => {} },
    { ssl: {} },
    { password: 'x' },
  ])('refuses the option %o, and says what to do instead', async (option) => {
    const [key] = Object.keys(option)
    expect(await refused(tenantSlonik(tenancy, option as TenantSlonikOptions))).toMatchObject({
      code: 'INVALID_OPTION',
      message: expect.stringContaining(`refuses the option "${key}"`),
    })
  })
})

/** All rows of a stream. */
async function drained(query: ReturnType<typeof sql.unsafe>): Promise<unknown[]> {
  const seen: unknown[] = []
  await pool.stream(query, (stream) => void stream.on('data', ({ data }) => seen.push(data)))
  return seen
}

/** A parser whose result shows that it was used. */
function bracketed(name: string): DriverTypeParser {
  return { name, parse: (value) => `<${value}>` }
}
