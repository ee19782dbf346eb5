/** SQL with separate values. Each function of a `*-sql.ts` file makes one statement; values never become part of the text. */
import type { QueryResult, QueryResultRow } from 'pg'

export interface Statement {
  readonly text: string
  readonly values?: unknown[]
}

/** A statement that is sent alone, whose caller waits so long for the answer; after that the connection is closed. */
export interface TimedStatement extends Statement {
  readonly timeoutMs: number
}

/** Something that can run a statement: a pool, a client, a transaction. */
export interface Queryable {
  query<R extends QueryResultRow = QueryResultRow>(statement: Statement): Promise<QueryResult<R>>
}
