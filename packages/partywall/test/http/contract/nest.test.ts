/** NestJS 12 keeps the contract on both of its platforms. */
import { Controller, Get, HttpCode, Module, Post, Req, Res, StreamableFile, type INestApplication } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { ExpressAdapter, type NestExpressApplication } from '@nestjs/platform-express'
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import type { AdmissionOptions } from '../../../src/http/http.ts'
import { RequireShared, RequireTenant, TenancyModule } from '../../../src/http/nest/nest.ts'
import type { Tenancy } from '../../../src/tenancy.ts'
import type { Tenant } from '../../../src/types.ts'
import { httpContract, listening } from './contract.ts'
import { uploadOf } from './node-parts.ts'
import type { Route } from './routes.ts'

httpContract({
  name: 'NestJS 12 on Express',
  async start(tenancy, { routes }, options) {
    const app = await NestFactory.create<NestExpressApplication>(moduleOf(tenancy, routes, options), new ExpressAdapter(), quiet)
    app.useBodyParser('json', { limit: '1mb' })
    return served(app)
  },
})

httpContract({
  name: 'NestJS 12 on Fastify',
  async start(tenancy, { routes }, options) {
    const adapter = new FastifyAdapter({ bodyLimit: 1_000_000, forceCloseConnections: true })
    const app = await NestFactory.create<NestFastifyApplication>(moduleOf(tenancy, routes, options), adapter, quiet)
    adapter
      .getInstance()
      .addContentTypeParser('multipart/form-data', (_request: unknown, _payload: unknown, done: (error: null) => void) =>
        done(null),
      )
    return served(app)
  },
})

const quiet = { logger: false, abortOnError: false } as const

async function served(app: INestApplication) {
  await app.init()
  await (app.getHttpAdapter().getInstance() as { ready?: () => Promise<unknown> }).ready?.()
  return listening(app.getHttpServer())
}

/** What both platforms give for a request. */
interface NestRequest {
  readonly raw?: IncomingMessage
  readonly url: string
  readonly body: unknown
  readonly tenant?: Tenant
}
type NestResponse = ServerResponse | { readonly raw: ServerResponse }

/** A controller with one method for each route, decorated by calls: the tests are built without decorators. */
function moduleOf(tenancy: Tenancy, routes: readonly Route[], options: Pick<AdmissionOptions, 'none'>) {
  // oxlint-disable-next-line typescript/no-extraneous-class -- its methods come from the routes
  class Routes {}
  for (const { path, method, side, handle } of routes) {
    const value = async (req: NestRequest, res: NestResponse): Promise<unknown> => {
      const reply = await handle({
        onRequest: req.tenant?.schema,
        json: async () => req.body,
        upload: uploadOf(tenancy, req.raw ?? (req as unknown as IncomingMessage)),
        onClose: (listener) => void ('raw' in res ? res.raw : res).on('close', listener),
      })
      return 'json' in reply ? reply.json : new StreamableFile(Readable.from(reply.stream), { type: reply.type })
    }
    const descriptor = { value, writable: true, configurable: true }
    Object.defineProperty(Routes.prototype, path, descriptor)
    ;(method === 'GET' ? Get : Post)(path)(Routes.prototype, path, descriptor)
    if (side !== 'both') (side === 'tenant' ? RequireTenant : RequireShared)()(Routes.prototype, path, descriptor)
    HttpCode(200)(Routes.prototype, path, descriptor)
    Req()(Routes.prototype, path, 0)
    Res({ passthrough: true })(Routes.prototype, path, 1)
  }
  Controller()(Routes)
  // oxlint-disable-next-line typescript/no-extraneous-class -- a module of Nest is an empty class
  class App {}
  Module({ controllers: [Routes], imports: [TenancyModule.forRoot({ tenancy, ...options })] })(App)
  return App
}
