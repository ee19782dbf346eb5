import { CompiledQuery, Kysely, PostgresDialect, sql, type ControlledTransaction, type Transaction } from 'kysely'
import { jsonArrayFrom } from 'kysely/helpers/postgres'
import Cursor from 'pg-cursor'
import { describe, expect, it } from 'vitest'
import type { Tenancy } from 'partywall'
import { tenantDialect } from '../../src/orm/kysely.ts'
import {
  codeOf,
  ormContract,
  refused,
  type Author,
  type Mood,
  type OrmOperations,
  type OrmSubject,
  type OrmTransaction,
} from '../contract/orm.ts'

interface Tables {
  authors: Author
  books: { id: number; author_id: number; title: string; plan: string; mood: Mood; moods: string; tags: string[] }
  plans: { name: string; price: number }
}

const { tenancy, tenants, empty } = await ormContract('Kysely', subjectOf)
const [a, b] = tenants as [(typeof tenants)[0], (typeof tenants)[0]]

function subjectOf(ofTenants: Tenancy): OrmSubject {
  const db = new Kysely<Tables>({ dialect: new PostgresDialect(tenantDialect(ofTenants, { cursor: Cursor })) })
  return {
    ...operations(db),
    async transaction(work, level) {
      const transaction = await (
        level === undefined ? db.startTransaction() : db.startTransaction().setIsolationLevel(level)
      ).execute()
      try {
        const result = await work(transactionOn(transaction))
        await transaction.commit().execute()
        return result
      } catch (error) {
        await transaction.rollback().execute()
        throw error
      }
    },
    stream: () => db.selectFrom('authors').selectAll().orderBy('id').stream(20),
    close: () => db.destroy(),
  }
}

function operations(db: Kysely<Tables> | Transaction<Tables>): OrmOperations {
  return {
    addAuthor: (author) => db.insertInto('authors').values(author).execute(),
    renameAuthor: (id, name) => db.updateTable('authors').set({ name }).where('id', '=', id).execute(),
    removeAuthor: (id) => db.deleteFrom('authors').where('id', '=', id).execute(),
    authors: () => db.selectFrom('authors').selectAll().orderBy('id').execute(),
    addBook: ({ authorId, moods, tags, ...book }) =>
      db
        .insertInto('books')
        .values({ ...book, author_id: authorId, moods: moods as never, tags: [...tags] })
        .execute(),
    books: () =>
      db
        .selectFrom('books')
        .select(['id', 'author_id as authorId', 'title', 'plan', 'mood', 'tags'])
        // node-postgres knows no enum of a tenant by its number, and gives an array of it as text.
        .select(sql<Mood[]>`moods::text[]`.as('moods'))
        .orderBy('id')
        .execute(),
    authorsWithBooks: async () => {
      const found = await db
        .selectFrom('authors')
        .select((author) => [
          'name',
          jsonArrayFrom(author.selectFrom('books').select('title').whereRef('author_id', '=', 'authors.id').orderBy('id')).as(
            'books',
          ),
        ])
        .orderBy('id')
        .execute()
      return found.map(({ name, books }) => ({ name, books: books.map(({ title }) => title) }))
    },
    booksWithPrice: () =>
      db
        .selectFrom('books')
        .innerJoin('plans', 'plans.name', 'books.plan')
        .select(['title', 'price'])
        .orderBy('books.id')
        .execute(),
    raw: async (text, values = []) => (await db.executeQuery(CompiledQuery.raw(text, [...values]))).rows,
  }
}

function transactionOn(transaction: ControlledTransaction<Tables, string[]>, depth = 0): OrmTransaction {
  return {
    ...operations(transaction),
    async nested(work) {
      const inner = await transaction.savepoint(`level_${depth}`).execute()
      try {
        const result = await work(transactionOn(inner, depth + 1))
        await inner.releaseSavepoint(`level_${depth}`).execute()
        return result
      } catch (error) {
        await inner.rollbackToSavepoint(`level_${depth}`).execute()
        throw error
      }
    },
  }
}

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
      // The signal comes from outside of every scope, as one that a timer or a closing socket gives.
      setTimeout(() => abort.abort(), 150)
      const running = tenancy.run(a, () =>
        refused(sql`select pg_sleep(20)`.execute(db, { signal: abort.signal, inflightQueryAbortStrategy })),
      )
      expect(((await running) as Error).name).toBe('AbortError')
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

async function sleepers(): Promise<number> {
  const { rows } = await tenancy.sharedPool.query<{ count: number }>(
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
