/**
 * Refuses an address that is not what its writer meant. A password with an @ / : # ? or % that is not percent-encoded does not stop
 * node-postgres: it takes a piece of the password for the host, the port or the database. The connection would go to the wrong server,
 * and every later message would show that piece.
 */
import pg, { type ClientConfig } from 'pg'
import { TenancyError } from '../errors.ts'

/**
 * Passes what node-postgres can parse in one way only; the environment (PGHOST, …) provides what is missing. Reads no more than the files
 * of certificates that the string names.
 * @throws TenancyError INVALID_OPTION, without the string and its parts, because each may contain a piece of a password
 */
export function assertConnectionString(database: ClientConfig | undefined): void {
  if (database === undefined) return
  const { connectionString } = database
  const problem = typeof connectionString === 'string' ? problemOf(connectionString) : undefined
  if (problem !== undefined) throw unreadable(problem)
  const { host, port } = parsed(database)
  if (host.includes(',')) throw unreadable('it names several hosts, and node-postgres connects to one')
  if (!hostForm.test(host))
    throw unreadable('the host, also that of PGHOST, is neither a name, an address nor the folder of a socket')
  if (!(Number.isInteger(port) && port >= 1 && port <= 65_535)) {
    throw unreadable('the port, also that of PGPORT, is not a number from 1 to 65535')
  }
}

function parsed(database: ClientConfig): { readonly host: string; readonly port: number } {
  try {
    const { host, port } = new pg.Client(database)
    return { host: String(host), port }
  } catch (cause) {
    throw unreadable('node-postgres cannot read it', withoutInput(cause))
  }
}

/** Half a sentence; undefined when the text can be read in one way only. */
function problemOf(text: string): string | undefined {
  // The folder of a socket and a database.
  if (text.startsWith('/')) return undefined
  const [, authority, rest] = /^[a-z][a-z0-9+.-]*:(?:\/\/([^/?#]*))?(.*)$/is.exec(text) ?? []
  if (rest === undefined) return 'it does not start with postgres:// (the form "host=… password=…" is that of libpq)'
  if (/[\s\p{Cc}]/u.test(text)) return 'it contains a space or a control character'
  if (/%(?![\da-f]{2})/i.test(text)) return 'it contains a % that does not begin an encoded character'
  if (rest.includes('@') || rest.includes('#')) return 'it has an @ or a # behind the host'
  const parts = (authority ?? '').split('@')
  if (parts.length > 2) return 'it has more than one @'
  const hosts = parts.at(-1)!
  if (hosts.includes(',')) return 'it names several hosts, and node-postgres connects to one'
  return hostAndPort.test(hosts) ? undefined : 'what should be the host and the port is not'
}

/** An encoded host is the folder of a socket. Without a host, node-postgres takes PGHOST or localhost. */
const hostAndPort = /^(?:\[[\da-f:.]+\]|[\p{L}\p{N}._%-]*)(?::\d{0,5})?$/iu
const hostForm = /^(?:[\p{L}\p{N}._-]+|\[?[\da-f:.]+(?:%[\w.-]+)?\]?|\/[^@:]*)$/iu

function unreadable(problem: string, cause?: unknown): TenancyError {
  return new TenancyError(
    'INVALID_OPTION',
    `The option "database" is no address that can be read: ${problem}. Write postgres://user:password@host:5432/database, and ` +
      'percent-encode the user and the password: encodeURIComponent(password). Or give host, user and password as an object.',
    { details: { option: 'database' }, ...(cause !== undefined && { cause }) },
  )
}

/** The error of `new URL` has the whole string as a property. */
function withoutInput(cause: unknown): unknown {
  return cause instanceof Error && 'input' in cause ? new TypeError(cause.message) : cause
}
