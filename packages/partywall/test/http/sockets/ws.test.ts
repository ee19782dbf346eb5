/** The package ws keeps the contract of sockets, and what is special about it. */
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { tenantListener, tenantUpgrade } from '../../../src/http/node.ts'
import { admissionsMade } from '../../../src/http/shared/middleware-mark.ts'
import { memberOf, tenantClients, tenantWebSockets, type TenantWebSocketsOptions } from '../../../src/http/ws.ts'
import { byHost, byOrigin, byPath, createTenancy, type Tenancy } from '../../../src/index.ts'
import { testDatabase } from '../../support/servers/database.ts'
import { listening } from '../contract/contract.ts'
import { connectWebSocket, hostHeader } from './client.ts'
import { socketContract } from './contract.ts'
import { connectionOf } from './ws-parts.ts'

socketContract({
  name: 'ws',
  path: '/',
  connect: connectWebSocket,
  async start(tenancy, app, { members, ...options }) {
    const wss = new WebSocketServer({ noServer: true })
    wss.on('connection', (ws) => app.connected(connectionOf(ws, () => tenantClients(tenancy, wss))))
    const server = createServer().on(
      'upgrade',
      tenantWebSockets(tenancy, wss, {
        ...options,
        host: ({ headers }) => headers[hostHeader] as string | undefined,
        log: (error) => app.logged.push(error),
        ...(members && { member: true, user: ({ headers }) => headers['x-user'] as string | undefined }),
      }),
    )
    const { port, close } = await listening(server)
    return { port, close: () => (wss.clients.forEach((client) => client.terminate()), close()) }
  },
})

let url: string
let tenancy: Tenancy
const closing: (() => Promise<unknown>)[] = []
const logged: unknown[] = []

beforeAll(async () => {
  url = (await testDatabase()).url
  tenancy = createTenancy({
    database: url,
    migrations: { shared: false, tenant: false },
    resolve: [byHost({ base: 'example.com' }), byPath({ prefix: '/t', trusted: true })],
  })
  for (const schema of ['acme', 'globex']) await tenancy.tenants.create({ schema })
})
afterAll(async () => {
  await Promise.all(closing.map((close) => close()))
  await tenancy.close()
})

async function started(
  onConnection: (ws: WebSocket, wss: WebSocketServer, req: IncomingMessage) => unknown,
  options: TenantWebSocketsOptions = {},
) {
  const wss = new WebSocketServer({ noServer: true, maxPayload: 1000 })
  wss.on('connection', (ws, req) => onConnection(ws, wss, req))
  const server = createServer().on('upgrade', tenantWebSockets(tenancy, wss, { log: (error) => logged.push(error), ...options }))
  const { port, close } = await listening(server)
  closing.push(() => (wss.clients.forEach((client) => client.terminate()), close()))
  const open = async (host: string, path = '/', headers: Record<string, string> = {}): Promise<WebSocket> => {
    const ws = new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers: { ...headers, host } })
    ws.on('error', () => {})
    await once(ws, 'open')
    return ws
  }
  return { wss, open }
}

const removed = (): never => {
  throw new Error('a listener that was removed')
}

const user = ({ headers }: IncomingMessage): string | undefined => headers['x-user'] as string | undefined

const schema = (): string => tenancy.tryCurrent()?.schema ?? 'none'

test('ping, pong, onmessage, addEventListener, once and the listener of connections run in the scope, after an await, too', async () => {
  const seen: string[] = []
  const { open } = await started(async (ws) => {
    const opened = schema()
    ws.on('ping', () => seen.push(`ping ${opened} ${schema()}`))
    ws.on('pong', async () => {
      await sleep(1)
      seen.push(`pong ${opened} ${schema()}`)
    })
    // oxlint-disable-next-line unicorn/prefer-add-event-listener -- this is what is tried
    ws.onmessage = ({ data }) => void seen.push(`${String(data)} ${opened} ${schema()}`)
    ws.addEventListener('close', () => seen.push(`close ${opened} ${schema()}`))
    const [first] = (await once(ws, 'message')) as [Buffer]
    seen.push(`once ${String(first)} ${opened} ${schema()}`)
    ws.ping()
  })
  const clients = await Promise.all(['acme', 'globex'].map((name) => open(`${name}.example.com`)))
  for (const client of clients) {
    client.ping()
    client.send('hi')
  }
  await expect.poll(() => seen.filter((line) => line.startsWith('pong')).length).toBe(2)
  for (const client of clients) client.close()
  await expect.poll(() => seen.length).toBe(10)
  expect(seen.toSorted()).toEqual(
    ['close', 'hi', 'once hi', 'ping', 'pong'].flatMap((what) => ['acme', 'globex'].map((name) => `${what} ${name} ${name}`)),
  )
})

