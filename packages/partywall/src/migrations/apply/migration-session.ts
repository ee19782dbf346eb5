/**
 * The client that a migration in TypeScript queries with. It lives as long as the migration: a query that the migration did not await still
 * belongs to it, and fails it; a query after its end is refused, because the connection may serve another schema by then.
 */
import type { QueryResult, QueryResultRow } from 'pg'
import type { Queryable, Statement } from '../../sql/statement.ts'
import { TenancyError } from '../../errors.ts'
import type { MigrationClient } from '../../ports/migration-source.ts'

export class MigrationSession implements MigrationClient {
  readonly #queryable: Queryable
  readonly #queries: Promise<unknown>[] = []
  /** Failures of queries before this one do not count: the migration has rolled back to a savepoint since, so it has seen them. */
  #forgiven = 0
  #isOver = false

  private constructor(queryable: Queryable) {
    this.#queryable = queryable
  }

  /** Runs `fn` with a session, and waits for all of its queries. */
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

  /**
   * Not an async function: the caller must get the very promise that is kept here. Another one would be an unhandled rejection to Node.js
   * when the migration does not await it.
   */
  query<R extends QueryResultRow = QueryResultRow>(
    statement: string | Statement,
    values?: readonly unknown[],
  ): Promise<QueryResult<R>> {
    if (this.#isOver) return Promise.reject(usedTooLate())
    const sent = typeof statement === 'string' ? toStatement(statement, values) : statement
    const query = this.#queryable.query<R>(sent)
    const index = this.#queries.push(query)
    const settled = (): void => {
      if (undoes.test(sent.text)) this.#forgiven = index
    }
    // A failure reaches the caller that awaits the query, and #settle.
    query.then(settled, () => {})
    return query
  }

  /** Waits until there are no more queries: one that is done may have started others. */
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

function usedTooLate(): TenancyError {
  return new TenancyError(
    'RELEASED_CLIENT',
    'A migration used its client after it had ended, so the query was refused: it would run outside of the transaction. Await every query ' +
      'before `up` or `down` returns.',
  )
}

function toStatement(text: string, values: readonly unknown[] | undefined): Statement {
  return values === undefined || values.length === 0 ? { text } : { text, values: [...values] }
}
