/** tRPC 11 on Express, Fastify and node:http, and on a WebSocket, with its own client: calls, batches, streams and subscriptions stay with their tenant. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  createTRPCClient,
  createWSClient,
  httpBatchLink,
  httpBatchStreamLink,
  httpLink,
  TRPCClientError,
  wsLink,
  type TRPCLink,
} from '@trpc/client'
import { initTRPC, TRPCError } from '@trpc/server'
import { createExpressMiddleware } from '@trpc/server/adapters/express'
import { fastifyTRPCPlugin } from '@trpc/server/adapters/fastify'
import { createHTTPHandler } from '@trpc/server/adapters/standalone'
import { applyWSSHandler } from '@trpc/server/adapters/ws'
import express from 'express'
import fastify from 'fastify'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { tenantScope } from '../../../src/http/express.ts'
import { tenantPlugin } from '../../../src/http/fastify.ts'
import { tenantListener } from '../../../src/http/node.ts'
import { tenancyErrors, tenantMiddlewares } from '../../../src/http/trpc.ts'
import { tenantWebSockets } from '../../../src/http/ws.ts'
import { Client } from '../contract/client.ts'
import { names, rpcWorld, userHeader, whole } from './world.ts'

const { tenancy, where, stream } = await rpcWorld()
afterAll(() => tenancy.close())

interface Context {
  readonly userId: string | undefined
}
const contextOf = ({ req }: { req: Pick<IncomingMessage, 'headers'> }): Context => ({
  userId: req.headers[userHeader] as string | undefined,
})

const log = vi.fn<(error: Error) => void>()
const t = initTRPC.context<Context>().create({ errorFormatter: tenancyErrors({ log }), isDev: true })
const { requireTenant, requireShared, requireMember } = tenantMiddlewares(tenancy, { user: (ctx: Context) => ctx.userId })
const ofTenant = t.procedure.use(requireTenant)

const router = t.router({
  who: ofTenant.query(async ({ ctx }) => `${ctx.tenant.schema}: ${await where()}`),
  change: ofTenant.input((value) => String(value)).mutation(async ({ input }) => `${input} ${await where()}`),
  chunks: ofTenant.query(async function* () {
    yield* stream()
  }),
  nested: ofTenant.query(() => ({ later: where() })),
  events: ofTenant.subscription(async function* () {
    yield* stream()
  }),
  breaks: ofTenant.subscription(async function* () {
    yield await where()
    throw new Error('secret of the stream')
  }),
  central: t.procedure.use(requireShared).query(() => 'central'),
  mine: t.procedure.use(requireMember({ roles: 'admin', can: 'polls.write' })).query(({ ctx }) => ctx.member.userId),
  fails: ofTenant.query(async () => {
    throw new Error('secret of the procedure')
  }),
  wrapped: ofTenant.query(async () => {
    const cause = await tenancy.run('missing', () => {}).catch((error: unknown) => error)
    throw new Error('secret statement', { cause })
  }),
  own: ofTenant.query(() => {
    throw new TRPCError({ code: 'CONFLICT', message: 'A word of the application.' })
  }),
})
type AppRouter = typeof router

const options = { none: 'shared', user: ({ headers }: IncomingMessage) => headers[userHeader] as string | undefined } as const
const servers: Record<string, () => Promise<Server>> = {
  async Express() {
    const app = express().use(tenantScope(tenancy, { none: 'shared' }))
    app.use('/trpc', createExpressMiddleware({ router, createContext: contextOf }))
    return createServer(app)
  },
  async Fastify() {
    const app = fastify({ forceCloseConnections: true })
    await app.register(tenantPlugin(tenancy, { none: 'shared' }))
    await app.register(fastifyTRPCPlugin, { prefix: '/trpc', trpcOptions: { router, createContext: contextOf } })
    await app.ready()
    return app.server
  },
  async 'node:http'() {
    const handler = createHTTPHandler({ router, createContext: contextOf, basePath: '/trpc/' })
    return createServer(tenantListener(tenancy, handler, options))
  },
}

/** A client at the host of a tenant: fetch cannot set it, so the client sends to a name that leads to this machine. */
function clientOf(port: number, tenant: string | undefined, link: (url: string) => TRPCLink<AppRouter>) {
  const host = tenant === undefined ? 'example.com' : `${tenant}.example.com`
  return createTRPCClient<AppRouter>({ links: [link(`http://${host}:${port}/trpc`)] })
}

