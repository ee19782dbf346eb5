/**
 * What every adapter for sockets promises, tried on a live server with real clients and a real PostgreSQL: each socket belongs to one tenant from its first event to
 * its last, or is refused; and it belongs to it only as long as the tenant is served.
 */
import net from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Tenancy } from '../../../src/tenancy.ts'
import { testDatabase } from '../../support/servers/database.ts'
import { contractTenancy, type SubjectServer } from '../contract/contract.ts'
import { socketApp, type SocketApp } from './app.ts'
import { RefusedSocket, type Connect, type Knock, type SocketClient } from './client.ts'

/** The options that the contract tries. An adapter without one of them says so by `lacks`. */
export interface TriedOptions {
  readonly recheckMs?: number
  readonly none?: 'shared'
  readonly members?: true
}

export interface SocketSubject {
  readonly name: string
  /** A live server with the adapter. `log` is `app.logged`; `host` is read from `hostHeader`; `members` lets in members only, and `x-user` says who is signed in. */
  start(tenancy: Tenancy, app: SocketApp, options: TriedOptions): Promise<SubjectServer>
  readonly connect: Connect
  /** The request line of an upgrade. */
  readonly path: string
  /** Promises that are not its own. */
  readonly lacks?: readonly Promised[]
}

interface World {
  readonly tenancy: Tenancy
  readonly app: SocketApp
  readonly port: number
  knock(knock: Knock): Promise<SocketClient>
  open(tenant: string, more?: Partial<Knock>): Promise<SocketClient>
  /** What a client is told that is not let in. */
  refused(tenant: string, more?: Partial<Knock>): Promise<RefusedSocket>
  started(options: TriedOptions): Promise<(tenant: string, more?: Partial<Knock>) => Promise<SocketClient>>
  readonly unhandled: readonly unknown[]
  readonly path: string
}

const names = Array.from({ length: 20 }, (_, index) => `t${index}`)
const twice = [...names, ...names]

export function socketContract(subject: SocketSubject): void {
  // oxlint-disable-next-line vitest/valid-title -- the name of the subject
  describe(subject.name, () => {
    const world = worldOf(subject)
    const own = Object.entries(promises).filter(([name]) => subject.lacks?.includes(name as Promised) !== true)
    test.each(own)('%s', async (_, holds) => holds(await world))
  })
}

/** Tries the contract itself: an adapter that is known to be wrong must break these promises. */
export function expectBroken(subject: SocketSubject, broken: readonly Promised[]): void {
  // oxlint-disable-next-line vitest/valid-title -- the name of the subject
  describe(subject.name, () => {
    const world = worldOf(subject, true)
    test.each(broken)('breaks: %s', async (name) => {
      await expect(promises[name](await world)).rejects.toThrow(/expected|the socket ended|the socket was let in|no answer/)
    })
  })
}

function worldOf(subject: SocketSubject, quiet = false): Promise<World> {
  const opening = Promise.withResolvers<World>()
  const servers: SubjectServer[] = []
  const clients: SocketClient[] = []
  const unhandled: unknown[] = []
  const note = (reason: unknown): void => void unhandled.push(reason)
  let tenancy: Tenancy | undefined
  let app: SocketApp | undefined

  beforeAll(async () => {
    const { url } = await testDatabase()
    const opened = (tenancy = await contractTenancy(url))
    await opened.domains.add('t1', 't1.example.net')
    const running = (app = socketApp(opened, quiet))
    process.on('unhandledRejection', note)
    const starting = async (options: TriedOptions): Promise<SubjectServer> => {
      const server = await subject.start(opened, running, options)
      servers.push(server)
      return server
    }
    const knocking = async (port: number, knock: Knock): Promise<SocketClient> => {
      const client = await subject.connect(port, knock)
      clients.push(client)
      return client
    }
    const { port } = await starting({})
    const knock = (given: Knock): Promise<SocketClient> => knocking(port, given)
    const open: World['open'] = (tenant, more) => knock({ host: `${tenant}.example.com`, ...more })
    opening.resolve({
      tenancy: opened,
      app: running,
      port,
      knock,
      open,
      unhandled,
      path: subject.path,
      async refused(tenant, more) {
        const told: unknown = await open(tenant, more).catch((error: unknown) => error)
        if (told instanceof RefusedSocket) return told
        throw told instanceof Error ? told : new Error('the socket was let in')
      },
      async started(options) {
        const server = await starting(options)
        return (tenant, more) => knocking(server.port, { host: `${tenant}.example.com`, ...more })
      },
    })
  })
  afterAll(async () => {
    process.off('unhandledRejection', note)
    for (const client of clients) client.leave()
    await Promise.all(servers.map((server) => server.close()))
    await app?.settled()
    await tenancy?.close()
  })
  return opening.promise
}

