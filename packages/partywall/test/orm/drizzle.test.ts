/** drizzle-orm 0.45 with its node-postgres driver. */
import { eq, relations, sql, type SQL } from 'drizzle-orm'
import { Cache } from 'drizzle-orm/cache/core'
import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres'
import { integer, pgEnum, pgTable, text, withReplicas } from 'drizzle-orm/pg-core'
import { describe, expect, test } from 'vitest'
import { createTenancy, isTenancyError, tenancyErrorOf, type Tenancy } from 'partywall'
import { errorAnswer } from 'partywall/http'
import { fixedBinder } from '../../src/database/binding/binder.ts'
import { Bindings } from '../../src/database/binding/binding.ts'
import { TenantPool } from '../../src/database/pool/tenant-pool.ts'
import { tenantDrizzle } from '../../src/orm/drizzle.ts'
import { Scope } from '../../src/scope/scope.ts'
import { codeOf, ormContract, refused, type OrmOperations, type OrmSubject, type OrmTransaction } from '../contract/orm.ts'
import { withSecondPg } from '../support/pools/second-pg.ts'

const mood = pgEnum('mood', ['calm', 'busy', 'wild'])
const plans = pgTable('plans', { name: text().primaryKey(), price: integer().notNull() })
const authors = pgTable('authors', { id: integer().primaryKey(), name: text().notNull() })
const books = pgTable('books', {
  id: integer().primaryKey(),
  authorId: integer('author_id').notNull(),
  title: text().notNull(),
  plan: text().notNull(),
  mood: mood().notNull(),
  moods: mood().array().notNull(),
  tags: text().array().notNull(),
})
const schema = {
  plans,
  authors,
  books,
  booksOfAuthor: relations(authors, ({ many }) => ({ books: many(books) })),
  authorOfBook: relations(books, ({ one }) => ({ author: one(authors, { fields: [books.authorId], references: [authors.id] }) })),
}
type Db = NodePgDatabase<typeof schema>
type Transaction = Parameters<Parameters<Db['transaction']>[0]>[0]

const { tenancy, tenants, empty, url, wall } = await ormContract('Drizzle 0.45', subjectOf, {
  lacks: { streaming: 'its node-postgres driver has no iterator; use pg-query-stream on tenancy.pool' },
})

function subjectOf({ pool }: Tenancy): OrmSubject {
  const db = tenantDrizzle({ pool }, (client) => drizzle({ client, schema }))
  return {
    ...operations(db),
    transaction: (work, isolationLevel) =>
      db.transaction((transaction) => work(transactionOn(transaction)), isolationLevel && { isolationLevel }),
  }
}

function operations(db: Db | Transaction): OrmOperations {
  return {
    addAuthor: async (author) => db.insert(authors).values(author),
    renameAuthor: async (id, name) => db.update(authors).set({ name }).where(eq(authors.id, id)),
    removeAuthor: async (id) => db.delete(authors).where(eq(authors.id, id)),
    authors: async () => db.select().from(authors).orderBy(authors.id),
    addBook: async (book) => db.insert(books).values({ ...book, moods: [...book.moods], tags: [...book.tags] }),
    books: async () => db.select().from(books).orderBy(books.id),
    authorsWithBooks: async () => {
      const found = await db.query.authors.findMany({ with: { books: { orderBy: [books.id] } }, orderBy: [authors.id] })
      return found.map((author) => ({ name: author.name, books: author.books.map(({ title }) => title) }))
    },
    booksWithPrice: async () =>
      db
        .select({ title: books.title, price: plans.price })
        .from(books)
        .innerJoin(plans, eq(plans.name, books.plan))
        .orderBy(books.id),
    raw: async (statement, values) => (await db.execute(withValues(statement, values))).rows,
  }
}

function transactionOn(transaction: Transaction): OrmTransaction {
  return {
    ...operations(transaction),
    nested: (work) => transaction.transaction((inner) => work(transactionOn(inner))),
  }
}

function withValues(statement: string, values: readonly unknown[] = []): SQL {
  const parts = statement.split(/\$\d+/)
  return sql.join(
    parts.flatMap((part, index) => (index < values.length ? [sql.raw(part), sql`${values[index]}`] : [sql.raw(part)])),
  )
}

