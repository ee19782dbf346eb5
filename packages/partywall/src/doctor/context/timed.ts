/** Sends statements that only read, each in a transaction of its own, with limits: the doctor must not become what slows the server down. */
import type { Transaction } from '../../ports/database.ts'
import type { Queryable, Statement } from '../../sql/statement.ts'
import type { Ask } from './examination.ts'

/** The most milliseconds of one statement. */
export const statementTimeoutMs = 10_000

/** The most milliseconds for which a statement waits for a lock: something else changes what it reads. */
const lockTimeoutMs = 1000

/** The rows of a fleet fit into it, and none go through a file. */
const workMemory = '32MB'

type Transact = <T>(fn: (transaction: Transaction) => Promise<T>) => Promise<T>

export function timed(transact: Transact): Queryable {
  return {
    query: (statement) =>
      transact(async (transaction) => {
        await transaction.query({ text: limits })
        return transaction.query(statement)
      }),
  }
}

/** As a question to the server, of which only the rows count. */
export function asking(reader: Queryable): Ask {
  return async <R extends object>(statement: Statement) =>
    (await reader.query<R & Record<string, unknown>>(statement)).rows as R[]
}

/** To compile a statement takes longer than to run it: each runs once. */
const limits =
  `set local statement_timeout to ${statementTimeoutMs}; set local lock_timeout to ${lockTimeoutMs}; ` +
  `set local transaction_read_only to on; set local work_mem to '${workMemory}'; set local jit to off`
