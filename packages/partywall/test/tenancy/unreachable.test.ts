/** Trouble with a connection has one code on every way to one, and Express answers 503. The servers that fail are real ones, or sockets. */
import { once } from 'node:events'
import http from 'node:http'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { inspect } from 'node:util'
import express from 'express'
import { Client, type ClientConfig } from 'pg'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createTenancy, tenancyErrorOf, type Tenancy } from 'partywall'
import { tenancyErrors } from 'partywall/express'
import { listen } from '../http/listen.ts'
import { testDatabase } from '../support/servers/database.ts'
import { selfSigned } from './self-signed.ts'

const { directUrl } = await testDatabase()
const secret = 'correct-horse-battery'

/** Each opens a connection. */
const ways: Record<string, (tenancy: Tenancy) => Promise<unknown>> = {
  'pool.query': (tenancy) => tenancy.runShared(() => tenancy.pool.query('select 1')),
  'pool.query with a callback': (tenancy) =>
    tenancy.runShared(
      () =>
        new Promise((_, reject) =>
          tenancy.pool.query('select 1', (error: Error | undefined) => reject(error ?? new Error('none'))),
        ),
    ),
  'pool.connect': (tenancy) => tenancy.runShared(() => tenancy.pool.connect()),
  'pool.connect with a callback': (tenancy) =>
    tenancy.runShared(() => new Promise((_, reject) => tenancy.pool.connect((error) => reject(error ?? new Error('none'))))),
  'sharedPool.query': (tenancy) => tenancy.sharedPool.query('select 1'),
  'tenants.list': (tenancy) => tenancy.tenants.list(),
  'tenants.create': (tenancy) => tenancy.tenants.create({ schema: 'acme' }),
  run: (tenancy) => tenancy.run('acme', () => 1),
  session: (tenancy) => tenancy.session('acme', async () => 1),
  'migrations.run': (tenancy) => tenancy.migrations.run(),
  probe: (tenancy) => tenancy.probe(),
  ready: (tenancy) => tenancy.ready(),
}

describe('a port on which nothing listens', () => {
  test.each(Object.entries(ways))('is DATABASE_UNREACHABLE with the code of Node.js for %s', async (_, way) => {
    const error = await failure({ connectionString: `postgres://me:${secret}@127.0.0.1:1/x` }, way)
    expect(error).toMatchObject({
      code: 'DATABASE_UNREACHABLE',
      details: { code: 'ECONNREFUSED' },
      cause: { code: 'ECONNREFUSED' },
    })
    expect(String(error)).toContain('at 127.0.0.1:1/x as me (ECONNREFUSED). Nothing listens there')
  })
})

/** What answers in place of a healthy server, and what the error says. */
const troubles: Record<string, [database: () => Promise<ClientConfig>, code: string | undefined, message: RegExp]> = {
  'an unknown host': [at('postgres://me@host.invalid/x'), 'ENOTFOUND', /host name/],
  'a socket folder that does not exist': [
    async () => ({ host: '/no/such/folder', database: 'x', user: 'me' }),
    'ENOENT',
    /socket/,
  ],
  'a database that does not exist': [at(changed({ pathname: '/no_such_database' })), '3D000', /does not exist/],
  'a user that does not exist': [at(changed({ username: 'no_such_user' })), '28000', /does not accept this user/],
  'a server without TLS': [async () => ({ connectionString: directUrl, ssl: true }), undefined, /no TLS.*sslmode/],
  'a certificate that no authority signed': [tlsServer(selfSigned), 'DEPTH_ZERO_SELF_SIGNED_CERT', /certificate/],
  'a socket that is closed at once': [server((socket) => socket.destroy()), undefined, /closed before it was ready/],
  'a socket that is closed after the first message': [
    afterMessage((socket) => socket.end()),
    undefined,
    /closed before it was ready/,
  ],
  'a socket that is reset': [afterMessage((socket) => socket.resetAndDestroy()), 'ECONNRESET', /closed the connection/],
  'a server for HTTP': [httpServer, undefined, /not PostgreSQL|not ready|before it was ready/],
  'a server for HTTP, with TLS': [async () => ({ ...(await httpServer()), ssl: true }), undefined, /none of PostgreSQL/],
  'a server of another protocol that speaks first': [
    server((socket) => void socket.write('J\0\0\0\n8.0.36\0')),
    undefined,
    /not PostgreSQL/,
  ],
  'a wrong password': [refusing('28P01', `password authentication failed`), '28P01', /percent-encode/],
  'a server that starts': [refusing('57P03', 'the database system is starting up'), '57P03', /starting or stopping/],
  'a pooler that knows no such database': [refusing('08P01', 'no such database: x'), '08P01', /refuses the connection/],
  'a refusal with a SQLSTATE of its own': [
    refusing('42501', 'permission denied for database'),
    '42501',
    /refuses the connection/,
  ],
  'a server that asks for a password': [askingForPassword(), undefined, /asks for a password/],
  'a server that never answers': [silent, undefined, /did not answer in time/],
}

describe.each(Object.entries(troubles))('%s', (_, [database, code, text]) => {
  test('is DATABASE_UNREACHABLE for the pool and the catalog, and 503 in Express', async () => {
    const config = await database()
    for (const way of [ways['pool.query']!, ways['tenants.list']!]) {
      const error = await failure(config, way)
      expect(error).toMatchObject({ code: 'DATABASE_UNREACHABLE', details: { code }, message: expect.stringMatching(text) })
      expect(error.cause).toBeInstanceOf(Error)
      await expectUnavailable(config, way)
    }
  })
})

