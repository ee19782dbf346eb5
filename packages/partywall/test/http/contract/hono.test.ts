/** Hono 4 on Node.js keeps the contract. */
import type { Server } from 'node:http'
import { createAdaptorServer, type HttpBindings } from '@hono/node-server'
import { Hono, type MiddlewareHandler } from 'hono'
import { requireShared, requireTenant, tenancyErrors, tenantMiddleware } from '../../../src/http/hono.ts'
import { httpContract, listening } from './contract.ts'
import { webUploadOf } from './node-parts.ts'
import { webResponse } from './web-parts.ts'

const pass: MiddlewareHandler = (_c, next) => next()

httpContract({
  name: 'Hono 4',
  start(tenancy, { routes }, options) {
    const app = new Hono<{ Bindings: HttpBindings }>()
    app.onError(tenancyErrors({ log: () => {} }))
    app.use(tenantMiddleware(tenancy, options))
    for (const { method, path, side, handle } of routes) {
      const guard = { tenant: requireTenant(), shared: requireShared(), both: pass }[side]
      app.on(method, path, guard, async (c) =>
        webResponse(
          await handle({
            onRequest: c.var.tenant?.schema,
            json: () => c.req.json(),
            upload: webUploadOf(tenancy, c.req.raw),
            onClose: (listener) => void c.env.outgoing.on('close', listener),
          }),
        ),
      )
    }
    return listening(createAdaptorServer(app) as Server)
  },
})
