/** Socket.IO keeps the contract of sockets on both of its transports, and what is special about it. */
import { AsyncResource } from 'node:async_hooks'
import { EventEmitter } from 'node:events'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { setTimeout as sleep } from 'node:timers/promises'
import { Server, type Socket as ServerSocket } from 'socket.io'
import { io as connect, type Socket as ClientSocket } from 'socket.io-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { memberOf, tenantRoom, tenantSockets, type TenantSocketsOptions } from '../../../src/http/socket-io/socket-io.ts'
import { byHost, createTenancy, type Tenancy } from '../../../src/index.ts'
import { testDatabase } from '../../support/servers/database.ts'
import { listening } from '../contract/contract.ts'
import type { Question } from './app.ts'
import { connectSocketIo, hostHeader } from './client.ts'
import { socketContract, type SocketSubject } from './contract.ts'

const host = ({ headers }: { headers: NodeJS.Dict<string | string[]> }): string | undefined =>
  headers[hostHeader] as string | undefined
const user = ({ headers }: { headers: NodeJS.Dict<string | string[]> }): string | undefined =>
  headers['x-user'] as string | undefined

const start: SocketSubject['start'] = async (tenancy, app, { members, ...options }) => {
  const server = createServer()
  const io = new Server(server)
  tenantSockets(tenancy, io, {
    ...options,
    host,
    log: (error) => app.logged.push(error),
    ...(members && { member: true, user }),
  })
  for (const namespace of [io, io.of('/inner')]) {
    namespace.on('connection', (socket: ServerSocket) =>
      app.connected({
        onQuestion: (listener) => void socket.on('question', (question: Question) => listener(question)),
        onClose: (listener) => void socket.on('disconnect', () => listener()),
        answer: (id, reply) => void socket.emit('message', { id, reply }),
        // What leaks without the adapter.
        broadcast: (text) => void namespace.emit('message', { text }),
      }),
    )
  }
  const { port, close } = await listening(server)
  return { port, close: async () => (await io.close(), close()) }
}

const path = '/socket.io/?EIO=4&transport=websocket'
socketContract({ name: 'Socket.IO by WebSocket', path, connect: connectSocketIo(['websocket']), start })
socketContract({
  name: 'Socket.IO by long polling',
  path,
  connect: connectSocketIo(['polling']),
  start,
  // Each request names the tenant, and the old name is gone.
  lacks: ['a tenant that is renamed is served on, under its new name'],
})
socketContract({
  name: 'Socket.IO by long polling and then WebSocket, in another namespace',
  path,
  connect: connectSocketIo(['polling', 'websocket'], '/inner'),
  start,
})

const news = (client: ClientSocket): string[] => {
  const texts: string[] = []
  client.on('news', (text: string) => texts.push(text))
  return texts
}

const connected = (client: ClientSocket): Promise<unknown> =>
  new Promise((resolve) => {
    if (client.connected) resolve('connected')
    client.once('connect', () => resolve('connected'))
    client.once('connect_error', (error: Error & { data?: unknown }) => resolve([error.message, error.data]))
  })

/** What each of four clients receives: two of acme, of which the second sends, and two of globex. */
const both = (how: string): string[][] => [[`${how} of acme`], [`${how} of acme`], [], []]

const other = (how: string): string[][] => [[`${how} of acme`], [], [], []]

const expectRefused = (fn: () => unknown, option: string): void =>
  expect(fn).toThrow(expect.objectContaining({ code: 'INVALID_OPTION', details: expect.objectContaining({ option }) }))