test('a listener of wss.clients sends to every tenant, and tenantClients to its own', async () => {
  const { open, wss } = await started((ws, { clients }) => {
    ws.on('message', (how) => {
      for (const client of String(how) === 'naive' ? clients : tenantClients(tenancy, wss))
        client.send(`${String(how)} of ${schema()}`)
    })
  })
  const clients = await Promise.all(['acme', 'acme', 'globex'].map((name) => open(`${name}.example.com`)))
  const received: string[][] = clients.map(() => [])
  clients.forEach((client, index) => client.on('message', (data) => received[index]!.push(String(data))))
  clients[0]!.send('own')
  clients[0]!.send('naive')
  await expect.poll(() => received[2]).toEqual(['naive of acme'])
  expect(received.slice(0, 2)).toEqual([
    ['own of acme', 'naive of acme'],
    ['own of acme', 'naive of acme'],
  ])
  expect(() => tenantClients(tenancy, wss)).toThrow(expect.objectContaining({ code: 'NO_TENANT' }))
  clients[0]!.terminate()
  await expect.poll(() => tenancy.run('acme', () => tenantClients(tenancy, wss).length)).toBe(1)
})

test('a heartbeat runs outside of the scopes of the sockets, and their answers inside', async () => {
  const seen: string[] = []
  const { open, wss } = await started((ws) => ws.on('pong', () => seen.push(`pong ${schema()}`)))
  await Promise.all(['acme', 'globex'].map((name) => open(`${name}.example.com`)))
  for (const client of wss.clients) client.ping()
  seen.push(`beat ${schema()}`)
  await expect.poll(() => seen.toSorted()).toEqual(['beat none', 'pong acme', 'pong globex'])
})

test('how a socket ends: the code of the error, and 1011 for a listener that fails, however it was added', async () => {
  await tenancy.tenants.create({ schema: 'short' })
  const { open } = await started((ws) => {
    ws.on('message', (data) => {
      if (String(data) === 'throws') throw new Error('secret')
    })
    // oxlint-disable-next-line unicorn/prefer-add-event-listener -- this is what is tried
    ws.onmessage = async ({ data }) => {
      await sleep(1)
      if (String(data) === 'onmessage') throw new Error('secret')
    }
    const handler = {
      async handleEvent({ data }: { data: unknown }) {
        await sleep(1)
        if (data === 'object') throw new Error('secret')
      },
    }
    ws.addEventListener('message', handler as never)
    ws.addEventListener('message', removed)
    ws.removeEventListener('message', removed)
  })
  for (const how of ['throws', 'onmessage', 'object']) {
    logged.length = 0
    const client = await open('acme.example.com')
    client.send(how)
    expect((await once(client, 'close')).map(String)).toEqual(['1011', 'INTERNAL_ERROR'])
    expect(logged.map(String)).toEqual(['Error: secret'])
  }
  const client = await open('short.example.com')
  await tenancy.tenants.setMaintenance('short')
  client.send('hi')
  expect((await once(client, 'close')).map(String)).toEqual(['1013', 'TENANT_MAINTENANCE'])
  await tenancy.tenants.activate('short')
  const again = await open('short.example.com')
  await tenancy.tenants.suspend('short')
  again.send('hi')
  expect((await once(again, 'close')).map(String)).toEqual(['1008', 'TENANT_SUSPENDED'])
})

test('a listener of connections that fails closes its socket', async () => {
  const { open } = await started(async () => {
    await sleep(1)
    throw new Error('secret')
  })
  logged.length = 0
  const client = await open('acme.example.com')
  expect((await once(client, 'close')).map(String)).toEqual(['1011', 'INTERNAL_ERROR'])
  expect(logged.map(String)).toEqual(['Error: secret'])
})

test('a message that is too large and one that breaks the protocol end their socket only, without a listener of errors', async () => {
  const { open } = await started((ws) => ws.on('message', (data) => ws.send(`${schema()} ${String(data).length}`)))
  const [large, broken, other] = await Promise.all([open('acme.example.com'), open('acme.example.com'), open('acme.example.com')])
  large.send('x'.repeat(2000))
  expect((await once(large, 'close'))[0]).toBe(1009)
  ;(broken as unknown as { _socket: { write(bytes: Buffer): void } })._socket.write(Buffer.from([0xff, 0xff, 0xff, 0xff]))
  expect((await once(broken, 'close'))[0]).toBe(1002)
  other.send('hi')
  expect(String((await once(other, 'message'))[0])).toBe('acme 2')
})

test('where the path names the tenant, the request has the path without it, and the pages of the host are its own', async () => {
  const { open } = await started((ws, _, req) => ws.on('message', () => ws.send(`${schema()} ${req.url}`)))
  const client = await open('example.com', '/t/globex/live?page=1', { origin: 'https://example.com' })
  client.send('hi')
  expect(String((await once(client, 'message'))[0])).toBe('globex /live?page=1')
})

test.each([
  ['any', 'https://evil.example', true],
  [['https://app.example.org', 'capacitor://localhost'], 'capacitor://localhost', true],
  [['https://app.example.org'], 'https://app.example.org.evil.example', false],
  [['https://app.example.org'], 'https://acme.example.com', true],
  [(origin: string | undefined) => origin === 'null', 'null', true],
  [() => 'yes' as never, 'https://acme.example.com', false],
  [async () => false, 'https://acme.example.com', false],
] as const)('the option origin %j and a page of %s', async (origin, page, isIn) => {
  const { open } = await started((ws) => ws.on('message', () => {}), { origin })
  const opened = open('acme.example.com', '/', { origin: page }).then(
    () => true,
    () => false,
  )
  expect(await opened).toBe(isIn)
})

