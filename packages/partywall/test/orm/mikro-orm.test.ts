import { createRequire } from 'node:module'
import {
  EntitySchema,
  EnumArrayType,
  IsolationLevel as MikroLevel,
  MikroORM,
  RequestContext,
  type EntityManager,
} from '@mikro-orm/postgresql'
import pg from 'pg'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { createTenancy } from 'partywall'
import { tenantMikroOrmOptions } from '../../src/orm/mikro-orm.ts'
import { codeOf, ormContract, refused, type OrmOperations, type OrmTransaction } from '../contract/orm.ts'
import { isPooled } from '../support/servers/route.ts'

const moods = ['calm', 'busy', 'wild']

const Author: EntitySchema<any> = new EntitySchema<any>({
  name: 'Author',
  tableName: 'authors',
  properties: {
    id: { type: 'integer', primary: true },
    name: { type: 'text' },
    books: { kind: '1:m', entity: () => Book, mappedBy: 'author' } as any,
  },
})

const Plan: EntitySchema<any> = new EntitySchema<any>({
  name: 'Plan',
  tableName: 'plans',
  schema: 'public',
  properties: { name: { type: 'text', primary: true }, price: { type: 'integer' } },
})

const Book: EntitySchema<any> = new EntitySchema<any>({
  name: 'Book',
  tableName: 'books',
  properties: {
    id: { type: 'integer', primary: true },
    author: { kind: 'm:1', entity: () => Author, fieldName: 'author_id' } as any,
    title: { type: 'text' },
    plan: { kind: 'm:1', entity: () => Plan, fieldName: 'plan' } as any,
    mood: { enum: true, items: moods, nativeEnumName: 'mood' },
    moods: { type: new EnumArrayType('Book.moods', moods), nativeEnumName: 'mood', items: moods } as any,
    tags: { type: 'string[]', columnType: 'text[]' },
  },
})

let orm: MikroORM

/** `manager` gives the EntityManager of one operation: a new one, or that of the transaction. */
function operations(manager: () => EntityManager): OrmOperations {
  const byId = { orderBy: { id: 'asc' as const } }
  return {
    addAuthor: async (author) => manager().insert(Author, author),
    renameAuthor: async (id, name) => {
      const em = manager()
      ;(await em.findOneOrFail(Author, id)).name = name
      await em.flush()
    },
    removeAuthor: async (id) => manager().nativeDelete(Author, { id }),
    authors: async () => (await manager().find(Author, {}, { ...byId, refresh: true })).map(({ id, name }) => ({ id, name })),
    addBook: async ({ authorId, ...book }) => manager().insert(Book, { ...book, author: authorId } as never),
    books: async () => {
      const books = await manager().find(Book, {}, { ...byId, refresh: true })
      return books.map(({ id, author, title, plan, mood, moods: all, tags }) => {
        return { id, authorId: author.id, title, plan: plan.name, mood, moods: all, tags }
      })
    },
    authorsWithBooks: async () => {
      const authors = await manager().find(
        Author,
        {},
        { populate: ['books'] as never, orderBy: { id: 'asc', books: { id: 'asc' } } },
      )
      return authors.map(({ name, books }) => ({ name, books: books.getItems().map(({ title }: any) => title) }))
    },
    booksWithPrice: async () => {
      const books = await manager().find(Book, {}, { populate: ['plan'] as never, ...byId })
      return books.map(({ title, plan }) => ({ title, price: plan.price }))
    },
    raw: async (text, values = []) => {
      const marks = text.replaceAll(/\$\d+/g, '?')
      const em = manager()
      return em.getConnection().execute(marks, [...values], 'all', em.getTransactionContext())
    },
  }
}

function transaction(em: EntityManager): OrmTransaction {
  return {
    ...operations(() => em),
    nested: (work) => em.transactional((inner) => work(transaction(inner as EntityManager)), { clear: true }),
  }
}

const levels = {
  'read committed': MikroLevel.READ_COMMITTED,
  'repeatable read': MikroLevel.REPEATABLE_READ,
  serializable: MikroLevel.SERIALIZABLE,
}

