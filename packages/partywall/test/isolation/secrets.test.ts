import { inspect } from 'node:util'
import { Client, Pool, type PoolClient, type PoolConfig } from 'pg'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createTenancy } from '../../src/index.ts'
import { twoTenants } from '../support/tenants/two-tenants.ts'

const { a, b, scope, url, directUrl, makePool } = await twoTenants()
const secret = 'correct-horse-battery'

/** The options of a database, with the secret in each place where one may stand. The server of the tests asks for none. */
const places: Record<string, PoolConfig> = {
  'in a connection string': { connectionString: withPassword(url) },
  'in an object': { ...partsOf(url), connectionString: undefined },
}

/** What a log may contain of a value: as `console.log` prints it, as deep as one may ask, and as JSON. */
function printed(value: unknown): string {
  const json = (): string => {
    try {
      return JSON.stringify(value) ?? ''
    } catch {
      // A circle: it cannot be printed so.
      return ''
    }
  }
  return [inspect(value), inspect(value, { depth: 5 }), inspect(value, { depth: Infinity }), inspect([{ value }]), json()].join(
    '\n',
  )
}

describe.each(Object.entries(places))('a password %s', (_, options) => {
  test('is not printed with the pool, its options, its clients or their connections', async () => {
    const pool = makePool({ ...options, max: 2 })
    const client = (await scope.run(a, () => pool.connect())) as PoolClient
    await scope.run(b, () => pool.query('select 1'))
    for (const value of [pool, pool.options, client, client.connection, { pool, client }]) {
      expect(printed(value)).not.toContain(secret)
    }
    client.release()
    expect(printed(pool)).not.toContain(secret)
  })

  test('still reaches the server, also by a library that spreads the options of the pool', () => {
    const pool = makePool(options)
    for (const config of [pool.options, { ...pool.options, password: pool.options.password }]) {
      const { password, host, port, database, user } = new Client(config)
      expect({ password, host, port, database, user }).toEqual({ ...partsOf(url), password: secret })
    }
  })

  test('bites: pg.Pool prints it', () => {
    const naive = new Pool(options)
    onTestFinished(() => naive.end())
    expect(printed(naive).includes(secret)).toBe(options.connectionString?.includes(secret) === true)
  })
})

test('the private key of a TLS connection is not printed, wherever the socket keeps it', () => {
  const pool = makePool({ connectionString: url, ssl: { key: secret, passphrase: secret, cert: 'public' } })
  const client = new (pool as unknown as { Client: new (options: object) => PoolClient }).Client(pool.options)
  // As tls.connect does it; the server of the tests has no TLS.
  Object.assign(client.connection, { stream: { [Symbol('connect-options')]: { key: secret } } })
  expect((client as unknown as { ssl: { key: string } }).ssl.key).toBe(secret)
  for (const value of [pool, pool.options, client, client.connection]) {
    expect(inspect(value, { depth: 10 })).not.toContain(secret)
  }
})

test('what a pool and a client print says where they lead and what they do', async () => {
  const pool = makePool({ connectionString: withPassword(url), max: 3 })
  const { host: hostname, port, database, user } = new Client(url)
  const client = await scope.run(a, () => pool.connect())
  expect(line(pool)).toBe(
    `TenantPool { server: '${hostname}:${port}/${database} as ${user}', max: 3, total: 1, idle: 0, waiting: 0 }`,
  )
  expect(line(client)).toMatch(
    /^CheckedOutClient \{ server: '.*', processID: -?\d+, state: 'lent', binding: 'tenant "tenant_a"' \}$/,
  )
  client.release()
})

describe('an error contains no password', () => {
  test.each([
    ['a server that does not answer', `postgres://me:${secret}@127.0.0.1:1/x`, 'DATABASE_UNREACHABLE'],
    [
      'a user whom the server does not know',
      withPassword(directUrl).replace(/\/\/[^:]*:/, '//no_such_user:'),
      'DATABASE_UNREACHABLE',
    ],
    ['a connection string that cannot be read', `postgres://me:${secret}@127.0.0.1:port/x`, 'INVALID_OPTION'],
  ])('of %s', async (_, database, code) => {
    const error = await open(database).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code })
    expect(printed(error)).not.toContain(secret)
  })

  test('of a connection that was lost while it was idle, which carries the client', async () => {
    const pool = makePool({ connectionString: withPassword(url), max: 1 })
    await scope.run(a, () => pool.query('select 1'))
    const lost = new Promise((resolve) => pool.on('error', resolve))
    pool.once('remove', () => {})
    const [client] = (pool as unknown as { _clients: PoolClient[] })._clients
    client!.emit('error', new Error('the connection is lost'))
    expect(printed(await lost)).not.toContain(secret)
  })
})

/** As it is printed when it fits on one line. */
function line(value: unknown): string {
  return inspect(value, { breakLength: Infinity })
}

async function open(database: string): Promise<void> {
  await using tenancy = createTenancy({ database, pool: { connectionTimeoutMillis: 5000 } })
  await tenancy.ready()
}

function withPassword(connectionString: string): string {
  const withSecret = new URL(connectionString)
  withSecret.password = secret
  return withSecret.href
}

function partsOf(connectionString: string): PoolConfig {
  const { host, port, database, user } = new Client(connectionString)
  return { host, port, database, user, password: secret }
}