test('the member is on the request, and a role that is missing refuses', async () => {
  await tenancy.members.add('acme', 'ann', { role: 'owner' })
  await tenancy.members.add('acme', 'bob')
  const { open } = await started((ws, _, req) => ws.on('message', () => ws.send(memberOf(req).userId)), {
    user,
    member: { roles: 'owner' },
  })
  await expect(open('acme.example.com', '/', { 'x-user': 'bob' })).rejects.toThrow('403')
  const client = await open('acme.example.com', '/', { 'x-user': 'ann' })
  client.send('who')
  expect(String((await once(client, 'message'))[0])).toBe('ann')
})

test('who enters a tenant in maintenance by the secret is served on, until it is suspended', async () => {
  await tenancy.tenants.create({ schema: 'works' })
  await tenancy.tenants.setMaintenance('works')
  const bypass = 'a secret of the operators'
  const { open } = await started((ws) => ws.on('message', () => ws.send(schema())), { maintenance: { bypass } })
  const client = await open('works.example.com', '/', { 'x-maintenance-bypass': bypass })
  client.send('who')
  expect(String((await once(client, 'message'))[0])).toBe('works')
  await tenancy.tenants.activate('works')
  await tenancy.tenants.suspend('works')
  client.send('who')
  expect((await once(client, 'close'))[0]).toBe(1008)
})

test.each([
  ['a server that listens by itself', () => new WebSocketServer({ port: 0 }), {}, 'noServer'],
  ['no server', () => undefined, {}, 'noServer'],
  ['an unknown option', () => new WebSocketServer({ noServer: true }), { orgin: 'any' }, 'orgin'],
  ['an origin of another form', () => new WebSocketServer({ noServer: true }), { origin: ['app.example.com'] }, 'origin'],
  ['null as an origin', () => new WebSocketServer({ noServer: true }), { origin: ['null'] }, 'origin'],
  ['members without a user', () => new WebSocketServer({ noServer: true }), { member: true }, 'user'],
  [
    'an unknown requirement',
    () => new WebSocketServer({ noServer: true }),
    { member: { role: 'owner' }, user: () => 'ann' },
    'role',
  ],
  ['a timer that is too long', () => new WebSocketServer({ noServer: true }), { recheckMs: 2 ** 31 }, 'recheckMs'],
])('%s is refused when the application starts', (_, server, options, option) => {
  const wss = server()
  const start = (): unknown => tenantWebSockets(tenancy, wss as WebSocketServer, options as never)
  expect(start).toThrow(expect.objectContaining({ code: 'INVALID_OPTION', details: expect.objectContaining({ option }) }))
  wss?.close()
})

test('a page of no tenant is a stranger also where every other host leads to one tenant', async () => {
  const fallback = createTenancy({
    database: url,
    migrations: { shared: false, tenant: false },
    resolve: [() => 'acme'],
  })
  closing.push(() => fallback.close())
  const wss = new WebSocketServer({ noServer: true })
  const { port, close } = await listening(createServer().on('upgrade', tenantWebSockets(fallback, wss)))
  closing.push(() => (wss.clients.forEach((client) => client.terminate()), close()))
  for (const [origin, isIn] of [
    ['https://evil.example', false],
    ['https://app.example.net', true],
  ] as const) {
    const ws = new WebSocket(`ws://127.0.0.1:${port}`, { origin, headers: { host: 'app.example.net' } })
    ws.on('error', () => {})
    const opened = await new Promise((resolve) => {
      ws.on('open', () => resolve(true))
      ws.on('close', () => resolve(false))
    })
    expect([origin, opened]).toEqual([origin, isIn])
    ws.terminate()
  }
})

test('where the origin names the tenant, its page is its own', async () => {
  const byPage = createTenancy({
    database: url,
    migrations: { shared: false, tenant: false },
    resolve: [byHost({ base: 'example.com', except: ['api.example.com'] }), byOrigin({ base: 'example.com', trusted: true })],
  })
  closing.push(() => byPage.close())
  const wss = new WebSocketServer({ noServer: true })
  wss.on('connection', (ws) => ws.send(byPage.current().schema))
  const { port, close } = await listening(createServer().on('upgrade', tenantWebSockets(byPage, wss)))
  closing.push(() => (wss.clients.forEach((client) => client.terminate()), close()))
  const ws = new WebSocket(`ws://127.0.0.1:${port}`, { origin: 'https://acme.example.com', headers: { host: 'api.example.com' } })
  expect(String((await once(ws, 'message'))[0])).toBe('acme')
})

test('sockets are no sign that an application has the middleware for its requests', () => {
  const before = admissionsMade()
  tenantWebSockets(tenancy, new WebSocketServer({ noServer: true }))
  tenantUpgrade(tenancy, () => {})
  expect(admissionsMade()).toBe(before)
  tenantListener(tenancy, () => {})
  expect(admissionsMade()).toBe(before + 1)
})
