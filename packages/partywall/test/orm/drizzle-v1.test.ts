/** drizzle-orm 1.0 (rc) with its node-postgres driver, installed beside 0.45 as drizzle-orm-v1. */
import { defineRelations, eq, sql, type SQL } from 'drizzle-orm-v1'
import { drizzle, type NodePgDatabase } from 'drizzle-orm-v1/node-postgres'
import { integer, pgEnum, pgTable, text } from 'drizzle-orm-v1/pg-core'
import { describe, expect, test } from 'vitest'
import type { Tenancy } from 'partywall'
import { tenantDrizzle } from '../../src/orm/drizzle.ts'
import { ormContract, type OrmOperations, type OrmSubject, type OrmTransaction } from '../contract/orm.ts'

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
const relations = defineRelations({ plans, authors, books }, (r) => ({
  authors: { books: r.many.books() },
  books: { author: r.one.authors({ from: r.books.authorId, to: r.authors.id }) },
}))
type Db = NodePgDatabase<typeof relations>
type Transaction = Parameters<Parameters<Db['transaction']>[0]>[0]

const { tenancy } = await ormContract('Drizzle 1.0', subjectOf, {
  lacks: { streaming: 'its node-postgres driver has no iterator; use pg-query-stream on tenancy.pool' },
})

function subjectOf({ pool }: Tenancy): OrmSubject {
  const db = tenantDrizzle({ pool }, (client) => drizzle({ client, relations }))
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
      const found = await db.query.authors.findMany({ with: { books: { orderBy: { id: 'asc' } } }, orderBy: { id: 'asc' } })
      return found.map((author) => ({ name: author.name, books: author.books.map(({ title }) => title) }))
    },
    booksWithPrice: async () =>
      db
        .select({ title: books.title, price: plans.price })
        .from(books)
        .innerJoin(plans, eq(plans.name, books.plan))
        .orderBy(books.id),
    raw: async (statement, values) => ((await db.execute(withValues(statement, values))) as unknown as { rows: unknown[] }).rows,
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
  test('refuses drizzle(client), which opens a pool of its own without an error', async () => {
    const db = drizzle(tenancy.pool as never) as ReturnType<typeof drizzle>
    expect(db.$client, 'what it protects from').not.toBe(tenancy.pool)
    expect(() => tenantDrizzle(tenancy, () => db)).toThrow('(client) => drizzle({ client, … })')
    await db.$client.end()
  })

  test('refuses a cache, which would give one tenant the rows of another', () => {
    const cache = { strategy: () => 'all', get: async () => undefined, put: async () => {}, onMutate: async () => {} }
    const db = drizzle({ client: tenancy.pool, cache: cache as never })
    expect(() => tenantDrizzle(tenancy, () => db)).toThrow('tenancy.current()')
  })
})
