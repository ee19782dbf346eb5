/**
 * How to connect as the role of a tenant: as the application does, with another user and password. Nothing else may provide either of the two, so the
 * password is always given, and everything that node-postgres would derive from the user is written out.
 */
import pg, { type ClientConfig, type PoolConfig } from 'pg'

/** @param options of the pool, without a connection string: its user and password would win */
export function loginConfig(options: PoolConfig, user: string, password: string): ClientConfig {
  // The host and the port may come from the environment. Without a name, the database has that of the user.
  const { host, port, database } = new pg.Client(options)
  // The TLS options are the same object: the key in them is not enumerable, and a copy would lack it.
  const config = { ...options, host, port, database: database!, user }
  return Object.defineProperty(config, 'password', { value: password, enumerable: false })
}
