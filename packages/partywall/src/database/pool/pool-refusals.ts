/** What `pool.query` refuses: it lends a connection for one statement, and takes it back when that is done. */
import { TenancyError } from '../../errors.ts'
import { statementFacts } from '../../sql/statement-facts.ts'

/** What would do harm on a connection that the caller does not hold. */
export function assertForPool(config: any): void {
  if (config === null || config === undefined || typeof config === 'function') {
    throw new TypeError('pool.query needs a text, a config object or a query object.')
  }
  if (typeof config.submit === 'function') {
    // A cursor never says that it is done, so its connection would never come back.
    const isCursor = typeof config.read === 'function' && typeof config.pipe !== 'function'
    if (!isCursor) return
    throw needsClient('A cursor')
  }
  const text = typeof config === 'string' ? config : config.text
  const control = typeof text === 'string' ? statementFacts(text).control : undefined
  if (control === undefined) return
  throw new TenancyError(
    'UNSAFE_STATEMENT',
    `pool.query cannot steer a transaction (${/\w+/.exec(text)?.[0].toUpperCase()}): each call may use another connection. ` +
      'Take a client with tenancy.pool.connect() and send begin, the statements and commit on it.',
  )
}

/** The streams of pg-copy-streams never say to a pool that they are done either; one of them brings a callback that does nothing. */
export function isCopy(config: any): boolean {
  return typeof config?.submit === 'function' && ('_pgDataHandler' in config || '_gotCopyInResponse' in config)
}

export function needsClient(what: string): TenancyError {
  return new TenancyError('UNSAFE_STATEMENT', `${what} needs a client of its own: take one with tenancy.pool.connect().`)
}