/** `fetch` over node:http, so that the host in the URL is the one that is sent, and the connection goes here. */
async function fetchHere(url: URL | string | Request, init: RequestInit = {}): Promise<Response> {
  const { request } = await import('node:http')
  const { Readable } = await import('node:stream')
  const { hostname, port, pathname, search } = new URL(String(url))
  return new Promise((resolve, reject) => {
    const headers = { ...Object.fromEntries(new Headers(init.headers)), host: hostname }
    const sent = request({
      host: '127.0.0.1',
      port,
      path: pathname + search,
      method: init.method ?? 'GET',
      headers,
      agent: false,
    })
    sent.on('response', (response) => {
      const body = Readable.toWeb(response) as unknown as ReadableStream
      resolve(new Response(body, { status: response.statusCode!, headers: response.headers as Record<string, string> }))
    })
    sent.on('error', reject)
    init.signal?.addEventListener('abort', () => sent.destroy(new Error('aborted')))
    sent.end(init.body as string | undefined)
  })
}
const fetch = fetchHere as never

describe.each(Object.keys(servers))('tRPC on %s', (name) => {
  let server: Server
  let port: number
  const unhandled: unknown[] = []
  const note = (reason: unknown): void => void unhandled.push(reason)
  beforeAll(async () => {
    server = await servers[name]!()
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    ;({ port } = server.address() as AddressInfo)
    process.on('unhandledRejection', note)
  })
  afterAll(() => {
    process.off('unhandledRejection', note)
    server.closeAllConnections()
    server.close()
  })
  const plain = (tenant?: string, user?: string) =>
    clientOf(port, tenant, (url) => httpLink({ url, fetch, headers: user === undefined ? {} : { [userHeader]: user } }))

  const subscribed = async (tenant: string, path: 'events' | 'breaks') => {
    const response = await fetchHere(`http://${tenant}.example.com:${port}/trpc/${path}`, {
      headers: { accept: 'text/event-stream' },
    })
    return await response.text()
  }

  test('a query and a mutation run in the scope, with 40 at once', async () => {
    const all = [...names, ...names]
    const answers = await Promise.all(all.flatMap((tenant) => [plain(tenant).who.query(), plain(tenant).change.mutate('x')]))
    expect(answers).toEqual(all.flatMap((tenant) => [`${tenant}: ${whole(tenant)}`, `x ${whole(tenant)}`]))
  })

  test('all calls of a batch have the tenant of its request', async () => {
    await Promise.all(
      names.map(async (tenant) => {
        const client = clientOf(port, tenant, (url) => httpBatchLink({ url, fetch }))
        const answers = await Promise.all(Array.from({ length: 5 }, () => client.who.query()))
        expect(new Set(answers)).toEqual(new Set([`${tenant}: ${whole(tenant)}`]))
      }),
    )
  })

  test('a streamed batch stays with its tenant at each chunk, also values that come later', async () => {
    await Promise.all(
      names.map(async (tenant) => {
        const client = clientOf(port, tenant, (url) => httpBatchStreamLink({ url, fetch }))
        const [chunks, nested] = await Promise.all([client.chunks.query(), client.nested.query()])
        expect(await Array.fromAsync(chunks)).toEqual(Array.from({ length: 4 }, () => whole(tenant)))
        expect(await nested.later).toBe(whole(tenant))
      }),
    )
  })

  test('a subscription stays with its tenant at each event, and one that fails says nothing', async () => {
    const answers = await Promise.all(names.map((tenant) => subscribed(tenant, 'events')))
    answers.forEach((text, index) => {
      const data = [...text.matchAll(/^data: "(t[^"]*)"$/gm)].map(([, value]) => value)
      expect(data).toEqual(Array.from({ length: 4 }, () => whole(names[index]!)))
    })
    const broken = await subscribed('t1', 'breaks')
    expect(broken).toContain(whole('t1'))
    expect(broken).not.toContain('secret')
    expect(log).toHaveBeenCalledWith(expect.objectContaining({ message: 'secret of the stream' }))
  })

  test('a procedure is of tenants, or of the shared side', async () => {
    expect(await plain().central.query()).toBe('central')
    await refuses(() => plain().who.query(), 404, 'NOT_FOUND', 'TENANT_REQUIRED')
    await refuses(() => plain('t1').central.query(), 404, 'NOT_FOUND', 'SHARED_REQUIRED')
  })

  test('requireMember answers 401, 403 and lets in, by the tenant of each call', async () => {
    await refuses(() => plain('t1').mine.query(), 401, 'UNAUTHORIZED', 'SIGN_IN_REQUIRED')
    await refuses(() => plain('t1', 'plain').mine.query(), 403, 'FORBIDDEN', 'NOT_PERMITTED_ROLE')
    await refuses(() => plain('t2', 'boss').mine.query(), 403, 'FORBIDDEN', 'NOT_A_MEMBER')
    expect(await plain('t1', 'boss').mine.query()).toBe('boss')
  })

  test('an error says no more than its code, and no stack, in development, too', async () => {
    const error = await refuses(() => plain('t1').fails.query(), 500, 'INTERNAL_SERVER_ERROR', 'INTERNAL_ERROR')
    expect(JSON.stringify(error.shape)).not.toMatch(/secret|stack/)
    await refuses(() => plain('t1').wrapped.query(), 404, 'NOT_FOUND', 'UNKNOWN_TENANT')
    const own = await plain('t1')
      .own.query()
      .catch((reason: unknown) => reason)
    expect(own).toMatchObject({ message: 'A word of the application.', data: { code: 'CONFLICT', httpStatus: 409 } })
  })

  test('tenants that do not exist or are archived have one answer, byte for byte; one that is suspended has another', async () => {
    const client = new Client(port)
    const [unknown, archived] = await Promise.all(['missing', 'gone'].map((tenant) => client.get(tenant, '/trpc/who')))
    expect([archived!.status, archived!.text]).toEqual([404, unknown!.text])
    expect(await client.get('paused', '/trpc/who')).toMatchObject({ status: 403, json: { code: 'TENANT_SUSPENDED' } })
  })

  test('a client that leaves, and calls that go on, leave nothing behind', async () => {
    const abort = new AbortController()
    const client = clientOf(port, 't3', (url) => httpBatchStreamLink({ url, fetch }))
    const chunks = await client.chunks.query(undefined, { signal: abort.signal })
    abort.abort()
    await Array.fromAsync(chunks).catch(() => {})
    expect(await plain('t4').who.query()).toBe(`t4: ${whole('t4')}`)
    await expect.poll(() => tenancy.pool.totalCount - tenancy.pool.idleCount).toBe(0)
    expect(unhandled).toEqual([])
  })
})

