/** The feed of docs/realtime.md, as it stands there: from a transaction of a tenant to the sockets of that tenant, and to no others. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import pg from 'pg'
import { Server } from 'socket.io'
import { io as connect } from 'socket.io-client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { tenantSockets } from '../../../src/http/socket-io/socket-io.ts'
import { tenantWebSockets } from '../../../src/http/ws.ts'
import { byHost, createTenancy } from '../../../src/index.ts'
import { testDatabase } from '../../support/servers/database.ts'
import { listening } from '../contract/contract.ts'
import { examplePage } from '../page-example.ts'

const { exampleWith } = await examplePage('docs/realtime.md')
const { orderFeed } = await exampleWith('export async function orderFeed')

const { url } = await testDatabase()
const tenancy = createTenancy({
  database: url,
  migrations: { shared: false, tenant: false },
  resolve: [byHost({ base: 'localhost' })],
})
const schemas = ['acme', 'acme', 'globex']
const closing: (() => unknown)[] = []
const notify = (schema: string, payload: string, end = 'commit') =>
  tenancy.run(schema, async () => {
    const client = await tenancy.pool.connect()
    await client.query('begin')
    await client.query('select pg_notify($1, $2)', [tenancy.channel('orders'), payload])
    await client.query(end)
    client.release()
  })

let feed: any
beforeAll(async () => {
  for (const schema of new Set(schemas)) await tenancy.tenants.create({ schema })
  feed = await orderFeed(tenancy, url)
})
afterAll(async () => {
  for (const close of closing.toReversed()) await close()
  await feed.close()
  await tenancy.close()
})

test('ws: a notification reaches the sockets of its tenant, when its transaction commits, also after a rename', async () => {
  const wss = new WebSocketServer({ noServer: true })
  const server = createServer().on('upgrade', tenantWebSockets(tenancy, wss))
  wss.on('connection', async (ws) => {
    const stop = await feed.listen((orderId: string) => ws.send(`${tenancy.current().schema}: ${orderId}`))
    ws.send('ready')
    ws.on('close', () => void stop())
  })
  const { port, close } = await listening(server)
  closing.push(close)
  const heard: string[][] = schemas.map(() => [])
  const sockets = schemas.map((name, index) => {
    const ws = new WebSocket(`ws://127.0.0.1:${port}`, { headers: { host: `${name}.localhost` } })
    closing.push(() => ws.terminate())
    ws.on('message', (text) => heard[index]!.push(String(text)))
    return ws
  })
  await expect.poll(() => heard).toEqual([['ready'], ['ready'], ['ready']])
  await notify('acme', 'rolled back', 'rollback')
  await notify('acme', '7')
  await notify('globex', '8')
  await expect
    .poll(() => heard)
    .toEqual([
      ['ready', 'acme: 7'],
      ['ready', 'acme: 7'],
      ['ready', 'globex: 8'],
    ])
  await tenancy.tenants.rename('globex', { schema: 'globe' })
  await notify('globe', '9')
  await expect.poll(() => heard[2]).toEqual(['ready', 'globex: 8', 'globe: 9'])
  await tenancy.tenants.rename('globe', { schema: 'globex' })
  for (const ws of sockets) {
    ws.close()
    await once(ws, 'close')
  }
})

test('Socket.IO: one listener for a tenant tells its room', async () => {
  const server = createServer()
  const io = new Server(server)
  tenantSockets(tenancy, io)
  closing.push(() => io.close())
  for (const schema of new Set(schemas))
    await tenancy.run(schema, () => feed.listen((orderId: string) => io.to('orders').emit('order', orderId)))
  io.on('connection', (socket) => {
    void socket.join('orders')
    socket.emit('order', 'ready')
  })
  const { port, close } = await listening(server)
  closing.push(close)
  const heard: string[][] = schemas.map(() => [])
  schemas.forEach((name, index) => {
    const client = connect(`http://127.0.0.1:${port}`, {
      forceNew: true,
      transports: ['websocket'],
      extraHeaders: { host: `${name}.localhost` },
    })
    closing.push(() => client.disconnect())
    client.on('order', (orderId: string) => heard[index]!.push(orderId))
  })
  await expect.poll(() => heard).toEqual([['ready'], ['ready'], ['ready']])
  await notify('globex', '8')
  await notify('acme', '7')
  await expect
    .poll(() => heard)
    .toEqual([
      ['ready', '7'],
      ['ready', '7'],
      ['ready', '8'],
    ])
})

test('a channel that all tenants share is heard by all of them', async () => {
  const naive = new pg.Client(url)
  await naive.connect()
  closing.push(() => naive.end())
  const heard: unknown[] = []
  naive.on('notification', ({ payload }) => heard.push(payload))
  await naive.query('listen orders')
  for (const schema of ['acme', 'globex'])
    await tenancy.run(schema, () => tenancy.pool.query('select pg_notify($1, $2)', ['orders', schema]))
  await expect.poll(() => heard).toEqual(['acme', 'globex'])
})
