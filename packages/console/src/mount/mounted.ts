/** Mounts the console in a server: by the Fetch API, by node:http and what is made of it, and in Fastify. */
import { getRequestListener } from '@hono/node-server'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { longestBody, type ConsoleApp } from '../app.ts'
import type { CheckedOptions } from '../options.ts'
import type { Console, ConsoleHandler, FastifyLike } from './console-type.ts'

/** What Express has set on a request whose mount it has cut off. */
interface Mounted extends IncomingMessage {
  readonly baseUrl?: string
  readonly originalUrl?: string
}

export function mounted(app: ConsoleApp, { path }: CheckedOptions): Console {
  const handler: ConsoleHandler = (req: Mounted, res) => serve(req, res, path ?? mountOf(req))
  const fetch = async (request: Request): Promise<Response> => {
    const base = `${path ?? ''}/`
    return app(withoutPath(request, path ?? ''), { base })
  }
  const fastify = async (instance: FastifyLike): Promise<void> => {
    // The console reads its bodies itself.
    instance.removeAllContentTypeParsers()
    instance.addContentTypeParser('*', (_request, _payload, done) => done(null))
    const base = path ?? instance.prefix.replace(/\/$/, '')
    for (const route of ['/', '/*'])
      instance.all(route, { bodyLimit: longestBody }, (request, reply) => {
        reply.hijack()
        request.raw.url = cut(request.raw.url ?? '/', instance.prefix)
        serve(request.raw, reply.raw, base)
      })
  }
  return Object.assign(handler, { fetch, fastify })

  function serve(req: IncomingMessage, res: ServerResponse, mount: string): void {
    const answer = (request: Request) =>
      app(withParsedBody(withoutPath(asGlobal(request, req), path ?? ''), req), {
        base: `${mount}/`.replaceAll(/\/{2,}/g, '/'),
        node: req,
      })
    const listener = getRequestListener(answer, {
      overrideGlobalObjects: false,
      // A host that is no host has no URL.
      hostname: 'localhost',
    })
    void listener(req, res)
  }
}

/** Express cuts the path of the mount off, and keeps it. */
function mountOf({ baseUrl = '' }: Mounted): string {
  return baseUrl.replace(/\/$/, '')
}

/** The adapter's own kind of request cannot be copied, as the limit of a body does; and it has a stream where there is no body. */
function asGlobal(request: Request, req: IncomingMessage): Request {
  const { method, url, headers, signal } = request
  if (method === 'GET' || method === 'HEAD') return request
  const hasBody = req.headers['content-length'] !== undefined || req.headers['transfer-encoding'] !== undefined
  return hasBody ? new Request(url, request) : new Request(url, { method, headers, signal })
}

/** A parser in front of the console, such as express.json(), has read the body to its end. */
function withParsedBody(request: Request, req: IncomingMessage & { body?: unknown }): Request {
  const { method, url, headers } = request
  if (method === 'GET' || method === 'HEAD' || !req.readableEnded || req.body === undefined) return request
  const given = new Headers(headers)
  given.delete('content-length')
  return new Request(url, { method, headers: given, body: JSON.stringify(req.body) })
}

/** Where the framework has not cut the path off. */
function withoutPath(request: Request, path: string): Request {
  const url = new URL(request.url)
  const rest = cut(url.pathname, path)
  if (rest === url.pathname) return request
  url.pathname = rest
  return new Request(url, request)
}

function cut(url: string, prefix: string): string {
  const path = prefix.replace(/\/$/, '')
  if (path === '' || !(url === path || url.startsWith(`${path}/`) || url.startsWith(`${path}?`))) return url
  const rest = url.slice(path.length)
  return rest.startsWith('/') ? rest : `/${rest}`
}