const { tenancy, tenants, admin, empty, wall } = await ormContract('MikroORM', (on) => {
  orm = new MikroORM(tenantMikroOrmOptions(on, { entities: [Author, Book, Plan] }))
  return {
    ...operations(() => orm.em.fork()),
    transaction: (work, level = 'read committed') =>
      orm.em.fork().transactional((em) => work(transaction(em as EntityManager)), { isolationLevel: levels[level] }),
    stream: async function* () {
      for await (const { id, name } of orm.em.fork().stream(Author, { orderBy: { id: 'asc' } })) yield { id, name }
    },
    close: () => orm.close(),
  }
})
const [a, b] = tenants as [(typeof tenants)[0], (typeof tenants)[0]]

const fillOne = async (): Promise<void> => {
  await empty()
  for (const { schema } of tenants) await admin.query(`insert into "${schema}".authors values (1, $1)`, [schema])
}

type ScopeName = 'a' | 'b' | 'shared'

const orders: [ScopeName, ScopeName][] = [
  ['a', 'b'],
  ['a', 'shared'],
  ['shared', 'a'],
]
const nameIn = (scope: ScopeName): string => ({ a: a.schema, b: b.schema, shared: 'shared' })[scope]
const inScope = <T>(scope: ScopeName, work: () => Promise<T>): Promise<T> =>
  (scope === 'shared' ? tenancy.runShared(work) : tenancy.run(scope === 'a' ? a : b, work)) as Promise<T>

/** The shared schema has the same table. */
async function fillAll(): Promise<void> {
  await fillOne()
  await admin.query(
    `create table if not exists public.authors (id int primary key, name text); truncate public.authors;
     insert into public.authors values (1, 'shared')`,
  )
}
afterAll(() => admin.query('drop table if exists public.authors'))

/** Ways in which an EntityManager comes to hold entities. */
const uses: Record<string, (em: EntityManager) => Promise<unknown>> = {
  find: (em) => em.findOneOrFail(Author, 1),
  'the query builder': (em) => em.createQueryBuilder(Author).getResult(),
  transactional: (em) => em.transactional((inner) => inner.findOneOrFail(Author, 1)),
  'transactional with clear': (em) => em.transactional((inner) => inner.findOneOrFail(Author, 1), { clear: true }),
  'a fork with its entities': (em) => em.fork({ clear: false }).findOneOrFail(Author, 1),
  merge: async (em) => em.merge(Author, { id: 1, name: 'merged' }),
}

const cached = async (): Promise<string[]> => (await orm.em.fork().find(Author, {}, { cache: 5000 })).map(({ name }) => name)
const cachedByName = async (): Promise<string[]> =>
  (await orm.em.fork().find(Author, {}, { cache: ['all', 5000] })).map(({ name }) => name)

const readHere = async (em: EntityManager): Promise<string> => (await em.findOneOrFail(Author, 1)).name

