/**
 * Keeps passwords and keys out of what is printed: by `console.log`, by a logger, in a stack trace. node-postgres makes `password` and
 * `ssl.key` non-enumerable, but the connection string contains the password as well, and the socket of a TLS connection holds the key.
 */
import { inspect } from 'node:util'
import pg, { type ClientConfig } from 'pg'
import type { ClientInternals } from '../binding/pg-internals.ts'

/** What a connection string may contain, by the names of node-postgres' options; the password is set separately. */
const partsOfConnectionString = [
  'host',
  'port',
  'database',
  'user',
  'options',
  'ssl',
  'sslnegotiation',
  'client_encoding',
  'replication',
  'application_name',
  'fallback_application_name',
  'statement_timeout',
  'lock_timeout',
  'idle_in_transaction_session_timeout',
  'query_timeout',
] as const

/**
 * Replaces the connection string in the options of a pool by its parts. It could not just be made non-enumerable: libraries spread the
 * options of a pool to connect by themselves (Kysely, to cancel a query), and they only know that the password is missing then.
 */
export function spellOutConnectionString(options: ClientConfig): void {
  if (options.connectionString === undefined) return
  const { connectionParameters } = new pg.Client(options) as unknown as ClientInternals
  if (connectionParameters === undefined) return
  const parts = Object.fromEntries(partsOfConnectionString.map((name) => [name, connectionParameters[name]]))
  delete options.connectionString
  Object.assign(options, parts)
  Object.defineProperty(options, 'password', {
    value: connectionParameters['password'],
    enumerable: false,
    writable: true,
    configurable: true,
  })
}

/** Prints an object as `name` and what `describe` returns, instead of all that it holds. */
export function printAs(object: object, name: string, describe: () => object): void {
  const print: (depth: number, options: object) => string = (_, options) => `${name} ${inspect(describe(), options)}`
  Object.defineProperty(object, inspect.custom, { value: print, enumerable: false, configurable: true })
}

/** The TLS options without the key, the passphrase and whatever else is in them. */
export function withoutTlsSecrets(options: ClientConfig): object {
  return typeof options.ssl === 'object' ? { ...options, ssl: '[hidden]' } : { ...options }
}
