/** node-postgres itself as a subject of the contract. */
import type { Pool, PoolClient, QueryConfig } from 'pg'
import QueryStream from 'pg-query-stream'
import type { Author, OrmOperations, OrmSubject, OrmTransaction } from '../contract/orm.ts'

export function pgSubject({ pool }: { readonly pool: Pool }): OrmSubject {
  return {
    ...operations(pool),
    async transaction(work, level) {
      const client = await pool.connect()
      try {
        await client.query(level === undefined ? 'begin' : `begin isolation level ${level}`)
        const result = await work(transactionOn(client))
        await client.query('commit')
        return result
      } catch (error) {
        await client.query('rollback')
        throw error
      } finally {
        client.release()
      }
    },
    async *stream() {
      const client = await pool.connect()
      try {
        yield* client.query(new QueryStream('select * from authors order by id', [], { batchSize: 20 })) as AsyncIterable<Author>
      } finally {
        client.release()
      }
    },
  }
}

function operations(queryable: Pick<PoolClient, 'query'>): OrmOperations {
  const rows = async (text: string | QueryConfig, values: readonly unknown[] = []): Promise<any[]> =>
    (await queryable.query(text, [...values])).rows
  return {
    addAuthor: ({ id, name }) => rows('insert into authors values ($1, $2)', [id, name]),
    renameAuthor: (id, name) => rows('update authors set name = $2 where id = $1', [id, name]),
    removeAuthor: (id) => rows('delete from authors where id = $1', [id]),
    authors: () => rows('select * from authors order by id'),
    addBook: (book) =>
      rows('insert into books values ($1, $2, $3, $4, $5, $6, $7)', [
        book.id,
        book.authorId,
        book.title,
        book.plan,
        book.mood,
        book.moods,
        book.tags,
      ]),
    books: () =>
      rows({
        name: 'books',
        text: 'select id, author_id as "authorId", title, plan, mood, moods::text[], tags from books order by id',
      }),
    authorsWithBooks: () =>
      rows(
        `select authors.name, coalesce(array_agg(title order by books.id) filter (where title is not null), '{}') as books
         from authors left join books on author_id = authors.id
         group by authors.id
         order by authors.id`,
      ),
    booksWithPrice: () => rows('select title, price from books join plans on plans.name = books.plan order by id'),
    raw: rows,
  }
}

function transactionOn(client: PoolClient, depth = 0): OrmTransaction {
  return {
    ...operations(client),
    async nested(work) {
      await client.query(`savepoint level_${depth}`)
      try {
        const result = await work(transactionOn(client, depth + 1))
        await client.query(`release savepoint level_${depth}`)
        return result
      } catch (error) {
        await client.query(`rollback to savepoint level_${depth}`)
        throw error
      }
    },
  }
}