test('a full server is DATABASE_UNREACHABLE while its last connection is in use, and 503 in Express', async () => {
  const admin = new Client(directUrl)
  await admin.connect()
  const role = 'partywall_only_one'
  await admin.query(`drop role if exists ${role}`)
  await admin.query(`create role ${role} login connection limit 1`)
  const only = new Client(changed({ username: role }))
  await only.connect()
  onTestFinished(async () => {
    await only.end()
    await admin.query(`drop role ${role}`)
    await admin.end()
  })
  const config = { connectionString: changed({ username: role }) }
  for (const way of [ways['pool.query']!, ways['tenants.list']!]) {
    const error = await failure(config, way)
    expect(error).toMatchObject({ details: { code: '53300' }, message: expect.stringContaining('no connection left') })
    await expectUnavailable(config, way)
  }
})

test('a connection that breaks in the middle of a statement keeps the raw error: the statement may have run', async () => {
  await using tenancy = createTenancy({ database: directUrl })
  const error = await tenancy
    .runShared(() => tenancy.pool.query('select pg_terminate_backend(pg_backend_pid())'))
    .catch((reason: unknown) => reason)
  expect(tenancyErrorOf(error)).toBeUndefined()
  expect(error).toMatchObject({ code: '57P01' })
})

test('an error of a function of the user that prepares a connection stays as it is', async () => {
  const mine = new Error('mine')
  const verify = (_client: unknown, done: (error?: Error) => void): void => done(mine)
  await using tenancy = createTenancy({ database: { connectionString: directUrl, verify } as ClientConfig })
  await expect(tenancy.runShared(() => tenancy.pool.query('select 1'))).rejects.toBe(mine)
})

async function failure(
  database: ClientConfig,
  way: (tenancy: Tenancy) => Promise<unknown>,
): Promise<Error & { cause?: unknown }> {
  await using tenancy = open(database)
  const error = await way(tenancy).then(
    () => expect.fail('it connected'),
    (reason: unknown) => reason as Error,
  )
  for (const text of [inspect(error, { depth: 10 }), JSON.stringify(error), String(error)]) expect(text).not.toContain(secret)
  return error
}

async function expectUnavailable(database: ClientConfig, way: (tenancy: Tenancy) => Promise<unknown>): Promise<void> {
  await using tenancy = open(database)
  const app = express()
  app.get('/', (_req, res, next) => void way(tenancy).then(() => res.json('it connected'), next))
  app.use(tenancyErrors({ log: () => {} }))
  const { send } = await listen(app)
  expect(await send({ host: 'example.com' })).toMatchObject({ status: 503, json: { code: 'UNAVAILABLE' } })
}

function open(database: ClientConfig): Tenancy {
  return createTenancy({
    database: { password: secret, ...database },
    migrations: { shared: false, tenant: false },
    pool: { connectionTimeoutMillis: 5000 },
  }) as Tenancy
}

function at(connectionString: string) {
  return async () => ({ connectionString })
}

function changed(parts: Partial<Pick<URL, 'pathname' | 'username'>>): string {
  return Object.assign(new URL(directUrl), parts).href
}

function server(onSocket: (socket: Socket) => void): () => Promise<ClientConfig> {
  return async () => {
    const sockets = new Set<Socket>()
    const listening = createServer((socket) => {
      sockets.add(socket)
      socket.on('error', () => {})
      onSocket(socket)
    }).listen(0, '127.0.0.1')
    await once(listening, 'listening')
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy()
      listening.close()
    })
    return { connectionString: `postgres://me@127.0.0.1:${(listening.address() as AddressInfo).port}/x` }
  }
}

function afterMessage(act: (socket: Socket) => void): () => Promise<ClientConfig> {
  return server((socket) => void socket.once('data', () => act(socket)))
}

function refusing(sqlState: string, text: string): () => Promise<ClientConfig> {
  const fields = Buffer.from(`SFATAL\0VFATAL\0C${sqlState}\0M${text}\0\0`)
  return afterMessage((socket) => void socket.end(message('E', fields)))
}

/** With SCRAM, as PostgreSQL does by default. */
function askingForPassword(): () => Promise<ClientConfig> {
  const start = afterMessage((socket) => {
    socket.write(message('R', int32(10), Buffer.from('SCRAM-SHA-256\0\0')))
    socket.once('data', () => socket.write(message('R', int32(11), Buffer.from('r=x,s=eA==,i=4096'))))
  })
  return async () => ({ ...(await start()), password: null as never })
}

function tlsServer(identity: { readonly key: string; readonly cert: string }): () => Promise<ClientConfig> {
  const start = afterMessage((socket) => {
    socket.write('S')
    new TLSSocket(socket, { isServer: true, ...identity }).on('error', () => {})
  })
  return async () => ({ ...(await start()), ssl: { rejectUnauthorized: true } })
}

async function silent(): Promise<ClientConfig> {
  return { ...(await server(() => {})()), connectionTimeoutMillis: 100 }
}

async function httpServer(): Promise<ClientConfig> {
  const listening = http.createServer((_req, res) => res.end('hello')).listen(0, '127.0.0.1')
  await once(listening, 'listening')
  onTestFinished(() => void listening.close())
  return { connectionString: `postgres://me@127.0.0.1:${(listening.address() as AddressInfo).port}/x` }
}

function message(type: string, ...parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts)
  return Buffer.concat([Buffer.from(type), int32(body.length + 4), body])
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}
