/** Route handlers of Next.js 16 keep the contract; test/http/next builds an app with pages and actions, too. */
import { createServer } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { requireShared, requireTenant, tenantNext } from '../../../src/http/next/next.ts'
import type { Tenant } from '../../../src/types.ts'
import { httpContract, listening } from './contract.ts'
import { webUploadOf } from './node-parts.ts'
import { webResponse } from './web-parts.ts'

const pass: typeof requireTenant = (fn) => fn as never

httpContract({
  name: 'Next.js 16, route handlers',
  start(tenancy, { routes }, options) {
    const { tenantRoute } = tenantNext(tenancy, { ...options, log: () => {} })
    const handlers = new Map(
      routes.map(({ method, path, side, handle }) => {
        const guard: typeof requireTenant = { tenant: requireTenant, shared: requireShared, both: pass }[side]
        const handler = async (request: Request, _context: unknown, tenant?: Tenant): Promise<Response> =>
          webResponse(
            await handle({
              onRequest: tenant?.schema,
              json: () => request.json(),
              upload: webUploadOf(tenancy, request),
              onClose: (listener) => request.signal.addEventListener('abort', listener),
            }),
          )
        return [`${method} ${path}`, tenantRoute(guard(handler))]
      }),
    )
    // As the server of Next.js: HEAD is a GET, and what a handler throws is a 500 without a body.
    const listener = getRequestListener(async (request) => {
      const { pathname } = new URL(request.url)
      const handler = handlers.get(`${request.method === 'HEAD' ? 'GET' : request.method} ${pathname}`)
      if (handler === undefined) return new Response(null, { status: 404 })
      return handler(request, { params: Promise.resolve({}) }).catch(() => new Response(null, { status: 500 }))
    })
    return listening(createServer((req, res) => void (req.url!.startsWith('/') ? listener(req, res) : res.writeHead(400).end())))
  },
})
