/** What the pool refuses. `pool.query` lends a connection for one statement, and takes it back when that is done. */
import { TenancyError } from '../../errors.ts'
import { splitStatements } from '../../sql/lexer.ts'
import type { ExaminedText } from '../../sql/statement-facts.ts'

/** A statement that controls a transaction would do harm on a connection that the caller does not hold. */
export function assertOneStatement({ text, facts }: ExaminedText): void {
  if (facts.control === undefined && !facts.leavesOpen) return
  const verb = facts.innerControl ?? splitStatements(text)[0]!.tokens[0]!
  throw new TenancyError(
    'UNSAFE_STATEMENT',
    `pool.query cannot control a transaction (${verb.toUpperCase()}): each call may use another connection. ` +
      'Check out a client with tenancy.pool.connect() and send begin, the statements and commit on it.',
    { details: { statement: verb } },
  )
}

/** Cursors, and the streams of pg-copy-streams, never say to a pool that they are done, so their connection would never come back. */
export function needsClient(what: 'A cursor' | 'A COPY stream'): TenancyError {
  return new TenancyError(
    'UNSAFE_STATEMENT',
    `${what} needs a client of its own: check one out with tenancy.pool.connect(), and release it when it is done.`,
  )
}

export function needsQuery(): TypeError {
  return new TypeError('pool.query needs a text, a config object or a query object as its first argument, and got a function.')
}

/**
 * @param isLogin the caller waited for a connection that logs in as its tenant
 * @param longest half a sentence about the client that is checked out longest
 */
export function exhausted(
  { max, connectionTimeoutMillis = 0 }: { readonly max: number; readonly connectionTimeoutMillis?: number | undefined },
  isLogin: boolean,
  longest: string,
  cause: Error,
): TenancyError {
  return new TenancyError(
    'POOL_EXHAUSTED',
    `All ${max} connections of ${isLogin ? 'tenants that log in themselves' : 'the pool'} stayed busy for ${connectionTimeoutMillis} ms; ${longest}. Release every ` +
      `client in a finally block, raise pool.${isLogin ? 'loginMax' : 'max'}, or look for slow statements.`,
    { details: { max, connectionTimeoutMillis }, cause },
  )
}
