/** How a customer's tool connects: as the application does, with the login instead of the application's own name and password. */
import type { ClientConfig } from 'pg'

/** Settings of a connection string that say how to reach the server, and whether with TLS. All others may be the application's own. */
const kept = new Set(['sslmode', 'host', 'port'])

export function loginUrl(
  config: ClientConfig,
  login: { readonly role: string; readonly password: string; readonly database: string },
): string {
  const url = new URL('postgres://localhost:5432')
  const given = config.connectionString === undefined ? undefined : URL.parse(config.connectionString)
  const host = given?.hostname || config.host
  if (host?.startsWith('/')) url.searchParams.set('host', host)
  else if (host) url.hostname = host
  url.port = given?.port || String(config.port ?? 5432)
  for (const [name, value] of given?.searchParams ?? []) if (kept.has(name)) url.searchParams.set(name, value)
  // The option "ssl" of node-postgres has no form in an address; a customer's password must not travel without TLS where the application's does not.
  if (config.ssl !== undefined && config.ssl !== false && !url.searchParams.has('sslmode'))
    url.searchParams.set('sslmode', 'require')
  url.username = login.role
  url.password = login.password
  url.pathname = `/${encodeURIComponent(login.database)}`
  return url.href
}
