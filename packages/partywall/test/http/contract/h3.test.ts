/** h3 2, which is Nitro's, keeps the contract. */
import { createServer } from 'node:http'
import { H3, type Middleware } from 'h3'
import { toNodeHandler } from 'h3/node'
import { requireShared, requireTenant, tenancyErrors, tenantMiddleware } from '../../../src/http/h3.ts'
import { httpContract, listening } from './contract.ts'
import { webUploadOf } from './node-parts.ts'
import { webResponse } from './web-parts.ts'

const pass: Middleware = (_event, next) => next()

httpContract({
  name: 'h3 2',
  start(tenancy, { routes }, options) {
    const app = new H3({ onError: tenancyErrors({ log: () => {} }) })
    app.use(tenantMiddleware(tenancy, options))
    for (const { method, path, side, handle } of routes) {
      const guard = { tenant: requireTenant(), shared: requireShared(), both: pass }[side]
      app.on(
        method,
        path,
        async (event) =>
          webResponse(
            await handle({
              onRequest: event.context.tenant?.schema,
              json: () => event.req.json(),
              upload: webUploadOf(tenancy, event.req),
              onClose: (listener) => void event.runtime!.node!.res!.on('close', listener),
            }),
          ),
        { middleware: [guard] },
      )
    }
    return listening(createServer(toNodeHandler(app) as never))
  },
})
