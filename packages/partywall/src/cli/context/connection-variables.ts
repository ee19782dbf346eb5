/** A connection as environment variables, for another program. */
import type { ClientConfig } from 'pg'

/**
 * The connection string in `variable`, and the variables that PostgreSQL's own programs read.
 * @param own variables of the tool itself
 */
export async function connectionVariables(
  config: ClientConfig,
  variable: string,
  own?: { readonly url: string; readonly database: string },
): Promise<Record<string, string>> {
  const { host, port, user, password, database } = await partsOf(config)
  const url =
    config.connectionString?.includes('://') === true
      ? config.connectionString
      : urlOf({ host, port, user, password, database }, config.ssl)
  return {
    ...(host !== undefined && { PGHOST: host }),
    ...(port !== undefined && { PGPORT: port }),
    ...(user !== undefined && { PGUSER: user }),
    ...(password !== undefined && { PGPASSWORD: password }),
    ...(database !== undefined && { PGDATABASE: database }),
    ...(own !== undefined && { [own.url]: url, ...(database !== undefined && { [own.database]: database }) }),
    [variable]: url,
  }
}

interface Parts {
  readonly host?: string | undefined
  readonly port?: string | undefined
  readonly user?: string | undefined
  readonly password?: string | undefined
  readonly database?: string | undefined
}

async function partsOf({ connectionString, host, port, user, password, database }: ClientConfig): Promise<Parts> {
  if (connectionString?.startsWith('/') === true) {
    const [folder, name] = connectionString.split(' ')
    return { host: folder, database: name }
  }
  if (connectionString !== undefined) {
    const url = new URL(connectionString)
    return {
      host: url.searchParams.get('host') ?? part(url.hostname),
      port: part(url.port),
      user: part(url.username),
      password: part(url.password),
      database: part(url.pathname.slice(1)),
    }
  }
  const secret = typeof password === 'function' ? await password() : password
  return { host, port: port?.toString(), user, password: secret, database }
}

function urlOf({ host = 'localhost', port, user, password, database = '' }: Parts, ssl: ClientConfig['ssl']): string {
  const isSocket = host.startsWith('/')
  const bare = host.includes(':') ? `[${host}]` : host
  const url = new URL(`postgres://${isSocket ? 'localhost' : bare}/${encodeURIComponent(database)}`)
  url.port = port ?? ''
  url.username = encodeURIComponent(user ?? '')
  url.password = encodeURIComponent(password ?? '')
  if (isSocket) url.searchParams.set('host', host)
  if (ssl !== undefined && ssl !== false) url.searchParams.set('sslmode', 'require')
  return url.href
}

function part(text: string): string | undefined {
  return text === '' ? undefined : decodeURIComponent(text)
}
