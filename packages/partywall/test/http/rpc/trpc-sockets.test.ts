/** tRPC on `partywall/ws`: what the page of tRPC advises for WebSockets. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { initTRPC } from '@trpc/server'
import { applyWSSHandler } from '@trpc/server/adapters/ws'
import { afterAll, expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { tenantUpgrade } from '../../../src/http/node.ts'
import { tenancyErrors, tenantMiddlewares } from '../../../src/http/trpc.ts'
import { tenantWebSockets } from '../../../src/http/ws.ts'
import { names, rpcWorld, whole } from './world.ts'

const { tenancy, where, stream } = await rpcWorld()
const ends: (() => void)[] = []
afterAll(() => {
  for (const end of ends) end()
  return tenancy.close()
})

const t = initTRPC.create({ errorFormatter: tenancyErrors() })
const { requireTenant } = tenantMiddlewares(tenancy)
const router = t.router({
  who: t.procedure
    .input(String)
    .use(requireTenant)
    .query(() => where()),
  events: t.procedure
    .input(String)
    .use(requireTenant)
    .subscription(() => stream()),
})

type Listener = ReturnType<typeof tenantWebSockets>

async function serve(listenerOf: (wss: WebSocketServer) => Listener): Promise<number> {
  const server = createServer()
  const wss = new WebSocketServer({ noServer: true, perMessageDeflate: { threshold: 0 } })
  applyWSSHandler({ wss, router })
  server.on('upgrade', listenerOf(wss))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  ends.push(() => {
    for (const ws of wss.clients) ws.terminate()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

async function open(port: number, tenant: string): Promise<WebSocket> {
  const headers = { host: `${tenant}.example.com` }
  const ws = new WebSocket(`ws://127.0.0.1:${port}`, { headers, perMessageDeflate: { threshold: 0 } as never })
  await once(ws, 'open')
  return ws
}

/** The data and the errors of so many messages, for calls that are sent at once. */
async function answersTo(ws: WebSocket, calls: readonly object[], count: number): Promise<string[]> {
  const answers: string[] = []
  return await new Promise((resolve) => {
    ws.on('message', (message) => {
      const { result, error } = JSON.parse(String(message)) as any
      const said = result?.data ?? error?.data.problem
      if (said !== undefined) answers.push(said)
      if (answers.length === count) resolve(answers)
    })
    for (const [index, call] of calls.entries()) ws.send(JSON.stringify({ id: index + 1, ...call }))
  })
}

const who = { method: 'query', params: { path: 'who', input: 'x'.repeat(20_000) } }
const events = { method: 'subscription', params: { path: 'events', input: 'x'.repeat(20_000) } }

async function askAtOnce(port: number, calls: readonly object[], count: number): Promise<string[][]> {
  const sockets = await Promise.all(names.map((name) => open(port, name)))
  return await Promise.all(sockets.map((ws) => answersTo(ws, calls, count)))
}

test('each message and each event stays with its tenant, also compressed ones, with 20 sockets at once', async () => {
  const port = await serve((wss) => tenantWebSockets(tenancy, wss))
  const answers = await askAtOnce(port, [who, events, who, who], 7)
  expect(answers).toEqual(names.map((name) => Array.from({ length: 7 }, () => whole(name))))
})

function naive(wss: WebSocketServer): Listener {
  return tenantUpgrade(tenancy, (req, socket, head) =>
    wss.handleUpgrade(req, socket, head, (ws) => void wss.emit('connection', ws, req)),
  )
}

test('a naive server that enters the scope at the upgrade only loses it behind compression; no call is answered for another tenant', async () => {
  const answers = await askAtOnce(await serve(naive), [who, who, who], 3)
  expect(answers.flat()).toContain('TENANT_REQUIRED')
  answers.forEach((ofSocket, index) => {
    for (const answer of ofSocket) expect(['TENANT_REQUIRED', whole(names[index]!)]).toContain(answer)
  })
})

test('a naive server that keeps the tenant of the last connection in a variable answers for another tenant', async () => {
  let current = 'none'
  const shared = initTRPC.create()
  const sharing = shared.router({ who: shared.procedure.input(String).query(() => current) })
  const server = createServer()
  const wss = new WebSocketServer({ server })
  applyWSSHandler({
    wss,
    router: sharing,
    createContext: ({ req }) => void (current = req.headers.host!.split('.')[0]!) as never,
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  ends.push(() => {
    for (const ws of wss.clients) ws.terminate()
    server.close()
  })
  const answers = await askAtOnce((server.address() as AddressInfo).port, [who], 1)
  expect(answers.filter(([answer], index) => answer !== names[index]).length).toBeGreaterThan(0)
})

test('a tenant that is suspended is not served any more by a socket that is open', async () => {
  const port = await serve((wss) => tenantWebSockets(tenancy, wss))
  const ws = await open(port, 't7')
  expect(await answersTo(ws, [who], 1)).toEqual([whole('t7')])
  await tenancy.tenants.suspend('t7')
  const closed = once(ws, 'close')
  ws.send(JSON.stringify({ id: 9, ...who }))
  const [code, reason] = (await closed) as [number, Buffer]
  expect([code, String(reason)]).toEqual([1008, 'TENANT_SUSPENDED'])
})