export type Promised = keyof typeof promises

const promises = {
  async 'each message runs in its scope at every await, callback, timer and event, with 40 sockets at once'({
    tenancy,
    open,
  }: World) {
    const clients = await Promise.all(twice.map((name) => open(name)))
    const answers = await Promise.all(
      clients.map((client) => Promise.all(['who', 'who'].map((what) => answered(client.ask(what))))),
    )
    answers.forEach((both, index) => {
      for (const { scopes } of both) expect(scopes).toEqual(Array.from({ length: 8 }, () => twice[index]))
    })
    expect(tenancy.scope()).toBeUndefined()
    for (const client of clients) client.leave()
  },

  async 'a listener that is added later, in the scope of another tenant, runs in the scope of its socket'({ open }: World) {
    const [one, two, three] = await Promise.all([open('t1'), open('t2'), open('t3')])
    await answered(two.ask('listen'))
    for (const [client, name] of [
      [one, 't1'],
      [two, 't2'],
      [three, 't3'],
    ] as const) {
      expect(await answered(client.ask('ask the listener'))).toEqual({ scope: name, schema: name })
      client.leave()
    }
  },

  async 'messages keep their order'({ open }: World) {
    const client = await open('t4')
    const order: number[] = []
    await Promise.all(Array.from({ length: 50 }, (_, index) => client.ask('now').then(() => order.push(index))))
    expect(order).toEqual(Array.from({ length: 50 }, (_, index) => index))
    client.leave()
  },

  async 'the end of a socket is noticed in its scope'({ app, open }: World) {
    app.late.length = 0
    const clients = await Promise.all(['t5', 't6', 't7'].map((name) => open(name)))
    await Promise.all(clients.map((client) => answered(client.ask('now'))))
    for (const client of clients) client.leave()
    const own = (): string[] => app.late.filter((line) => /^closed t[567] /.test(line)).toSorted()
    await expect.poll(own).toEqual(['t5', 't6', 't7'].map((name) => `closed ${name} in ${name}, ${name}`))
  },

  async 'tenants that do not exist, are archived or are being deleted are refused alike, byte for byte'({ refused }: World) {
    const told = await Promise.all(['absent', 'gone', 'half', 'x'.repeat(60)].map((name) => refused(name)))
    for (const { code, bytes } of told) expect([code, bytes]).toEqual(['UNKNOWN_TENANT', told[0]!.bytes])
  },

  async 'suspended, in maintenance and ambiguous are refused each by its code'({ refused }: World) {
    expect((await refused('paused')).code).toBe('TENANT_SUSPENDED')
    expect((await refused('closed')).code).toBe('TENANT_MAINTENANCE')
    expect((await refused('t1', { headers: { 'x-tenant-id': 't2' } })).code).toBe('AMBIGUOUS_TENANT')
  },

  async 'an error of a resolver refuses without its message, and sockets that are open go on'({ open, refused }: World) {
    const client = await open('t8')
    for (const how of ['throws', 'rejects', 'throws nothing']) {
      const { code, bytes } = await refused('t8', { headers: { 'x-break': how } })
      expect(code).toBe('INTERNAL_ERROR')
      expect(bytes).not.toContain('secret')
    }
    expect(await answered(client.ask('now'))).toEqual({ scope: 't8' })
    client.leave()
  },

  async 'pages of strangers and of other tenants open no socket'({ open, refused }: World) {
    const strangers = [
      'https://evil.example',
      'https://t2.example.com',
      'https://example.com',
      'https://t1.example.com.evil.example',
      'https://evil.example?t1.example.com',
      'https://t1.example.com@evil.example',
      'http://t1.example.net',
      'null',
    ]
    for (const origin of strangers) expect([origin, (await refused('t1', { origin })).code]).toEqual([origin, 'FOREIGN_ORIGIN'])
    for (const origin of ['https://t1.example.com', 'http://t1.example.com', 'https://t1.example.net', undefined]) {
      const client = await open('t1', origin === undefined ? {} : { origin })
      expect(await answered(client.ask('now'))).toEqual({ scope: 't1' })
      client.leave()
    }
    const overTls = { origin: 'http://t1.example.com', headers: { 'x-forwarded-proto': 'https' } }
    expect((await refused('t1', overTls)).code).toBe('FOREIGN_ORIGIN')
  },

  async 'a tenant that is suspended, in maintenance or deleted while its socket is open is not served any more'({
    tenancy,
    open,
  }: World) {
    const moves = {
      stops: (tenant: string) => tenancy.tenants.suspend(tenant),
      pauses: (tenant: string) => tenancy.tenants.setMaintenance(tenant),
      leaves: (tenant: string) => tenancy.tenants.archive(tenant),
    }
    const other = await open('t9')
    for (const [schema, move] of Object.entries(moves)) {
      await tenancy.tenants.create({ schema })
      const client = await open(schema)
      expect(await answered(client.ask('now'))).toEqual({ scope: schema })
      await move(schema)
      await expect(answered(client.ask('now'))).rejects.toThrow('the socket ended')
      await expect(open(schema)).rejects.toBeInstanceOf(RefusedSocket)
    }
    expect(await answered(other.ask('now'))).toEqual({ scope: 't9' })
    other.leave()
  },

  async 'a socket that says nothing ends, too, when its tenant is suspended'({ tenancy, started }: World) {
    const open = await started({ recheckMs: 20 })
    await tenancy.tenants.create({ schema: 'silent' })
    const [client, other] = await Promise.all([open('silent'), open('t9')])
    await sleep(50)
    await tenancy.tenants.suspend('silent')
    await answered(client.ended)
    expect(await answered(other.ask('now'))).toEqual({ scope: 't9' })
    other.leave()
  },

  async 'a tenant that is renamed is served on, under its new name'({ tenancy, open }: World) {
    await tenancy.tenants.create({ schema: 'before' })
    const client = await open('before')
    expect(await answered(client.ask('now'))).toEqual({ scope: 'before' })
    await tenancy.tenants.rename('before', { schema: 'after' })
    expect(await answered(client.ask('waits'))).toEqual({ scope: 'after', schema: 'after' })
    client.leave()
  },

  async 'a listener that fails is logged, tells the client nothing, and disturbs no other socket'({
    app,
    open,
    unhandled,
  }: World) {
    const other = await open('t11')
    for (const how of ['throws', 'rejects']) {
      app.logged.length = 0
      const client = await open('t10')
      const told = Promise.race([client.ask(how), client.ended, sleep(100)])
      expect(String(await told.catch(String))).not.toContain('secret')
      await expect.poll(() => app.logged.map(String)).toEqual(['Error: secret of the listener'])
      expect(await answered(other.ask('now'))).toEqual({ scope: 't11' })
      client.leave()
    }
    expect(unhandled).toEqual([])
    other.leave()
  },

  async 'a broadcast reaches the sockets of its tenant, and no other'({ open }: World) {
    const clients = await Promise.all(['t12', 't12', 't13', 't14'].map((name) => open(name)))
    await answered(clients[0]!.ask('broadcast'))
    await expect.poll(() => clients[1]!.received).toEqual(['for t12'])
    // What was sent before comes before.
    await Promise.all(clients.map((client) => answered(client.ask('now'))))
    expect(clients.map(({ received }) => received)).toEqual([['for t12'], ['for t12'], [], []])
    for (const client of clients) client.leave()
  },

  async 'members only: others are refused alike, and who is removed is not served any more'({ tenancy, started }: World) {
    const open = await started({ members: true })
    const as = (user?: string): Promise<SocketClient> => open('t15', user === undefined ? {} : { headers: { 'x-user': user } })
    await tenancy.members.add('t15', 'ann', { role: 'owner' })
    await tenancy.members.add('t15', 'bob')
    await tenancy.members.add('t16', 'eve')
    await expect(as()).rejects.toMatchObject({ code: 'SIGN_IN_REQUIRED' })
    await expect(as('eve')).rejects.toMatchObject({ code: 'NOT_A_MEMBER' })
    const [ann, bob] = await Promise.all([as('ann'), as('bob')])
    for (const client of [ann, bob]) expect(await answered(client.ask('now'))).toEqual({ scope: 't15' })
    await tenancy.members.remove('t15', 'bob')
    await expect(answered(bob.ask('now'))).rejects.toThrow('the socket ended')
    expect(await answered(ann.ask('now'))).toEqual({ scope: 't15' })
    ann.leave()
  },

  async 'the shared side is a scope of its own'({ started }: World) {
    const open = await started({ none: 'shared' })
    const [shared, one] = await Promise.all([open('', { host: 'example.com' }), open('t1')])
    expect(await answered(shared.ask('now'))).toEqual({ scope: 'shared' })
    expect(await answered(one.ask('now'))).toEqual({ scope: 't1' })
    shared.leave()
    one.leave()
  },

  async 'an upgrade that no client sends gets a 4xx without a stack, and no tenant'({ port, path, open }: World) {
    const websocket =
      'connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n'
    const heads = [
      `host: t1.example.com\r\nhost: t2.example.com\r\n${websocket}`,
      `host: t1.example.com, t2.example.com\r\n${websocket}`,
      `host: t1.example.com@t2.example.com\r\n${websocket}`,
      `host: t1.example.com:99999\r\n${websocket}`,
      `host: ${'x'.repeat(10_000)}.example.com\r\n${websocket}`,
      `host: t1.example.com\r\n${websocket}x-long: ${'x'.repeat(20_000)}\r\n`,
      `host: t1.example.com\r\nconnection: upgrade\r\nupgrade: websocket\r\n`,
      `host: t1.example.com\r\nconnection: upgrade\r\nupgrade: another\r\n`,
      websocket,
    ]
    for (const head of heads) {
      const answer = await raw(port, `GET ${path} HTTP/1.1\r\n${head}\r\n`)
      // Socket.IO opens a connection before it tells why it refuses; there is no tenant in it.
      const isRefused = /^HTTP\/1\.1 (?:4\d\d |101 )/.test(answer) && !/t1"|t2"|\n {4}at /.test(answer)
      expect(`${head.slice(0, 60)}: ${isRefused ? 'refused' : answer}`).toMatch(/: refused$/)
    }
    const client = await open('t1')
    expect(await answered(client.ask('now'))).toEqual({ scope: 't1' })
    client.leave()
  },

  async 'clients that are gone before they are let in change nothing'({ port, path, open }: World) {
    const websocket =
      'connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n'
    for (const wait of [0, 1, 2, 5]) {
      const socket = net.connect({ host: '127.0.0.1', port })
      socket.on('error', () => {})
      socket.write(`GET ${path} HTTP/1.1\r\nhost: t1.example.com\r\n${websocket}\r\n`)
      await sleep(wait)
      socket.resetAndDestroy()
    }
    const client = await open('t1')
    expect(await answered(client.ask('now'))).toEqual({ scope: 't1' })
    client.leave()
  },

  async 'at the end nothing is held and nothing was unhandled'({ tenancy, unhandled }: World) {
    await expect.poll(() => tenancy.pool.totalCount - tenancy.pool.idleCount).toBe(0)
    expect(unhandled).toEqual([])
  },
}

/** What an adapter loses is not waited for until the end of the test. */
async function answered<T>(promise: Promise<T>): Promise<T> {
  const timer = Promise.withResolvers<never>()
  const timeout = setTimeout(() => timer.reject(new Error('no answer')), 10_000)
  try {
    return await Promise.race([promise, timer.promise])
  } finally {
    clearTimeout(timeout)
  }
}

/** What the server wrote until it closed the connection, or for a while. */
async function raw(port: number, text: string): Promise<string> {
  const socket = net.connect({ host: '127.0.0.1', port }).setEncoding('latin1')
  socket.on('error', () => {})
  socket.write(text, 'latin1')
  socket.setTimeout(500, () => socket.destroy())
  let answer = ''
  socket.on('data', (chunk) => (answer += String(chunk)))
  await new Promise((resolve) => socket.on('close', resolve))
  return answer
}
