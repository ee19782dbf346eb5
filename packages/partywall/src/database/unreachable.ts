/** Turns a failed connection into an error that names the server and says what to do. It never contains a password. */
import pg, { type ClientConfig } from 'pg'
import { isTenancyError, TenancyError } from '../errors.ts'

const fixes: Record<string, string> = {
  ECONNREFUSED: 'Nothing listens there: start the server, or correct the host and port.',
  ENOTFOUND: 'The host name does not exist: correct it.',
  EAI_AGAIN: 'The host name could not be looked up: correct it, or check the network.',
  ETIMEDOUT: 'The host does not answer: check the network and the firewall.',
  EHOSTUNREACH: 'The host cannot be reached: check the network.',
  ECONNRESET: 'The server closed the connection: see its log.',
  '28P01': 'The password is wrong.',
  '28000': 'The server does not accept this user: see its pg_hba.conf.',
  '3D000': 'The database does not exist: create it, or correct its name.',
  '53300': 'The server has no connection left: lower pool.max, or raise max_connections.',
  '57P03': 'The server is starting or stopping: try again in a moment.',
}

/** node-postgres sets no code on the error when it gave up waiting. */
const waitedTooLong = /timeout exceeded when trying to connect|connection timeout|timeout expired/i

/** The error itself when it is not about the connection. */
export function explainUnreachable(error: unknown, config: ClientConfig): unknown {
  if (isTenancyError(error) || typeof error !== 'object' || error === null) return error
  const { code, message } = error as { code?: string; message?: string }
  const fix =
    fixes[code ?? ''] ??
    (waitedTooLong.test(message ?? '')
      ? 'No connection was free, or could be opened, in time: see pool.connectionTimeoutMillis.'
      : undefined)
  if (fix === undefined) return error
  return new TenancyError(
    'DATABASE_UNREACHABLE',
    `No connection to PostgreSQL at ${whereOf(config)} (${code ?? 'timeout'}). ${fix}`,
    {
      details: { code },
      cause: error,
    },
  )
}

function whereOf(config: ClientConfig): string {
  // node-postgres itself combines the connection string, the options and the environment.
  const { host, port, database, user } = new pg.Client(config)
  return `${host}:${port}/${database} as ${user}`
}
