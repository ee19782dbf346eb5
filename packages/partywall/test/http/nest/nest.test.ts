/** `TenancyModule` in applications of NestJS 12: what is injected, who is let in, and what becomes of errors. The contract tries the rest. */
import type { OutgoingHttpHeaders } from 'node:http'
import {
  Controller,
  ForbiddenException,
  Get,
  Inject,
  Module,
  Post,
  type CallHandler,
  type CanActivate,
  type ExecutionContext,
  type INestApplication,
  type NestInterceptor,
  type Type,
} from '@nestjs/common'
import { APP_GUARD, APP_INTERCEPTOR, NestFactory } from '@nestjs/core'
import { ExpressAdapter } from '@nestjs/platform-express'
import { FastifyAdapter } from '@nestjs/platform-fastify'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { tenantUrls } from '../../../src/http/fastify.ts'
import { problemAnswer } from '../../../src/http/http.ts'
import {
  CurrentMember,
  CurrentTenant,
  InjectTenancy,
  RequireMember,
  RequireShared,
  RequireTenant,
  TENANCY,
  TenancyModule,
  type TenancyModuleOptions,
} from '../../../src/http/nest/nest.ts'
import { byHost, byPath, createTenancy, TenancyError, type Member, type Tenancy, type Tenant } from '../../../src/index.ts'
import { testDatabase } from '../../support/servers/database.ts'
import { Client, type Answer } from '../contract/client.ts'
import { listening, type SubjectServer } from '../contract/contract.ts'

const { url } = await testDatabase()
const openTenancy = (resolve = [byHost({ base: 'example.com' })]): Tenancy =>
  createTenancy({
    database: url,
    migrations: { tenant: false, shared: false },
    resolve,
    members: { roles: { admin: { can: ['polls.write'] } } },
  })
const tenancy = openTenancy()
beforeAll(async () => {
  for (const schema of ['acme', 'globex']) await tenancy.tenants.create({ schema })
  await tenancy.members.add('acme', 'boss', { role: 'admin' })
  await tenancy.members.add('acme', 'plain')
})
afterAll(() => tenancy.close())

/** A singleton: it is made once, and each call finds its own tenant. */
class Polls {
  readonly tenancy: Tenancy
  constructor(opened: Tenancy) {
    this.tenancy = opened
  }

  async schema(): Promise<string> {
    const { rows } = await this.tenancy.pool.query<{ schema: string }>('select current_schema() as schema')
    return rows[0]!.schema
  }
}
InjectTenancy()(Polls, undefined, 0)

class PollsController {
  readonly polls: Polls
  constructor(polls: Polls) {
    this.polls = polls
  }

  async mine(tenant: Tenant | undefined): Promise<object> {
    return { tenant: tenant?.schema, schema: await this.polls.schema() }
  }

  shared(tenant: Tenant | undefined): object {
    return { tenant: tenant?.schema ?? 'none' }
  }

  write(member: Member): object {
    return member
  }

  refuses(): void {
    throw new ForbiddenException('A word of the application.')
  }

  /** As a library does that wraps what the driver threw. */
  async wrapped(): Promise<void> {
    const cause = await this.polls.tenancy.run('nobody', () => {}).catch((error: unknown) => error)
    throw new Error('secret statement', { cause })
  }

  broken(): void {
    throw new Error('secret of the handler')
  }

  closed(): void {
    throw new TenancyError('TENANT_MAINTENANCE', 'secret message', { details: { schema: 'acme', status: 'maintenance' } })
  }
}
Inject(Polls)(PollsController, undefined, 0)
Controller('polls')(PollsController)
decorate('mine', [Get('mine'), RequireTenant()], { 0: CurrentTenant() })
decorate('shared', [Get('shared'), RequireShared()], { 0: CurrentTenant() })
decorate('write', [Post('write'), RequireMember({ roles: 'admin', can: 'polls.write' })], { 0: CurrentMember() })
for (const path of ['refuses', 'wrapped', 'broken', 'closed'] as const) decorate(path, [Get(path)])

