/** The same server and role, another database. */
import type { ClientConfig } from 'pg'

/** In a config of node-postgres a connection string comes before everything else. */
export function inDatabase({ connectionString, ...config }: ClientConfig, database: string): ClientConfig {
  if (connectionString === undefined) return { ...config, database }
  return { ...config, connectionString: withDatabase(connectionString, database) }
}

function withDatabase(connectionString: string, database: string): string {
  // The folder of a socket and a database.
  if (connectionString.startsWith('/')) return `${connectionString.split(' ')[0]} ${database}`
  const [, before, query = ''] = /^([a-z][a-z0-9+.-]*:\/\/[^/?#]*)(?:\/[^?#]*)?(\?.*)?$/is.exec(connectionString) ?? []
  return `${before}/${database}${query}`
}
