/**
 * The client that a migration in TypeScript writes with. It lives as long as the migration: a query that nobody awaited still
 * belongs to it and fails it, and one that comes later is refused, for the transaction may be somebody else's by then.
 */
import type { QueryResult, QueryResultRow } from 'pg'
import type { Queryable, Statement } from '../../sql/statement.ts'
import { TenancyError } from '../../errors.ts'
import type { MigrationClient } from '../../ports/migration-source.ts'

export class MigrationSession implements MigrationClient {
  readonly #queryable: Queryable
  readonly #queries: Promise<unknown>[] = []
  /** Queries before this one were undone by a rollback to a savepoint, if they failed: whoever sent that has seen it. */
  #forgiven = 0
  #isOver = false

  private constructor(queryable: Queryable) {
    this.#queryable = queryable
  }

  /** Lends a session to `fn` and waits for all of its queries. */
  static async use(queryable: Queryable, fn: (client: MigrationClient) => Promise<void>): Promise<void> {
    const session = new MigrationSession(queryable)
    try {
      await fn(session)
      await session.#settle()
    } finally {
      session.#isOver = true
      await Promise.allSettled(session.#queries)
    }
  }

  /** Not an async function: the promise that the caller gets must be the one that is kept, or Node would see another unhandled. */
  query<R extends QueryResultRow = QueryResultRow>(
    statement: string | Statement,
    values?: readonly unknown[],
  ): Promise<QueryResult<R>> {
    if (this.#isOver) return Promise.reject(comesTooLate())
    const sent = typeof statement === 'string' ? toStatement(statement, values) : statement
    const query = this.#queryable.query<R>(sent)
    const index = this.#queries.push(query)
    const settled = (): void => {
      if (undoes.test(sent.text)) this.#forgiven = index
    }
    // Whoever awaits it hears of the failure; so does #settle.
    query.then(settled, () => {})
    return query
  }

  /** A query may start others when it is done: waits until there are no more. */
  async #settle(): Promise<void> {
    let seen = 0
    while (seen < this.#queries.length) {
      const open = this.#queries.slice(seen)
      seen = this.#queries.length
      await Promise.allSettled(open)
    }
    await Promise.all(this.#queries.slice(this.#forgiven))
  }
}

const undoes = /^\s*rollback\s+(?:(?:work|transaction)\s+)?to\b/i

function comesTooLate(): TenancyError {
  return new TenancyError(
    'RELEASED_CLIENT',
    'A migration used its client after it was done. Await every query before `up` returns.',
  )
}

function toStatement(text: string, values: readonly unknown[] | undefined): Statement {
  return values === undefined || values.length === 0 ? { text } : { text, values: [...values] }
}
