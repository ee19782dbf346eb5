/** The operations of the contract in Knex; Objection takes its SQL from here. */
import type { Knex } from 'knex'
import type { Author, Book, OrmOperations } from '../contract/orm.ts'

export function knexOperations(db: Knex): OrmOperations {
  return {
    addAuthor: (author) => promised(db('authors').insert(author)),
    renameAuthor: (id, name) => promised(db('authors').where({ id }).update({ name })),
    removeAuthor: (id) => promised(db('authors').where({ id }).delete()),
    authors: () => promised(db<Author>('authors').select('*').orderBy('id')),
    addBook: ({ authorId, ...book }) => promised(db('books').insert({ ...book, author_id: authorId })),
    books: () =>
      promised(
        db('books')
          // node-postgres has no parser for the number of a tenant's enum, and returns an array of it as text.
          .select('id', 'author_id as authorId', 'title', 'plan', 'mood', db.raw('moods::text[]'), 'tags')
          .orderBy('id') as PromiseLike<Book[]>,
      ),
    authorsWithBooks: () =>
      promised(
        db('authors')
          .leftJoin('books', 'author_id', 'authors.id')
          .select('name', db.raw(`coalesce(array_agg(title order by books.id) filter (where title is not null), '{}') as books`))
          .groupBy('authors.id')
          .orderBy('authors.id') as PromiseLike<{ name: string; books: string[] }[]>,
      ),
    booksWithPrice: () =>
      promised(db('books').join('plans', 'plans.name', 'books.plan').select('title', 'price').orderBy('books.id')),
    raw: async (text, values = []) => (await db.raw(text.replaceAll(/\$\d+/g, '?'), [...values] as never)).rows,
  }
}

/** Knex runs a query when it is awaited. */
async function promised<T>(query: PromiseLike<T>): Promise<T> {
  return query
}
