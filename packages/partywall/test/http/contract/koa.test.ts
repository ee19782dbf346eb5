/** Koa 3 keeps the contract. */
import { createServer } from 'node:http'
import { Readable } from 'node:stream'
import Koa, { type Middleware } from 'koa'
import { requireShared, requireTenant, tenancyErrors, tenantScope } from '../../../src/http/koa.ts'
import { httpContract, listening } from './contract.ts'
import { jsonOf, uploadOf } from './node-parts.ts'

const pass: Middleware = (_ctx, next) => next()

httpContract({
  name: 'Koa 3',
  start(tenancy, { routes }, options) {
    const app = new Koa()
    app.on('error', () => {})
    app.use(tenancyErrors()).use(tenantScope(tenancy, options))
    for (const { method, path, side, handle } of routes) {
      const guard = { tenant: requireTenant(), shared: requireShared(), both: pass }[side]
      app.use((ctx, next) => {
        if (ctx.method !== method || ctx.path !== path) return next()
        return guard(ctx, async () => {
          const reply = await handle({
            onRequest: ctx.state.tenant?.schema,
            json: () => jsonOf(ctx.req),
            upload: uploadOf(tenancy, ctx.req),
            onClose: (listener) => void ctx.res.on('close', listener),
          })
          if ('json' in reply) ctx.body = reply.json
          else {
            ctx.type = reply.type
            ctx.body = Readable.from(reply.stream)
          }
        })
      })
    }
    return listening(createServer(app.callback()))
  },
})
