/**
 * The client that a migration in TypeScript queries with. It lives as long as the migration: a query that the migration did not await still
 * belongs to it, and fails it; a query after its end is refused, because the connection may serve another schema by then.
 *
 * A library sends a query some steps after it was called, so the end waits until a few turns of the event loop have brought no further query.
 * A timer of the migration that fires later than that is not waited for.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { QueryResult, QueryResultRow } from 'pg'
import type { Queryable, Statement } from '../../sql/statement.ts'
import { TenancyError } from '../../errors.ts'
import type { MigrationClient } from '../../ports/migration-source.ts'
import { withFloatingWork, type FloatingWork } from './floating-work.ts'

export class MigrationSession implements MigrationClient {
  readonly #queryable: Queryable
  readonly #queries: Promise<unknown>[] = []
  /** The query that was sent last, until it is done. node-postgres deprecates sending another one before, and will refuse it. */
  #running: Promise<void> | undefined
  /** Failures of queries before this one do not count: the migration has rolled back to a savepoint since, so it has seen them. */
  #forgiven = 0
  #isOver = false

  private constructor(queryable: Queryable) {
    this.#queryable = queryable
  }

  /** Runs `fn` with a session, and waits for all of its queries. */
  static async use(queryable: Queryable, fn: (client: MigrationClient) => Promise<void>): Promise<void> {
    const session = new MigrationSession(queryable)
    const work: FloatingWork = { isOver: false }
    try {
      await withFloatingWork(work, () => fn(session))
      await session.#settle()
      if (work.failure !== undefined) throw work.failure.reason
    } finally {
      session.#isOver = true
      work.isOver = true
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
    const send = (): Promise<QueryResult<R>> => this.#queryable.query<R>(sent)
    const query = this.#running === undefined ? send() : this.#running.then(send)
    this.#runs(query)
    const index = this.#queries.push(query)
    const settled = (): void => {
      if (undoes.test(sent.text)) this.#forgiven = index
    }
    // A failure reaches the caller that awaits the query, and #settle.
    query.then(settled, () => {})
    return query
  }

  /** Migrations may send in parallel: the next query waits for this one, whatever becomes of it. */
  #runs(query: Promise<unknown>): void {
    const isDone = (): void => {
      if (this.#running === running) this.#running = undefined
    }
    const running: Promise<void> = query.then(isDone, isDone)
    this.#running = running
  }

  /** Waits until there are no more queries: one that is done may have started others, and one that was called may not have been sent. */
  async #settle(): Promise<void> {
    let seen = -1
    while (seen < this.#queries.length) {
      const open = this.#queries.slice(Math.max(seen, 0))
      seen = this.#queries.length
      await Promise.allSettled(open)
      for (let turn = 0; turn < quietTurns; turn++) await nextTurn()
    }
    await Promise.all(this.#queries.slice(this.#forgiven))
  }
}

/** Of the event loop. Some libraries wait for one before they send. */
const quietTurns = 3

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
