/** Kysely as a subject of the contract. */
import { CompiledQuery, Kysely, sql, type ControlledTransaction, type Transaction } from 'kysely'
import { jsonArrayFrom } from 'kysely/helpers/postgres'
import type { Pool } from 'pg'
import Cursor from 'pg-cursor'
import { tenantKyselyOptions } from '../../src/orm/kysely.ts'
import type { Author, Mood, OrmOperations, OrmSubject, OrmTransaction } from '../contract/orm.ts'

export interface Tables {
  authors: Author
  books: { id: number; author_id: number; title: string; plan: string; mood: Mood; moods: string; tags: string[] }
  plans: { name: string; price: number }
}

export function kyselySubject(ofTenants: { readonly pool: Pool }): OrmSubject {
  const db = new Kysely<Tables>(tenantKyselyOptions(ofTenants, { cursor: Cursor }))
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
        // node-postgres has no parser for the number of a tenant's enum, and returns an array of it as text.
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
