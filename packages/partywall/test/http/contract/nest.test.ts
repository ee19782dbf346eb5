/** NestJS 12 keeps the contract on both of its platforms: with the middleware of Express, and with the plugin of Fastify. */
import {
  Controller,
  Get,
  HttpCode,
  HttpException,
  Module,
  Post,
  Req,
  Res,
  StreamableFile,
  type ArgumentsHost,
  type CanActivate,
  type ExceptionFilter,
  type ExecutionContext,
  type INestApplication,
} from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { ExpressAdapter, type NestExpressApplication } from '@nestjs/platform-express'
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { tenantScope } from '../../../src/http/express.ts'
import { tenantPlugin } from '../../../src/http/fastify.ts'
import { anyErrorAnswer, problemAnswer, type HttpAnswer } from '../../../src/http/http.ts'
import type { Tenancy } from '../../../src/tenancy.ts'
import type { Tenant } from '../../../src/types.ts'
import { httpContract, listening } from './contract.ts'
import { uploadOf } from './node-parts.ts'
import type { Route } from './routes.ts'

httpContract({
  name: 'NestJS 12 on Express',
  async start(tenancy, { routes }, options) {
    const app = await NestFactory.create<NestExpressApplication>(moduleOf(tenancy, routes), new ExpressAdapter(), quiet)
    app.use(tenantScope(tenancy, options))
    app.useBodyParser('json', { limit: '1mb' })
    return served(app, routes)
  },
})

httpContract({
  name: 'NestJS 12 on Fastify',
  async start(tenancy, { routes }, options) {
    const adapter = new FastifyAdapter({ bodyLimit: 1_000_000, forceCloseConnections: true })
    const app = await NestFactory.create<NestFastifyApplication>(moduleOf(tenancy, routes), adapter, quiet)
    const fastify = adapter.getInstance()
    fastify.addContentTypeParser('multipart/form-data', (_request: unknown, _payload: unknown, done: (error: null) => void) =>
      done(null),
    )
    await fastify.register(tenantPlugin(tenancy, options))
    return served(app, routes)
  },
})

const quiet = { logger: false, abortOnError: false } as const

async function served(app: INestApplication, routes: readonly Route[]) {
  app.useGlobalGuards(new SideGuard(routes))
  app.useGlobalFilters(new AnswerFilter(app))
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
function moduleOf(tenancy: Tenancy, routes: readonly Route[]) {
  // oxlint-disable-next-line typescript/no-extraneous-class -- its methods come from the routes
  class Routes {}
  for (const { path, method, handle } of routes) {
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
    HttpCode(200)(Routes.prototype, path, descriptor)
    Req()(Routes.prototype, path, 0)
    Res({ passthrough: true })(Routes.prototype, path, 1)
  }
  Controller()(Routes)
  // oxlint-disable-next-line typescript/no-extraneous-class -- a module of Nest is an empty class
  class App {}
  Module({ controllers: [Routes] })(App)
  return App
}

class Refusal extends Error {
  readonly answer: HttpAnswer
  constructor(answer: HttpAnswer) {
    super('refused')
    this.answer = answer
  }
}

class SideGuard implements CanActivate {
  private readonly routes: readonly Route[]
  constructor(routes: readonly Route[]) {
    this.routes = routes
  }

  canActivate(context: ExecutionContext): boolean {
    const { tenant, url } = context.switchToHttp().getRequest<NestRequest>()
    const { side } = this.routes.find(({ path }) => path === url.split('?', 1)[0])!
    if (side === 'tenant' && tenant === undefined) throw new Refusal(problemAnswer('TENANT_REQUIRED'))
    if (side === 'shared' && tenant !== undefined) throw new Refusal(problemAnswer('SHARED_REQUIRED'))
    return true
  }
}

class AnswerFilter implements ExceptionFilter {
  private readonly app: INestApplication
  constructor(app: INestApplication) {
    this.app = app
  }

  catch(error: unknown, host: ArgumentsHost): void {
    const response = host.switchToHttp().getResponse<NestResponse>()
    const adapter = this.app.getHttpAdapter()
    if (adapter.isHeadersSent(response)) return void ('raw' in response ? response.raw : response).destroy()
    if (error instanceof HttpException) return adapter.reply(response, error.getResponse(), error.getStatus())
    const { status, headers, body } = error instanceof Refusal ? error.answer : anyErrorAnswer(error)
    for (const [name, value] of Object.entries(headers)) adapter.setHeader(response, name, value)
    adapter.reply(response, body, status)
  }
}
