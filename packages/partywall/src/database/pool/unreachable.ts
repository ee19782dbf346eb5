/**
 * Turns a failed connection into an error that names the server and says what to do. Every way to a connection goes through the pool,
 * which calls this for an error before the connection was lent. After that, an error stays as it is: the statement may have run.
 *
 * The message never contains a password, nor a part of the configuration that could be one in the wrong place.
 */
import pg, { type ClientConfig } from 'pg'
import { isTenancyError, TenancyError } from '../../errors.ts'

/** The error itself when it is not about the connection, such as an error of a `verify` function. */
export function explainUnreachable(error: Error, config: ClientConfig): Error {
  if (isTenancyError(error)) return error
  const trouble = troubleIn(error)
  if (trouble === undefined) return error
  const { code, label, fix } = trouble
  return new TenancyError(
    'DATABASE_UNREACHABLE',
    `No connection to PostgreSQL at ${whereOf(config)} (${code ?? label ?? 'failed'}). ${fix}`,
    { details: { code }, cause: error },
  )
}

interface Trouble {
  readonly code?: string
  /** Stands in the message where there is no code. */
  readonly label?: string
  readonly fix: string
}

function troubleIn(error: Error): Trouble | undefined {
  const { code, severity, syscall, errors } = error as Error & Record<'code' | 'severity' | 'syscall' | 'errors', unknown>
  if (typeof code === 'string') {
    const fix = fixOfCode(code)
    if (fix !== undefined) return { code, fix }
    // The server ends a connection that it refuses with such an error. Statements that fail later have the severity ERROR.
    if (severity === 'FATAL' || severity === 'PANIC')
      return { code, fix: 'The server refuses the connection: see the cause, and its log.' }
    if (typeof syscall === 'string') return { code, fix: 'The network failed: see the cause.' }
  }
  const known = messages.find(([pattern]) => pattern.test(error.message))
  if (known !== undefined) return { label: known[1], fix: known[2] }
  // A host name with several addresses: each of them was tried.
  const [first] = Array.isArray(errors) ? errors : []
  return first instanceof Error ? troubleIn(first) : undefined
}

function fixOfCode(code: string): string | undefined {
  if (Object.hasOwn(fixes, code)) return fixes[code]
  if (
    /^(?:ERR_SSL|ERR_TLS|ERR_OSSL|CERT|CRL|UNABLE_TO|DEPTH_ZERO|SELF_SIGNED|HOSTNAME_MISMATCH|INVALID_(?:CA|PURPOSE))/.test(code)
  ) {
    return 'The certificate or the TLS settings do not fit: see the option "ssl" of node-postgres, or sslmode in the connection string.'
  }
  return /^(?:08|28|57P0)/.test(code) ? 'The server refuses the connection: see the cause, and its log.' : undefined
}

/** Node.js' error codes and SQLSTATEs. */
const fixes: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'Nothing listens there: start the server, or correct the host and port.',
  ENOENT: 'There is no such socket: start the server, or correct the folder that is given as the host.',
  EACCES: 'This process may not use the socket: check its owner and mode.',
  ENOTFOUND: 'The host name does not exist: correct it.',
  EAI_AGAIN: 'The host name could not be looked up: correct it, or check the network.',
  ETIMEDOUT: 'The host does not answer: check the network and the firewall.',
  EHOSTUNREACH: 'The host cannot be reached: check the network.',
  ENETUNREACH: 'The network cannot be reached: check it.',
  ECONNRESET: 'The server closed the connection: see its log.',
  EPIPE: 'The server closed the connection: see its log.',
  EMFILE: 'This process has too many open files and sockets: raise its limit, or lower pool.max.',
  ENFILE: 'This machine has too many open files and sockets.',
  EADDRNOTAVAIL: 'This machine has no local port left, or the address is not valid here.',
  ERR_SOCKET_BAD_PORT: 'The port is not a number from 1 to 65535: correct it, also in PGPORT.',
  EPROTO: 'The answer is not TLS: correct the port, or see the option "ssl".',
  '28P01': 'The user or the password is wrong. In a connection string, percent-encode the password (encodeURIComponent).',
  '28000': 'The server does not accept this user: see its pg_hba.conf.',
  '3D000': 'The database does not exist: create it, or correct its name.',
  '53300': 'The server has no connection left: lower pool.max, or raise max_connections.',
  '57P03': 'The server is starting or stopping: try again in a moment.',
}

/** What node-postgres says without a code. */
const messages: readonly (readonly [pattern: RegExp, label: string, fix: string])[] = [
  [
    /connection timeout|timeout expired/i,
    'timeout',
    'The server did not answer in time: check the network and the port, or see pool.connectionTimeoutMillis.',
  ],
  [
    /does not support SSL/i,
    'no TLS',
    'The server has no TLS: set sslmode=disable if the network is safe, or turn TLS on in the server.',
  ],
  [/establishing an SSL connection/i, 'no TLS', 'The answer is none of PostgreSQL: correct the host and port.'],
  [
    /password must be a (?:non-empty )?string/i,
    'no password',
    'The server asks for a password, and there is none: give it in the option "database", or as PGPASSWORD.',
  ],
  [/^SASL:|SCRAM/, 'failed login', 'The login failed: see the cause.'],
  [
    /^Connection terminated|^Client has encountered a connection error/,
    'terminated',
    'The connection was closed before it was ready: see the log of the server, and correct the host and port if it is not PostgreSQL.',
  ],
  [
    /received invalid response|unknown (?:message|authentication)/i,
    'invalid answer',
    'What answers there is not PostgreSQL: correct the host and port.',
  ],
]

/** node-postgres itself combines the connection string, the options and the environment. */
function whereOf(config: ClientConfig): string {
  try {
    const { host, port, database, user } = new pg.Client(config)
    return `${shown(host, hostForm)}:${Number(port)}/${shown(database, nameForm)} as ${shown(user, nameForm)}`
  } catch {
    return 'the configured address'
  }
}

/** A text of another form may be a whole connection string in the wrong option. */
function shown(text: unknown, form: RegExp): string {
  return typeof text === 'string' && form.test(text) ? text : '[hidden]'
}

/** A name, an address, or the folder of a socket. */
const hostForm = /^(?:[\w.-]+|[\da-f:.%]+|\/[\w./-]*)$/i
const nameForm = /^[\p{L}\p{N}_.$ -]+(?:@[\w.-]+)?$/u
