/**
 * The client of a migration in the shape of a connection of node-postgres, for libraries that need one. The transaction is partywall's own: a
 * library that starts one gets a savepoint. So what it rolls back is undone, and what it commits is kept with the rest, or not at all.
 */
import type { QueryResult } from 'pg'
import { TenancyError } from '../../../errors.ts'
import type { MigrationClient } from '../../../ports/migration-source.ts'

type Callback = (error: Error | null, result?: QueryResult<any>) => void

export interface BorrowedConnection {
  query(config: string | QueryLike, values?: unknown, callback?: unknown): any
  release(): void
  on(): this
  removeListener(): this
  readonly processID: number
}

interface QueryLike {
  readonly text?: unknown
  readonly values?: unknown[]
}

/** @param isInTransaction false for a migration that runs outside of a transaction: it may start its own */
export function borrowConnection(client: MigrationClient, isInTransaction: boolean): BorrowedConnection {
  let depth = 0
  const translate = (text: string): string => {
    if (!isInTransaction || text.length > 200) return text
    if (begins.test(text)) return `savepoint partywall_${++depth}`
    if (depth === 0) return text
    if (ends.test(text)) return `release savepoint partywall_${depth--}`
    return undoes.test(text) ? `rollback to savepoint partywall_${depth--}` : text
  }
  const send = (config: string | QueryLike, values: unknown): Promise<QueryResult<any>> => {
    const text = typeof config === 'string' ? config : config.text
    if (typeof text !== 'string') return Promise.reject(noStream())
    const parameters = Array.isArray(values) ? values : typeof config === 'string' ? undefined : config.values
    return client.query(translate(text), parameters)
  }
  const connection: BorrowedConnection = {
    processID: 0,
    query(config, values, callback) {
      const done = [values, callback].find((argument): argument is Callback => typeof argument === 'function')
      const sent = send(config, values)
      if (done === undefined) return sent
      sent.then(
        (result) => done(null, result),
        (error: Error) => done(error),
      )
      return undefined
    },
    release: () => {},
    on: () => connection,
    removeListener: () => connection,
  }
  return connection
}

/** The same in the shape of a pool: every checkout is this one connection. */
export function poolOf(connection: BorrowedConnection): BorrowedPool {
  return {
    connect: (callback) => {
      callback?.(undefined, connection, () => {})
      return callback === undefined ? Promise.resolve(connection) : undefined
    },
    end: async (callback) => callback?.(),
    on: () => {},
    removeListener: () => {},
    options: {},
  }
}

export interface BorrowedPool {
  connect(callback?: (error: undefined, client: BorrowedConnection, release: () => void) => void): any
  end(callback?: () => void): Promise<void>
  on(): void
  removeListener(): void
  readonly options: object
}

const begins = /^\s*(?:begin|start\s+transaction)\b[^;]*;?\s*$/i
const ends = /^\s*(?:commit|end)\b(?!\s+prepared)[^;]*;?\s*$/i
const undoes = /^\s*(?:rollback|abort)\b(?!\s+(?:to|prepared)|\s+(?:work|transaction)\s+to)[^;]*;?\s*$/i

function noStream(): TenancyError {
  return new TenancyError(
    'INVALID_MIGRATION',
    'A migration opened a cursor or a stream, but its connection takes only statements. Read the rows with a plain query.',
  )
}
