/** Express 5 and 4 keep the contract. */
import { createServer } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import express5, { type NextFunction, type Request, type RequestHandler, type Response } from 'express'
import { vi } from 'vitest'
import { requireShared, requireTenant, tenancyErrors, tenantScope } from '../../../src/http/express.ts'
import type { Tenancy } from '../../../src/tenancy.ts'
import { httpContract, listening, type Subject } from './contract.ts'
import { uploadOf } from './node-parts.ts'
import type { Route } from './routes.ts'

const { default: express4 } = await vi.importActual<{ default: typeof express5 }>('express-v4')

for (const [name, express] of [
  ['Express 5', express5],
  ['Express 4', express4],
] as const) {
  httpContract({ name, start: subjectOf(express) })
}

function subjectOf(express: typeof express5): Subject['start'] {
  return (tenancy, { routes }, options) => {
    const app = express()
    app.use(tenantScope(tenancy, options))
    app.use(express.json({ limit: '1mb' }))
    for (const route of routes) {
      const guards = { tenant: [requireTenant()], shared: [requireShared()], both: [] }[route.side]
      app[route.method === 'GET' ? 'get' : 'post'](route.path, ...guards, handlerOf(tenancy, route))
    }
    app.use(tenancyErrors({ log: () => {} }))
    // As an application has it: Express would send the stack.
    app.use(
      (_error: unknown, _req: Request, res: Response, _next: NextFunction) =>
        void (res.headersSent ? res.destroy() : res.sendStatus(500)),
    )
    return listening(createServer(app))
  }
}

function handlerOf(tenancy: Tenancy, route: Route): RequestHandler {
  return (req, res, next) => {
    const call = {
      onRequest: req.tenant?.schema,
      json: async () => req.body as unknown,
      upload: uploadOf(tenancy, req),
      onClose: (listener: () => void) => void res.on('close', listener),
    }
    route
      .handle(call)
      .then((reply) => {
        if ('json' in reply) return void res.json(reply.json)
        return pipeline(Readable.from(reply.stream), res.type(reply.type))
      })
      // Express 4 does not await handlers.
      .catch(next)
  }
}
