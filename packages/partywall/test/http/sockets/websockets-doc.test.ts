/** The servers of docs/websockets.md, as they stand there. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import { io as connect } from 'socket.io-client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { byHost, createTenancy, type Tenancy } from '../../../src/index.ts'
import { testDatabase } from '../../support/servers/database.ts'
import { listening } from '../contract/contract.ts'
import { examplePage } from '../page-example.ts'

const { exampleWith } = await examplePage('docs/websockets.md')
const { addSockets } = await exampleWith('export function addSockets')
const { addSocketIo } = await exampleWith('export function addSocketIo')

let tenancy: Tenancy
const closing: (() => unknown)[] = []

beforeAll(async () => {
  const { url } = await testDatabase()
  tenancy = createTenancy({
    database: url,
    migrations: { shared: false, tenant: false },
    resolve: [byHost({ base: 'localhost' })],
  })
  const table = 'create table projects (id integer generated always as identity primary key, title text not null)'
  for (const schema of ['acme', 'globex']) {
    const tenant = await tenancy.tenants.create({ schema })
    await tenancy.run(tenant, () => tenancy.pool.query(table))
  }
})
afterAll(async () => {
  for (const close of closing.toReversed()) await close()
  await tenancy.close()
})

test('the server with ws', async () => {
  const server = createServer()
  addSockets(server, tenancy)
  const { port, close } = await listening(server)
  closing.push(close)
  const [one, two, other] = await Promise.all(
    ['acme', 'acme', 'globex'].map(async (name) => {
      const ws = new WebSocket(`ws://127.0.0.1:${port}`, { headers: { host: `${name}.localhost` } })
      closing.push(() => ws.terminate())
      await once(ws, 'open')
      return ws
    }),
  )
  const told: string[] = []
  other!.on('message', (text) => told.push(String(text)))
  const both = [one, two].map((ws) => once(ws!, 'message'))
  one!.send('A wall')
  expect((await Promise.all(both)).map(([text]) => JSON.parse(String(text)))).toEqual([
    { id: 1, title: 'A wall' },
    { id: 1, title: 'A wall' },
  ])
  other!.send('A roof')
  await expect.poll(() => told).toEqual(['{"id":1,"title":"A roof"}'])
})

test('the server with Socket.IO', async () => {
  const server = createServer()
  const io = addSocketIo(server, tenancy)
  const { port, close } = await listening(server)
  closing.push(close, () => io.close())
  const clients = ['acme', 'acme', 'globex'].map((name) =>
    connect(`http://127.0.0.1:${port}`, {
      forceNew: true,
      transports: ['websocket'],
      extraHeaders: { host: `${name}.localhost` },
    }),
  )
  const received: unknown[][] = clients.map(() => [])
  clients.forEach((client, index) => {
    closing.push(() => client.disconnect())
    client.on('created', (row) => received[index]!.push(row))
  })
  await expect.poll(() => clients.map(({ connected }) => connected)).toEqual([true, true, true])
  const row = (await clients[0]!.timeout(5000).emitWithAck('create', 'A door')) as object
  expect(row).toMatchObject({ title: 'A door' })
  await clients[2]!.timeout(5000).emitWithAck('create', 'A window')
  await expect.poll(() => received).toEqual([[row], [row], [expect.objectContaining({ title: 'A window' })]])
})