function decorate(
  name: keyof PollsController,
  decorators: MethodDecorator[],
  parameters: Record<number, ParameterDecorator> = {},
) {
  const descriptor = Object.getOwnPropertyDescriptor(PollsController.prototype, name)!
  for (const decorator of decorators) decorator(PollsController.prototype, name, descriptor)
  for (const [index, decorator] of Object.entries(parameters)) decorator(PollsController.prototype, name, Number(index))
}

/** The scopes in which the guard and the interceptor of the whole application ran. */
const seenByGuard: string[] = []
const seenByInterceptor: string[] = []
class Watching implements CanActivate, NestInterceptor {
  canActivate(): boolean {
    seenByGuard.push(tenancy.tryCurrent()?.schema ?? 'none')
    return true
  }

  intercept(_context: ExecutionContext, next: CallHandler) {
    seenByInterceptor.push(tenancy.tryCurrent()?.schema ?? 'none')
    return next.handle()
  }
}

function appModule(options: Partial<TenancyModuleOptions> = {}): Type {
  // oxlint-disable-next-line typescript/no-extraneous-class -- a module of Nest is an empty class
  class AppModule {}
  Module({
    imports: [
      TenancyModule.forRootAsync({
        inject: [],
        useFactory: async () => ({ tenancy, none: 'shared', user: userOf, ...options }),
      }),
    ],
    controllers: [PollsController],
    providers: [Polls, { provide: APP_GUARD, useClass: Watching }, { provide: APP_INTERCEPTOR, useClass: Watching }],
  })(AppModule)
  return AppModule
}

const userOf = ({ headers }: { headers: NodeJS.Dict<string> }): string | undefined => headers['x-session-of']
const platforms = { Express: () => new ExpressAdapter(), Fastify: () => new FastifyAdapter() }

