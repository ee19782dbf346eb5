/** The apps that a test client sends to: each form in which a framework gives its app, as one function from a request to its answer. */
import { once } from 'node:events'
import http, { createServer, Server, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { TenancyError } from '../errors.ts'
import { seen } from '../seen.ts'

/** A listener of node:http, or a framework that is one. */
export type TestListener = (req: IncomingMessage, res: ServerResponse, ...rest: any[]) => unknown
/** From a web request to its answer. */
export type TestFetchHandler = (request: Request, ...rest: any[]) => Response | Promise<Response>

/** Express, Koa, Fastify, NestJS, Hono, h3, a listener or a server of node:http, or a function from a `Request` to a `Response`. */
export type TestApp =
  | TestListener
  | TestFetchHandler
  | Server
  | { fetch: TestFetchHandler }
  | { readonly server: Server; ready(): PromiseLike<unknown> }
  | { callback(): TestListener }
  | { getHttpServer(): unknown; init(): Promise<unknown> }

interface Sent {
  readonly url: URL
  readonly method: string
  readonly headers: Headers
  readonly body: Buffer | undefined
}

interface Received {
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

type Send = (sent: Sent) => Promise<Received>

const senders = new WeakMap<object, Promise<Send>>()

/** How to send to this app. A listener gets one server on 127.0.0.1, which does not keep the process alive. @throws TenancyError INVALID_ARGUMENT */
export function senderTo(app: TestApp): Promise<Send> {
  const known = senders.get(app)
  if (known !== undefined) return known
  const made = makeSender(app)
  senders.set(app, made)
  return made
}

async function makeSender(app: TestApp): Promise<Send> {
  if (app instanceof Server) return serverSender(app)
  // One of Yoga and others is a listener and has `fetch`, too.
  if ('fetch' in app && typeof app.fetch === 'function') return fetchSender((request) => app.fetch(request))
  if ('ready' in app && 'server' in app) {
    await app.ready()
    return serverSender(app.server)
  }
  if ('getHttpServer' in app) {
    await app.init()
    return serverSender(app.getHttpServer() as Server)
  }
  if ('callback' in app && typeof app.callback === 'function') return listenerSender(app.callback())
  if (typeof app === 'function')
    return app.length >= 2 ? listenerSender(app as TestListener) : fetchSender(app as TestFetchHandler)
  throw new TenancyError(
    'INVALID_ARGUMENT',
    `tenantClient takes an app of Express, Koa, Fastify, NestJS, Hono or h3, a listener or a server of node:http, or a function from a Request to a Response; it got ${seen(app)}.`,
    { details: { what: 'tenantClient', option: 'app' } },
  )
}

function fetchSender(handle: TestFetchHandler): Send {
  return async ({ url, method, headers, body }) => {
    const given = new Headers(headers)
    given.set('host', url.host)
    const response = await handle(
      new Request(url, { method, headers: given, ...(body !== undefined && { body: new Uint8Array(body) }) }),
    )
    return { status: response.status, headers: response.headers, text: await response.text() }
  }
}

async function serverSender(server: Server): Promise<Send> {
  if (server.listening) return portSender((server.address() as AddressInfo).port)
  return listenerSender((req, res) => server.emit('request', req, res))
}

async function listenerSender(listener: TestListener): Promise<Send> {
  const server = createServer((req, res) => void listener(req, res))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  server.unref()
  return portSender((server.address() as AddressInfo).port)
}

function portSender(port: number): Send {
  return async ({ url, method, headers, body }) => {
    const request = http.request({
      host: '127.0.0.1',
      port,
      path: `${url.pathname}${url.search}`,
      method,
      headers: { ...Object.fromEntries(headers), host: url.host, ...(body !== undefined && { 'content-length': body.length }) },
      agent: false,
    })
    request.end(body)
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    const received = new Headers()
    for (const [name, value] of Object.entries(response.headersDistinct))
      for (const one of value ?? []) received.append(name, one)
    return { status: response.statusCode!, headers: received, text: Buffer.concat(await response.toArray()).toString('utf8') }
  }
}