describe('what is special about Socket.IO', () => {
  let tenancy: Tenancy
  const closing: (() => Promise<unknown>)[] = []
  const logged: unknown[] = []

  beforeAll(async () => {
    const { url } = await testDatabase()
    tenancy = createTenancy({
      database: url,
      migrations: { shared: false, tenant: false },
      resolve: [byHost({ base: 'example.com' })],
    })
    for (const schema of ['acme', 'globex']) await tenancy.tenants.create({ schema })
  })
  afterAll(async () => {
    await Promise.all(closing.map((close) => close()))
    await tenancy.close()
  })

  const schema = (): string => tenancy.tryCurrent()?.schema ?? 'none'

  async function started(options: TenantSocketsOptions = {}, ofServer: object = {}) {
    const server = createServer()
    const io = new Server(server, ofServer)
    tenantSockets(tenancy, io, { host, log: (error) => logged.push(error), ...options })
    const { port, close } = await listening(server)
    closing.push(async () => (await io.close(), close()))
    const open = (tenant: string, namespace = '/', more: object = {}): ClientSocket => {
      const { headers, ...others } = more as { headers?: Record<string, string> }
      const client = connect(`http://127.0.0.1:${port}${namespace}`, {
        forceNew: true,
        reconnection: false,
        extraHeaders: { [hostHeader]: `${tenant}.example.com`, ...headers },
        ...others,
      })
      closing.push(async () => client.disconnect())
      return client
    }
    const raw = (tenant: string, query: string, init: RequestInit = {}): Promise<Response> =>
      fetch(`http://127.0.0.1:${port}/socket.io/?EIO=4&transport=polling${query}`, {
        ...init,
        headers: { [hostHeader]: `${tenant}.example.com` },
      })
    return { io, open, raw, port }
  }

  test('middlewares of namespaces and of sockets, onAny, acknowledgements on both sides, disconnecting and disconnect run in the scope', async () => {
    const { io, open } = await started()
    const seen: string[] = []
    io.use(async (socket, next) => {
      await sleep(1)
      seen.push(`use ${schema()} ${(socket.data as { tenant: { schema: string } }).tenant.schema}`)
      next()
    })
    io.on('connection', (socket) => {
      seen.push(`connection ${schema()}`)
      socket.use((_, next) => {
        seen.push(`socket.use ${schema()}`)
        next()
      })
      socket.onAny(() => void seen.push(`any ${schema()}`))
      socket.on('ask', async (callback: (answer: string) => void) => {
        await sleep(1)
        callback(schema())
        const answer: string = await socket.timeout(5000).emitWithAck('back')
        seen.push(`ack ${answer} ${schema()}`)
      })
      socket.on('disconnecting', () => seen.push(`disconnecting ${schema()}`))
      socket.on('disconnect', () => seen.push(`disconnect ${schema()}`))
    })
    const clients = ['acme', 'globex'].map((name) => open(name))
    for (const [index, client] of clients.entries()) {
      client.on('back', (callback: (answer: string) => void) => callback(`of ${index}`))
      expect(await connected(client)).toBe('connected')
      expect(await client.timeout(5000).emitWithAck('ask')).toBe(['acme', 'globex'][index])
    }
    await expect.poll(() => seen.filter((line) => line.startsWith('ack')).length).toBe(2)
    for (const client of clients) client.disconnect()
    await expect.poll(() => seen.filter((line) => line.startsWith('disconnect ')).length).toBe(2)
    const each = ['use', 'connection', 'socket.use', 'any', 'ack', 'disconnecting', 'disconnect']
    const expected = ['acme', 'globex'].flatMap((name, index) =>
      each.map((what) =>
        what === 'use' ? `use ${name} ${name}` : what === 'ack' ? `ack of ${index} ${name}` : `${what} ${name}`,
      ),
    )
    expect(seen.toSorted()).toEqual(expected.toSorted())
  })

  test('an acknowledgement that code outside of every scope asked for is outside of every scope', async () => {
    const { io, open } = await started()
    const client = open('acme')
    client.on('ping', (callback: () => void) => callback())
    expect(await connected(client)).toBe('connected')
    const scopes = await Promise.all([
      new Promise((resolve) => io.timeout(5000).emit('ping', () => resolve(schema()))),
      new Promise((resolve) => [...io.sockets.sockets.values()][0]!.emit('ping', () => resolve(schema()))),
      tenancy.run('acme', () => new Promise((resolve) => io.timeout(5000).emit('ping', () => resolve(schema())))),
    ])
    expect(scopes).toEqual(['none', 'none', 'acme'])
  })

  test('the id of a connection is worth nothing at another host: polling, sending and upgrading are answered as for an id that does not exist', async () => {
    const { io, raw, port } = await started()
    const received: string[] = []
    io.on('connection', (socket) => socket.on('say', (text: string) => received.push(`${text} ${schema()}`)))
    const opening = await (await raw('acme', '')).text()
    const { sid } = JSON.parse(opening.slice(1)) as { sid: string }
    const send = (tenant: string, id: string, body: string): Promise<Response> =>
      raw(tenant, `&sid=${id}`, { method: 'POST', body })
    expect(await (await send('acme', sid, '40')).text()).toBe('ok')
    expect(await (await raw('acme', `&sid=${sid}`)).text()).toMatch(/^40\{"sid"/)
    expect(await (await send('acme', sid, '42["say","own"]')).text()).toBe('ok')
    await expect.poll(() => received).toEqual(['own acme'])

    const absent = await send('globex', 'none-of-these', '42["say","stolen"]')
    const told = [absent.status, await absent.text()]
    expect(told).toEqual([400, '{"code":1,"message":"Session ID unknown"}'])
    for (const stolen of [await send('globex', sid, '42["say","stolen"]'), await raw('globex', `&sid=${sid}`)]) {
      expect([stolen.status, await stolen.text()]).toEqual(told)
    }
    const upgrading = connect(`http://127.0.0.1:${port}`, {
      forceNew: true,
      reconnection: false,
      transports: ['websocket'],
      query: { sid },
      extraHeaders: { [hostHeader]: 'globex.example.com' },
    })
    expect(await connected(upgrading)).toEqual(['websocket error', undefined])
    upgrading.disconnect()
    expect(await (await send('acme', sid, '42["say","still own"]')).text()).toBe('ok')
    await expect.poll(() => received).toEqual(['own acme', 'still own acme'])
  })

  test('a connection is polled no more when its tenant is suspended', async () => {
    const { raw } = await started()
    await tenancy.tenants.create({ schema: 'polled' })
    const { sid } = JSON.parse((await (await raw('polled', '')).text()).slice(1)) as { sid: string }
    await raw('polled', `&sid=${sid}`, { method: 'POST', body: '40' })
    await tenancy.tenants.suspend('polled')
    const answer = await raw('polled', `&sid=${sid}`)
    expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([403, 'TENANT_SUSPENDED'])
  })

  test('rooms of one name are one for each tenant, whatever name a client chooses, and however it is sent to them', async () => {
    const { io, open } = await started()
    const [acme, globex] = await Promise.all(['acme', 'globex'].map((name) => tenancy.tenants.get(name)))
    io.on('connection', (socket) => {
      socket.on('join', async (room: string, callback: () => void) => {
        await socket.join(room)
        callback()
      })
      socket.on('leave', async (room: string, callback: () => void) => {
        await socket.leave(room)
        callback()
      })
      socket.on('send', (how: string, room: string, callback: () => void) => {
        const text = `${how} of ${schema()}`
        if (how === 'io.to') io.to(room).emit('news', text)
        if (how === 'io.in.except') io.in(room).except('nothing').volatile.emit('news', text)
        if (how === 'io.emit') io.emit('news', text)
        if (how === 'io.except') io.except(room).emit('news', text)
        if (how === 'io.local') io.local.emit('news', text)
        if (how === 'io.volatile') io.volatile.emit('news', text)
        if (how === 'io.send') io.send(text)
        if (how === 'socket.to') socket.to(room).to('nothing').emit('news', text)
        if (how === 'socket.broadcast') socket.broadcast.emit('news', text)
        if (how === 'socket.local') socket.local.compress(true).emit('news', text)
        if (how === 'socket.except') socket.except(room).emit('news', text)
        callback()
      })
    })
    const clients = ['acme', 'acme', 'globex', 'globex'].map((name) => open(name))
    const received: string[][] = clients.map(() => [])
    for (const [index, client] of clients.entries()) {
      expect(await connected(client)).toBe('connected')
      for (const event of ['news', 'message']) client.on(event, (text: string) => received[index]!.push(text))
      const names = ['room-1', tenantRoom(acme), tenantRoom(acme, 'room-1'), clients[0]!.id!]
      for (const name of names) await client.timeout(5000).emitWithAck('join', name)
    }
    const sent = async (how: string, room: string): Promise<string[][]> => {
      received.forEach((texts) => (texts.length = 0))
      await clients[1]!.timeout(5000).emitWithAck('send', how, room)
      await Promise.all(clients.map((client) => client.timeout(5000).emitWithAck('send', 'nothing', '')))
      return received.map((texts) => [...texts])
    }
    for (const how of ['io.to', 'io.in.except', 'io.emit', 'io.local', 'io.volatile', 'io.send'])
      expect(await sent(how, 'room-1')).toEqual(both(how))
    expect(await sent('io.to', tenantRoom(acme))).toEqual(both('io.to'))
    expect(await sent('io.to', tenantRoom(globex))).toEqual([[], [], [], []])
    expect(await sent('io.to', clients[2]!.id!)).toEqual([[], [], [], []])
    expect(await sent('socket.to', clients[2]!.id!)).toEqual([[], [], [], []])
    expect(await sent('io.except', 'room-1')).toEqual([[], [], [], []])
    expect(await sent('io.except', 'no room')).toEqual(both('io.except'))
    for (const how of ['socket.to', 'socket.broadcast', 'socket.local']) expect(await sent(how, 'room-1')).toEqual(other(how))
    expect(await sent('socket.except', 'no room')).toEqual(other('socket.except'))
    await clients[0]!.timeout(5000).emitWithAck('leave', 'room-1')
    expect(await sent('socket.to', 'room-1')).toEqual([[], [], [], []])

    // A job, outside of every scope, names a tenant or means all.
    received.forEach((texts) => (texts.length = 0))
    io.to(tenantRoom(globex, 'room-1')).emit('news', 'job')
    io.to('room-1').emit('news', 'lost')
    io.emit('news', 'all')
    await Promise.all(clients.map((client) => client.timeout(5000).emitWithAck('send', 'nothing', '')))
    expect(received).toEqual([['all'], ['all'], ['job', 'all'], ['job', 'all']])
    const ids = await tenancy.run('acme', async () => (await io.fetchSockets()).map(({ id }) => id))
    expect(ids.toSorted()).toEqual([clients[0]!.id!, clients[1]!.id!].toSorted())
    await tenancy.run('acme', () => io.disconnectSockets())
    await expect.poll(() => clients.map((client) => client.connected)).toEqual([false, false, true, true])
  })

  test('namespaces that come later, and those of a pattern, let no one in without a tenant, and stay with it', async () => {
    const { io, open } = await started()
    const later = io.of('/later')
    const pattern = io.of(/^\/of-\w+$/)
    for (const namespace of [later, pattern]) {
      namespace.use((_, next) => next())
      namespace.on('connection', (socket) =>
        socket.on('ask', (callback: (answer: string) => void) => {
          socket.nsp.emit('news', `nsp of ${schema()}`)
          pattern.volatile.emit('news', `pattern of ${schema()}`)
          callback(schema())
        }),
      )
    }
    for (const namespace of ['/later', '/of-polls']) {
      const [acme, globex, absent] = ['acme', 'globex', 'absent'].map((name) => open(name, namespace)) as [
        ClientSocket,
        ClientSocket,
        ClientSocket,
      ]
      expect(await Promise.all([acme, globex, absent].map(connected))).toEqual([
        'connected',
        'connected',
        ['UNKNOWN_TENANT', { code: 'UNKNOWN_TENANT' }],
      ])
      const told = news(globex)
      expect(await acme.timeout(5000).emitWithAck('ask')).toBe('acme')
      expect(await globex.timeout(5000).emitWithAck('ask')).toBe('globex')
      expect(told.filter((text) => !text.endsWith(' globex'))).toEqual([])
      expect(told).toContain('nsp of globex')
    }
  })

  test('a connection is recovered with its rooms and messages at its own tenant, and not at another', async () => {
    const { io, open } = await started({}, { connectionStateRecovery: {} })
    io.on('connection', (socket) => {
      socket.on('join', async (callback: (isRecovered: boolean) => void) => callback(void (await socket.join('room-1')) as never))
      socket.on('state', (callback: (...state: unknown[]) => void) =>
        callback([socket.recovered, schema(), [...socket.rooms].length]),
      )
    })
    const client = open('acme', '/', { transports: ['websocket'] })
    const texts = news(client)
    expect(await connected(client)).toBe('connected')
    await client.timeout(5000).emitWithAck('join')
    const toRoom = (text: string): Promise<unknown> => tenancy.run('acme', () => io.to('room-1').emit('news', text))
    await toRoom('first')
    await expect.poll(() => texts).toEqual(['first'])
    client.io.engine.close()
    await expect.poll(() => io.sockets.sockets.size).toBe(0)
    await toRoom('missed')

    // The stolen session: what the client keeps to come back, at the host of another tenant.
    const { _pid: pid, _lastOffset: offset } = client as unknown as { _pid: string; _lastOffset: string }
    const thief = open('globex', '/', { transports: ['websocket'] })
    Object.assign(thief, { _pid: pid, _lastOffset: offset })
    const stolen = news(thief)
    expect(await connected(thief)).toBe('connected')
    expect(await thief.timeout(5000).emitWithAck('state')).toEqual([false, 'globex', 3])
    expect(stolen).toEqual([])

    client.connect()
    expect(await connected(client)).toBe('connected')
    expect(await client.timeout(5000).emitWithAck('state')).toEqual([true, 'acme', 4])
    expect(texts).toEqual(['first', 'missed'])
    await toRoom('last')
    await expect.poll(() => texts).toEqual(['first', 'missed', 'last'])
    expect(stolen).toEqual([])
  })

  test('a recovered connection is let in by the same rules: its tenant may be suspended, its user removed', async () => {
    await tenancy.tenants.create({ schema: 'returns' })
    await tenancy.members.add('returns', 'ann', { role: 'owner' })
    await tenancy.members.add('returns', 'bob')
    const { io, open } = await started({ member: true, user }, { connectionStateRecovery: {} })
    io.on('connection', (socket) =>
      socket.on('who', (callback: (id: string) => void) => callback(memberOf(socket.request).userId)),
    )
    const [ann, bob] = ['ann', 'bob'].map((name) =>
      open('returns', '/', { transports: ['websocket'], headers: { 'x-user': name } }),
    ) as [ClientSocket, ClientSocket]
    for (const client of [ann, bob]) {
      expect(await connected(client)).toBe('connected')
      expect(await client.timeout(5000).emitWithAck('who')).toMatch(/ann|bob/)
      io.emit('news')
      client.io.engine.close()
    }
    await tenancy.members.remove('returns', 'bob')
    bob.connect()
    expect(await connected(bob)).toEqual(['NOT_A_MEMBER', { code: 'NOT_A_MEMBER' }])
    await tenancy.tenants.suspend('returns')
    ann.connect()
    expect(await connected(ann)).toEqual(['TENANT_SUSPENDED', { code: 'TENANT_SUSPENDED' }])
  })

  test('a client whose tenant is suspended connects again by itself, and is told why it is refused', async () => {
    await tenancy.tenants.create({ schema: 'told' })
    const { open } = await started({ recheckMs: 20 })
    const client = open('told', '/', { reconnection: true, reconnectionDelay: 10 })
    expect(await connected(client)).toBe('connected')
    const refused = new Promise((resolve) =>
      client.on('connect_error', (error: Error & { data?: unknown }) => error.data && resolve(error.data)),
    )
    await tenancy.tenants.suspend('told')
    expect(await refused).toEqual({ code: 'TENANT_SUSPENDED' })
  })

  test('middlewares, listeners of any event, of connections and of acknowledgements may fail: it is logged, and the others go on', async () => {
    const { io, open } = await started()
    io.use((socket, next) => {
      const { how } = socket.handshake.auth as { how?: string }
      if (how === 'throws') throw new Error('secret')
      if (how === 'rejects') return Promise.reject(new Error('secret')) as never
      if (how === 'tenancy') return void tenancy.tenants.get('absent').then(() => next(), next)
      if (how === 'own') return next(Object.assign(new Error('too many'), { data: { retry: 5 } }))
      next()
      next()
    })
    let connections = 0
    io.on('connection', (socket) => {
      connections++
      socket.use(([event], next) => {
        if (event === 'use') throw new Error('secret')
        if (event === 'use late') return Promise.reject(new Error('secret')) as never
        next()
      })
      socket.onAny((event: string) => (event === 'any' ? Promise.reject(new Error('secret')) : undefined))
      socket.on('any', (callback: () => void) => callback())
      socket.on('asks', () => socket.emit('back', () => Promise.reject(new Error('secret'))))
      socket.on('disconnect', () => Promise.reject(new Error('secret')))
      if (socket.handshake.auth['how'] === 'connection') throw new Error('secret')
    })
    logged.length = 0
    const internal = ['INTERNAL_ERROR', { code: 'INTERNAL_ERROR' }]
    expect(await connected(open('acme', '/', { auth: { how: 'throws' } }))).toEqual(internal)
    expect(await connected(open('acme', '/', { auth: { how: 'rejects' } }))).toEqual(internal)
    expect(await connected(open('acme', '/', { auth: { how: 'own' } }))).toEqual(['too many', { retry: 5 }])
    expect(logged.map(String)).toEqual(['Error: secret', 'Error: secret'])
    expect(await connected(open('acme', '/', { auth: { how: 'tenancy' } }))).toEqual([
      'UNKNOWN_TENANT',
      { code: 'UNKNOWN_TENANT' },
    ])
    expect(await connected(open('acme', '/', { auth: { how: 'connection' } }))).toBe('connected')
    const client = open('acme')
    client.on('back', (callback: () => void) => callback())
    expect(await connected(client)).toBe('connected')
    expect(connections).toBe(2)
    client.emit('use')
    client.emit('use late')
    await client.timeout(5000).emitWithAck('any')
    client.emit('asks')
    await expect.poll(() => logged.length).toBe(7)
    client.disconnect()
    await expect.poll(() => logged.length).toBe(8)
    expect(new Set(logged.map(String))).toEqual(new Set(['Error: secret']))
  })

  test('the clients of another engine than the one that was given are refused', async () => {
    const { io, open } = await started()
    const second = createServer()
    io.attach(second)
    const { port, close } = await listening(second)
    closing.push(close)
    logged.length = 0
    const client = connect(`http://127.0.0.1:${port}`, {
      forceNew: true,
      reconnection: false,
      extraHeaders: { [hostHeader]: 'acme.example.com' },
    })
    expect(await connected(client)).toEqual(['INTERNAL_ERROR', { code: 'INTERNAL_ERROR' }])
    expect(logged).toEqual([expect.objectContaining({ code: 'INVALID_OPTION' })])
    client.disconnect()
    expect(await connected(open('acme'))).toBe('connected')
  })

  test('wrong wiring is refused when the application starts', () => {
    expectRefused(() => tenantSockets(tenancy, new Server()), 'io')
    expectRefused(() => tenantSockets(tenancy, undefined as never), 'io')
    const io = new Server(createServer())
    expectRefused(() => tenantSockets(tenancy, io, { member: true }), 'user')
    expectRefused(() => tenantSockets(tenancy, io, { origins: 'any' } as never), 'origins')
  })

  test('rooms and broadcasts stay with the tenant across several servers, whose adapters carry them', async () => {
    const adapter = clusterAdapter()
    const [one, two] = await Promise.all([started({}, { adapter }), started({}, { adapter })])
    for (const { io } of [one, two]) {
      io.on('connection', (socket) => {
        socket.on('join', async (room: string, callback: () => void) => {
          await socket.join(room)
          callback()
        })
        socket.on('say', (room: string, callback: () => void) => {
          socket.to(room).emit('news', `socket.to of ${schema()}`)
          callback()
        })
      })
    }
    const clients = [one.open('acme'), two.open('acme'), two.open('globex')]
    const received: string[][] = []
    for (const client of clients) {
      expect(await connected(client)).toBe('connected')
      received.push(news(client))
      client.on('ask', (callback: (id: string) => void) => callback(client.id!))
      await client.timeout(5000).emitWithAck('join', 'room-1')
    }
    const ids = clients.map(({ id }) => id!)
    const seen = async (expected: string[][]): Promise<void> => {
      await expect.poll(() => received).toEqual(expected)
      received.forEach((texts) => (texts.length = 0))
    }
    await tenancy.run('acme', () => one.io.to('room-1').emit('news', 'room'))
    await seen([['room'], ['room'], []])
    await tenancy.run('acme', () => one.io.emit('news', 'all'))
    await seen([['all'], ['all'], []])
    await tenancy.run('globex', () => one.io.except('room-2').emit('news', 'from afar'))
    await seen([[], [], ['from afar']])
    await clients[0]!.timeout(5000).emitWithAck('say', 'room-1')
    await seen([[], ['socket.to of acme'], []])
    await tenancy.run('acme', () => one.io.socketsJoin('room-3'))
    await tenancy.run('globex', () => one.io.to('room-3').emit('news', 'not theirs'))
    await tenancy.run('acme', () => one.io.to('room-3').emit('news', 'joined'))
    await seen([['joined'], ['joined'], []])

    const sockets = await tenancy.run('acme', () => one.io.fetchSockets())
    expect(sockets.map(({ id }) => id).toSorted()).toEqual(ids.slice(0, 2).toSorted())
    const { id, schema: named, name } = await tenancy.tenants.get('acme')
    expect(sockets.map(({ data }) => data as unknown)).toEqual(sockets.map(() => ({ tenant: { id, schema: named, name } })))
    const answers = await tenancy.run('acme', async () => [await one.io.timeout(5000).emitWithAck('ask'), schema()] as const)
    expect([(answers[0] as string[]).toSorted(), answers[1]]).toEqual([ids.slice(0, 2).toSorted(), 'acme'])
    one.io.to(tenantRoom(await tenancy.tenants.get('globex'))).emit('news', 'job')
    await seen([[], [], ['job']])
    await tenancy.run('acme', () => two.io.disconnectSockets())
    await expect.poll(() => clients.map((client) => client.connected)).toEqual([false, false, true])
  })
})

/** Two servers on one bus, as the adapters for Redis, PostgreSQL and a cluster make of this class. What arrives comes from no scope, and is a copy. */
function clusterAdapter(): unknown {
  const require = createRequire(createRequire(import.meta.url).resolve('socket.io'))
  // A dependency of Socket.IO, and not of this repository.
  const itsOwn = 'socket.io-adapter'
  const { ClusterAdapter } = require(itsOwn) as { ClusterAdapter: new (namespace: unknown) => Cluster }
  const bus = new EventEmitter()
  const network = new AsyncResource('network')
  const sent = async (...event: unknown[]): Promise<string> => {
    const copy = JSON.parse(JSON.stringify(event)) as [string]
    setImmediate(() => network.runInAsyncScope(() => bus.emit(...copy)))
    return '0'
  }
  return class extends ClusterAdapter {
    constructor(namespace: unknown) {
      super(namespace)
      bus.on('message', (message: object) => this.onMessage(message))
      bus.on('response', (uid: string, response: object) => (uid === this.uid ? this.onResponse(response) : undefined))
    }

    doPublish(message: object): Promise<string> {
      return sent('message', message)
    }

    doPublishResponse(uid: string, response: object): Promise<string> {
      return sent('response', uid, response)
    }

    async serverCount(): Promise<number> {
      return 2
    }
  }
}

interface Cluster {
  readonly uid: string
  onMessage(message: object): void
  onResponse(response: object): void
}