describe('tenantDrizzle', () => {
  test('gives back a Drizzle on tenancy.pool, made by either form of drizzle()', () => {
    for (const db of [drizzle(tenancy.pool), drizzle({ client: tenancy.pool })]) expect(tenantDrizzle(tenancy, () => db)).toBe(db)
  })

  test('refuses another pool', () => {
    for (const db of [drizzle({ client: tenancy.sharedPool }), drizzle({ connection: 'postgres://nowhere' })]) {
      expect(() => tenantDrizzle(tenancy, () => db)).toThrow('(client) => drizzle({ client, … })')
    }
  })

  test('accepts a Drizzle that recognises the pool by the name of its class, with a second copy of pg', async () => {
    await empty()
    const second = (await withSecondPg('drizzle-orm'))('drizzle-orm/node-postgres') as { drizzle: typeof drizzle }
    const db = tenantDrizzle(tenancy, (client) => second.drizzle({ client, schema }))
    const undone = tenancy.run(tenants[0]!, () =>
      db.transaction(async (transaction) => {
        await transaction.execute(`insert into authors values (1, 'undone')`)
        throw new Error('undo it')
      }),
    )
    await expect(undone).rejects.toThrow('undo it')
    expect(await tenancy.run(tenants[0]!, () => db.select().from(authors))).toEqual([])
  })

  test('refuses a pool whose class lost its name: with a second copy of pg, a transaction would have no connection of its own', async () => {
    class t extends TenantPool {}
    const pool = new t({
      connectionString: url,
      binder: fixedBinder(new Bindings(tenancy.options).ofTenant(tenants[0]!), new Scope()),
    })
    const second = (await withSecondPg('drizzle-orm'))('drizzle-orm/node-postgres') as { drizzle: typeof drizzle }
    const db = second.drizzle({ client: pool })
    const error = await refused(db.transaction(async () => {}))
    expect(codeOf(error), 'what it protects from').toBe('UNSAFE_STATEMENT')
    expect(() => tenantDrizzle({ pool }, () => db)).toThrow('Let your bundler keep class names')
    await pool.end()
  })

  test('refuses a cache, which would give one tenant the rows of another', async () => {
    await empty()
    const [a, b] = tenants
    const cached = drizzle({ client: tenancy.pool, cache: new EverythingCache() })
    await tenancy.run(a!, async () => {
      await cached.insert(authors).values({ id: 1, name: 'of a' })
      expect(await cached.select().from(authors)).toHaveLength(1)
    })
    expect(await tenancy.run(b!, () => cached.select().from(authors)), 'what it protects from').toEqual([{ id: 1, name: 'of a' }])
    expect(() => tenantDrizzle(tenancy, () => cached)).toThrow('tenancy.current()')
    const replicated = withReplicas(drizzle({ client: tenancy.pool }), [cached])
    expect(() => tenantDrizzle(tenancy, () => replicated as never)).toThrow('tenancy.current()')
  })

  test('refuses a replica on another pool, and accepts one on tenancy.pool', () => {
    const db = drizzle({ client: tenancy.pool })
    const elsewhere = withReplicas(db, [drizzle({ connection: 'postgres://nowhere' })])
    expect(() => tenantDrizzle(tenancy, () => elsewhere as never)).toThrow('does not use tenancy.pool')
    const here = withReplicas(db, [drizzle({ client: tenancy.pool })])
    expect(tenantDrizzle(tenancy, () => here as never)).toBe(here)
  })
})

test('a refusal for a tenant that holds all of its connections is found inside the error of Drizzle', async () => {
  await using busy = createTenancy({ ...wall, pool: { max: 2, maxPerTenant: 1, connectionTimeoutMillis: 1000 } })
  const db = tenantDrizzle(busy, (client) => drizzle({ client, schema }))
  await busy.run(tenants[0]!.schema, async () => {
    const held = await busy.pool.connect()
    const error = await refused(db.select().from(authors)).finally(() => held.release())
    expect(error).not.toHaveProperty('details')
    expect(isTenancyError(error, 'TENANT_BUSY')).toBe(true)
    expect(tenancyErrorOf(error, 'TENANT_BUSY')?.details).toEqual({ schema: tenants[0]!.schema, maxPerTenant: 1 })
    expect(errorAnswer(error)).toMatchObject({ status: 503, body: expect.not.stringContaining('select') })
  })
})

test('Drizzle runs a query that is returned from the scope without being awaited in it', async () => {
  await empty()
  const db = drizzle({ client: tenancy.pool })
  const [a, b] = tenants
  await tenancy.run(a!, () => db.insert(authors).values({ id: 1, name: 'of a' }))
  expect(await tenancy.run(a!, () => db.select().from(authors))).toEqual([{ id: 1, name: 'of a' }])
  expect(await tenancy.run(b!, () => db.select().from(authors))).toEqual([])
})

test('Drizzle prepares a statement once for each tenant', async () => {
  await empty()
  const prepared = drizzle({ client: tenancy.pool })
    .select()
    .from(authors)
    .where(eq(authors.id, sql.placeholder('id')))
    .prepare('author_by_id')
  for (const tenant of tenants) {
    await tenancy.run(tenant, () => tenancy.pool.query('insert into authors values (1, $1)', [tenant.schema]))
  }
  for (const tenant of [...tenants, ...tenants]) {
    expect(await tenancy.run(tenant, () => prepared.execute({ id: 1 }))).toEqual([{ id: 1, name: tenant.schema }])
  }
})

/** The least that Drizzle accepts as a cache. */
class EverythingCache extends Cache {
  readonly #answers = new Map<string, any[]>()

  strategy(): 'all' {
    return 'all'
  }

  async get(key: string): Promise<any[] | undefined> {
    return this.#answers.get(key)
  }

  async put(key: string, answer: any[]): Promise<void> {
    this.#answers.set(key, answer)
  }

  async onMutate(): Promise<void> {}
}