describe('tenantMikroOrmOptions', () => {
  test('refuses an EntityManager that served another tenant, and would answer from memory', async () => {
    await fillOne()
    const em = orm.em.fork()
    expect(await tenancy.run(a, async () => (await em.findOneOrFail(Author, 1)).name)).toBe(a.schema)
    expect(codeOf(await tenancy.run(b, () => refused(em.findOneOrFail(Author, 1))))).toBe('WRONG_TENANT')
    expect(codeOf(await tenancy.run(b, () => refused(em.flush())))).toBe('WRONG_TENANT')
    expect(await tenancy.run(b, async () => (await em.fork().findOneOrFail(Author, 1)).name)).toBe(b.schema)
  })

  describe.each(orders)('in the order %s, %s', (first, second) => {
    test.each(Object.keys(uses))('refuses an EntityManager in the second scope after %s in the first', async (use) => {
      await fillAll()
      const em = orm.em.fork()
      await inScope(first, () => uses[use]!(em))
      const attempts = {
        find: () => readHere(em),
        getReference: async () => em.getReference(Author, 1),
        flush: () => em.flush(),
        create: async () => em.create(Author, { id: 9, name: 'x' }),
        'query builder': () => em.createQueryBuilder(Author).getResult(),
        transactional: () => em.transactional((inner) => readHere(inner as EntityManager)),
        'a fork with its entities': () => readHere(em.fork({ clear: false })),
        'a RequestContext with its entities': () => RequestContext.create(em, () => readHere(em), { clear: false } as object),
      }
      for (const [name, attempt] of Object.entries(attempts)) {
        const error = await refused(inScope(second, attempt))
        expect({ name, code: codeOf(error) }).toEqual({ name, code: 'WRONG_TENANT' })
      }
      expect(await inScope(second, () => readHere(em.fork()))).toBe(nameIn(second))
    })

    test('never flushes what was changed in the first scope', async () => {
      await fillAll()
      const em = orm.em.fork()
      await inScope(first, async () => {
        ;(await em.findOneOrFail(Author, 1)).name = 'changed'
      })
      expect(codeOf(await refused(inScope(second, () => em.flush())))).toBe('WRONG_TENANT')
      expect(await inScope(second, () => readHere(orm.em.fork()))).toBe(nameIn(second))
    })

    test('never answers from the result cache of the first scope', async () => {
      await fillAll()
      await orm.config.getResultCacheAdapter().clear()
      const countCached = (): Promise<number> => orm.em.fork().count(Author, { name: nameIn(first) }, { cache: 5000 })
      expect(await inScope(first, cached)).toEqual([nameIn(first)])
      expect(await inScope(first, cachedByName)).toEqual([nameIn(first)])
      expect(await inScope(first, countCached)).toBe(1)
      expect(await inScope(second, cached)).toEqual([nameIn(second)])
      expect(await inScope(second, cachedByName)).toEqual([nameIn(second)])
      expect(await inScope(second, countCached)).toBe(0)
    })
  })

  test('refuses outside every scope to answer from memory or from a cache', async () => {
    await fillAll()
    const em = orm.em.fork()
    for (const scope of ['a', 'shared'] as const) {
      const own = orm.em.fork()
      await inScope(scope, async () => void (await own.findOneOrFail(Author, 1)))
      await inScope(scope, cached)
      expect(codeOf(await refused(own.findOneOrFail(Author, 1)))).toBe('NO_TENANT')
      expect(codeOf(await refused(cached()))).toBe('NO_TENANT')
    }
    expect(codeOf(await refused(em.findOneOrFail(Author, 1)))).toBe('NO_TENANT')
    expect(await tenancy.run(a, async () => (await em.findOneOrFail(Author, 1)).name)).toBe(a.schema)
  })

  test('takes no scope for the shared one where the configuration says so', async () => {
    await fillAll()
    const lenient = createTenancy({ ...wall, migrations: { shadowed: ['authors'] }, outsideScope: 'shared' })
    const other = new MikroORM(tenantMikroOrmOptions(lenient, { entities: [Author, Book, Plan] }))
    const em = other.em.fork()
    expect(await lenient.runShared(() => readHere(em))).toBe('shared')
    expect(await readHere(em)).toBe('shared')
    expect(codeOf(await lenient.run(a, () => refused(readHere(em))))).toBe('WRONG_TENANT')
    const ofA = other.em.fork()
    expect(await lenient.run(a, () => readHere(ofA))).toBe(a.schema)
    expect(codeOf(await refused(readHere(ofA)))).toBe('WRONG_TENANT')
    const ofNone = other.em.fork()
    expect(await readHere(ofNone)).toBe('shared')
    expect(codeOf(await lenient.run(a, () => refused(readHere(ofNone))))).toBe('WRONG_TENANT')
    await other.close()
    await lenient.close()
  })

  test('refuses one RequestContext for two tenants, and accepts one for each', async () => {
    await fillOne()
    const read = async (): Promise<string> => (await orm.em.findOneOrFail(Author, 1)).name
    await RequestContext.create(orm.em, async () => {
      expect(await tenancy.run(a, read)).toBe(a.schema)
      expect(codeOf(await tenancy.run(b, () => refused(read())))).toBe('WRONG_TENANT')
    })
    for (const tenant of tenants) {
      expect(await tenancy.run(tenant, () => RequestContext.create(orm.em, read))).toBe(tenant.schema)
    }
  })

  test('keeps a result cache for each tenant', async () => {
    await fillOne()
    for (const tenant of tenants) {
      expect(await tenancy.run(tenant, cached)).toEqual([tenant.schema])
      expect(await tenancy.run(tenant, cachedByName)).toEqual([tenant.schema])
    }
    await admin.query(`update "${a.schema}".authors set name = 'changed'`)
    expect(await tenancy.run(a, cached)).toEqual([a.schema])
    await tenancy.run(a, () => orm.em.fork().clearCache('all'))
    expect(await tenancy.run(a, cachedByName)).toEqual(['changed'])
  })

  test('keeps values that look like SQL as values, though MikroORM writes them into the text', async () => {
    await empty()
    const names = [
      `'; commit; select '`,
      `"; begin; --`,
      "a\\'; rollback; /*",
      '$1; ? $$ ?? {x}',
      'set search_path to public; temp',
    ]
    await tenancy.run(a, async () => {
      for (const [id, name] of names.entries()) await orm.em.fork().insert(Author, { id, name })
      expect((await orm.em.fork().find(Author, {}, { orderBy: { id: 'asc' } })).map(({ name }) => name)).toEqual(names)
    })
  })

  test('reads dates, times and their arrays as MikroORM expects them, in streams too', async () => {
    await tenancy.run(a, async () => {
      const text = `select date '2026-11-21' as d, timestamptz '2026-11-21 10:00+00' as t, array[date '2026-11-21'] as l`
      const connection = orm.em.getConnection()
      const [row]: any = await connection.execute(text)
      const streamed: any[] = []
      for await (const each of (connection as any).stream(text)) streamed.push(each)
      expect(row).toMatchObject({ d: '2026-11-21', l: ['2026-11-21'] })
      expect(typeof row.t).toBe('string')
      expect(streamed).toEqual([row])
    })
  })

  test('flushes a unit of work in one transaction of its tenant', async () => {
    await fillOne()
    await tenancy.run(b, async () => {
      const em = orm.em.fork()
      const author = await em.findOneOrFail(Author, 1)
      author.name = 'renamed'
      em.create(Book, { id: 1, author, title: 't', plan: 'free', mood: 'calm', moods: ['wild'], tags: ['x'] } as never)
      await em.flush()
      expect(await em.fork().count(Book, { author: { name: 'renamed' }, moods: { $contains: ['wild'] } } as never)).toBe(1)
    })
    expect((await admin.query(`select name from "${a.schema}".authors`)).rows).toEqual([{ name: a.schema }])
  })

  test('cancels a statement, and gives its connection back', async () => {
    const started = Date.now()
    // Behind a pooler MikroORM does not know the session: the caller goes on at once, but the statement runs to its end.
    const seconds = isPooled ? 1 : 20
    await tenancy.run(a, async () => {
      const em = orm.em.fork({ signal: AbortSignal.timeout(100), inflightQueryAbortStrategy: 'cancel query' })
      await refused(em.execute(`select pg_sleep(${seconds})`))
    })
    expect(Date.now() - started).toBeLessThan(10_000)
  })

  test('uses tenancy.pool itself, though MikroORM brings a copy of pg of its own', async () => {
    const own = createRequire(createRequire(import.meta.url).resolve('@mikro-orm/postgresql'))('pg') as typeof pg
    expect(own.Client, 'the point of this test').not.toBe(pg.Client)
    const made = vi.spyOn(own.Client.prototype, 'connect')
    const lent = vi.spyOn(tenancy.pool, 'connect')
    await tenancy.run(a, () => orm.em.fork().execute('select 1'))
    expect([lent.mock.calls.length, made.mock.calls.length]).toEqual([1, 0])
    vi.restoreAllMocks()
  })

  test('needs no tenant to connect, and leaves the pool open when it is closed', async () => {
    const other = new MikroORM(tenantMikroOrmOptions(tenancy, { entities: [Author, Book, Plan] }))
    await other.connect()
    await other.close()
    expect(await tenancy.run(a, async () => orm.em.fork().execute('select 1 as one'))).toEqual([{ one: 1 }])
  })

  test.each([
    { host: 'localhost' },
    { clientUrl: 'postgres://localhost' },
    { dbName: 'x' },
    { pool: { max: 5 } },
    { schema: 'acme' },
    { driverOptions: {} },
    { sessionContext: 'connection' },
    { ensureDatabase: true },
    { replicas: [] },
  ])('refuses the option %o, and says what to do instead', (option) => {
    const [key] = Object.keys(option)
    expect(() => tenantMikroOrmOptions(tenancy, { entities: [Author], ...option } as never)).toThrowError(
      expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringContaining(`refuses the option "${key}"`) }),
    )
  })
})