describe.each(Object.keys(platforms) as (keyof typeof platforms)[])('TenancyModule on %s', (platform) => {
  const create = (module: Type = appModule()): Promise<INestApplication> =>
    NestFactory.create(module, platforms[platform](), { logger: false, abortOnError: false })
  let app: INestApplication
  let server: SubjectServer
  let client: Client
  beforeAll(async () => {
    app = await create()
    ;({ server, client } = await served(app.setGlobalPrefix('api')))
  })
  afterAll(() => server.close())
  const ask = (path: string): Promise<Answer> => client.get('acme', `/api/polls/${path}`)
  const write = (user?: string, tenant = 'acme'): Promise<Answer> =>
    client.get(tenant, '/api/polls/write', {
      method: 'POST',
      headers: user === undefined ? {} : { 'x-session-of': user },
    })

  test('guards, interceptors, singletons and handlers have the tenant, with 40 at once, below a global prefix', async () => {
    const names = Array.from({ length: 40 }, (_, index) => (index % 2 === 0 ? 'acme' : 'globex'))
    seenByGuard.length = seenByInterceptor.length = 0
    const answers = await Promise.all(names.map((name) => client.get(name, '/api/polls/mine')))
    answers.forEach(({ json }, index) => expect(json).toMatchObject({ tenant: names[index], schema: names[index] }))
    expect(seenByGuard.toSorted()).toEqual(names.toSorted())
    expect(seenByInterceptor.toSorted()).toEqual(names.toSorted())
  })

  test('a route is of tenants, or of the shared side', async () => {
    const apex = (path: string) => client.send({ host: 'example.com', path: `/api/polls/${path}` })
    expect((await apex('shared')).json).toEqual({ tenant: 'none' })
    expect(await apex('mine')).toMatchObject({ status: 404, json: { code: 'TENANT_REQUIRED' } })
    expect(await client.get('acme', '/api/polls/shared')).toMatchObject({ status: 404, json: { code: 'SHARED_REQUIRED' } })
  })

  test('RequireMember answers 401, 403 and lets in, and the handler gets the member', async () => {
    expect(await write()).toMatchObject({
      status: 401,
      text: problemAnswer('SIGN_IN_REQUIRED').body,
      headers: { 'content-type': expect.stringContaining('application/problem+json') },
    })
    expect(await write('plain')).toMatchObject({ status: 403, json: { code: 'NOT_PERMITTED_ROLE' } })
    expect(await write('boss', 'globex')).toMatchObject({ status: 403, json: { code: 'NOT_A_MEMBER' } })
    expect(await write('boss')).toMatchObject({ status: 201, json: { userId: 'boss', role: 'admin' } })
  })

  test('an error of partywall is answered by its code, also inside of another, and the errors of the application stay its own', async () => {
    expect(await ask('wrapped')).toMatchObject({ status: 404, json: { code: 'UNKNOWN_TENANT' } })
    expect(await ask('closed')).toMatchObject({ status: 503, headers: { 'retry-after': '60' } })
    expect(await ask('refuses')).toMatchObject({ status: 403, json: { message: 'A word of the application.' } })
    const broken = await ask('broken')
    expect(broken).toMatchObject({ status: 500, json: { statusCode: 500 } })
    for (const { text } of [broken, await ask('wrapped'), await ask('closed')]) expect(text).not.toContain('secret')
  })

  test('the application gets the tenancy, and closes it', async () => {
    const own = openTenancy()
    const close = vi.spyOn(own, 'close')
    const other = await create(appModule({ tenancy: own }))
    expect(other.get(TENANCY)).toBe(own)
    await other.init()
    await other.close()
    expect(close).toHaveBeenCalledTimes(1)
  })

  test('what the application mounts with app.use runs before, and byPath takes the tenant out of the path', async () => {
    const own = openTenancy([byPath()])
    const signedIn = new WeakSet<object>()
    const authorize = (_tenant: unknown, request: { raw?: object }): boolean => signedIn.has(request.raw ?? request)
    const other = await NestFactory.create(
      appModule({ tenancy: own, authorize }),
      platform === 'Express' ? new ExpressAdapter() : new FastifyAdapter({ rewriteUrl: tenantUrls(own) }),
      { logger: false, abortOnError: false },
    )
    other.use((req: { headers: object }, _res: unknown, next: () => void) => {
      if ('x-session-of' in req.headers) signedIn.add(req)
      next()
    })
    const { server: second, client: its } = await served(other)
    const send = (headers: OutgoingHttpHeaders) => its.send({ host: 'example.com', path: '/globex/polls/mine', headers })
    expect((await send({ 'x-session-of': 'anyone' })).json).toEqual({ tenant: 'globex', schema: 'globex' })
    expect(await send({})).toMatchObject({ status: 404, json: { code: 'UNKNOWN_TENANT' } })
    await second.close()
    await other.close()
  })

  test('a wrong option is refused at the start', async () => {
    await expect(create(appModule({ none: 'ignore' as never })).then((wrong) => wrong.init())).rejects.toThrow(/"none" of/)
    await expect(create(appModule({ nome: 'pass' } as never))).rejects.toThrow(/TenancyModule/)
    await expect(create(appModule({ tenancy: {} as never }))).rejects.toThrow(/"tenancy" of TenancyModule must be/)
  })
})

test('an application without HTTP has the tenancy, and enters its tenants itself', async () => {
  const own = openTenancy()
  const context = await NestFactory.createApplicationContext(appModule({ tenancy: own }), { logger: false, abortOnError: false })
  expect(await own.run('globex', () => context.get(Polls).schema())).toBe('globex')
  await context.close()
  await expect(own.run('globex', () => own.pool.query('select 1'))).rejects.toThrow(/after calling end/)
})

async function served(app: INestApplication): Promise<{ server: SubjectServer; client: Client }> {
  await app.init()
  await (app.getHttpAdapter().getInstance() as { ready?: () => Promise<unknown> }).ready?.()
  const server = await listening(app.getHttpServer())
  return { server, client: new Client(server.port) }
}
