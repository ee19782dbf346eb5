/** SQL and its values, apart. The functions of `*-sql.ts` files each make one statement; values never become part of the text. */
import type { QueryResult, QueryResultRow } from 'pg'

export interface Statement {
  readonly text: string
  readonly values?: unknown[]
}

/** Whatever can run a statement: a pool, a client, a transaction. */
export interface Queryable {
  query<R extends QueryResultRow = QueryResultRow>(statement: Statement): Promise<QueryResult<R>>
}