describe('tRPC on a WebSocket', () => {
  test('each call and each event of a subscription has the tenant of its socket, with 20 at once', async () => {
    const { port, close } = await startSockets(false)
    await Promise.all(
      names.map(async (tenant) => {
        const { wsClient, client } = socketOf(port, tenant)
        expect(await client.who.query()).toBe(`${tenant}: ${whole(tenant)}`)
        const events: string[] = []
        await new Promise<void>((resolve, reject) => {
          client.events.subscribe(undefined, {
            onData: (data) => void events.push(data as string),
            onComplete: resolve,
            onError: reject,
          })
        })
        expect(events).toEqual(Array.from({ length: 4 }, () => whole(tenant)))
        await wsClient.close()
      }),
    )
    close()
  })

  test('without the scope a call is refused, and not answered for another tenant', async () => {
    const { port, close } = await startSockets(true)
    const { wsClient, client } = socketOf(port, 't1')
    await refuses(() => client.who.query(), 404, 'NOT_FOUND', 'TENANT_REQUIRED')
    await wsClient.close()
    close()
  })
})

test('a naive context that one variable holds answers for another tenant, which the scope does not', async () => {
  let current = 'none'
  const naive = initTRPC.create()
  const naiveRouter = naive.router({
    who: naive.procedure.query(async () => {
      await sleep(3)
      return current
    }),
  })
  const handler = createHTTPHandler({ router: naiveRouter, basePath: '/trpc/' })
  const server = createServer((req, res) => {
    current = req.headers.host!.split('.')[0]!
    handler(req, res)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = new Client((server.address() as AddressInfo).port)
  const answers = await Promise.all(names.map((tenant) => client.get(tenant, '/trpc/who')))
  const wrong = answers.filter(({ json }, index) => json.result.data !== names[index])
  expect(wrong.length).toBeGreaterThan(0)
  server.closeAllConnections()
  server.close()
})

test('requireMember without the option user is a fault of the application', async () => {
  const { requireMember: unknowing } = tenantMiddlewares(tenancy)
  const caller = t.createCallerFactory(t.router({ mine: t.procedure.use(unknowing()).query(() => 'in') }))({ userId: 'boss' })
  const error = await tenancy.run('t1', () => caller.mine()).catch((reason: unknown) => reason)
  expect(String((error as Error).cause)).toContain('Give tenantMiddlewares the option user')
  expect(() => tenantMiddlewares(tenancy, { usr: () => 'x' } as never)).toThrow(/tenantMiddlewares/)
  expect(() => tenancyErrors({ retryAfterMs: -1 })).toThrow(/retryAfterMs/)
})

test('a caller on the server works in the scope of the code that calls it', async () => {
  const caller = t.createCallerFactory(router)({ userId: 'boss' })
  expect(await tenancy.run('t5', () => caller.who())).toBe(`t5: ${whole('t5')}`)
  await expect(caller.who()).rejects.toMatchObject({ code: 'NOT_FOUND' })
})

/** As the page advises; or with a server of WebSockets that takes the upgrades itself. */
async function startSockets(isNaive: boolean) {
  const server = createServer()
  const wss = new WebSocketServer(isNaive ? { server } : { noServer: true })
  const handler = applyWSSHandler({ wss, router, createContext: contextOf })
  if (!isNaive) server.on('upgrade', tenantWebSockets(tenancy, wss))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const close = (): void => {
    handler.broadcastReconnectNotification()
    for (const ws of wss.clients) ws.terminate()
    server.close()
  }
  return { port, close }
}

function socketOf(port: number, tenant: string) {
  const socket = class extends WebSocket {
    constructor(url: string) {
      super(url, { headers: { host: `${tenant}.example.com` } })
    }
  }
  const wsClient = createWSClient({ url: `ws://127.0.0.1:${port}`, WebSocket: socket as never })
  return { wsClient, client: createTRPCClient<AppRouter>({ links: [wsLink({ client: wsClient })] }) }
}

async function refuses(call: () => Promise<unknown>, status: number, code: string, problem: string) {
  const error = await call().then(
    (value) => Promise.reject(new Error(`was answered: ${String(value)}`)),
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(TRPCClientError)
  expect((error as TRPCClientError<AppRouter>).data).toMatchObject({ httpStatus: status, code, problem })
  return error as TRPCClientError<AppRouter>
}
