/** Tenants that are named by the path, with tRPC and GraphQL Yoga behind each adapter, as their pages say. */
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import { initTRPC } from '@trpc/server'
import { createExpressMiddleware } from '@trpc/server/adapters/express'
import { fastifyTRPCPlugin } from '@trpc/server/adapters/fastify'
import { fetchRequestHandler } from '@trpc/server/adapters/fetch'
import { createHTTPHandler } from '@trpc/server/adapters/standalone'
import express from 'express'
import fastify from 'fastify'
import { createSchema, createYoga, type YogaInitialContext } from 'graphql-yoga'
import { Hono } from 'hono'
import { afterAll, expect, test } from 'vitest'
import { tenantScope } from '../../../src/http/express.ts'
import { tenantPlugin } from '../../../src/http/fastify.ts'
import { tenancyErrors as yogaErrors, tenantContext, type TenantContext } from '../../../src/http/graphql-yoga/graphql-yoga.ts'
import { tenantMiddleware, tenantPath, tenantUrls } from '../../../src/http/hono.ts'
import { routedUrl } from '../../../src/http/http.ts'
import { tenantListener } from '../../../src/http/node.ts'
import { tenancyErrors, tenantMiddlewares } from '../../../src/http/trpc.ts'
import { byPath, createTenancy } from '../../../src/index.ts'
import { Client } from '../contract/client.ts'
import { rpcWorld } from './world.ts'

const world = await rpcWorld()
const tenancy = createTenancy({
  database: world.url,
  migrations: { shared: false, tenant: false },
  resolve: [byPath({ prefix: '/t' })],
})
afterAll(() => Promise.all([world.tenancy.close(), tenancy.close()]))

const options = { authorize: () => true } as const
const schemaOf = async (): Promise<string> => {
  const { rows } = await tenancy.pool.query<{ schema: string }>('select current_schema() as schema')
  return rows[0]!.schema
}

const t = initTRPC.create({ errorFormatter: tenancyErrors() })
const { requireTenant } = tenantMiddlewares(tenancy)
const router = t.router({
  who: t.procedure.use(requireTenant).query(async ({ ctx }) => `${ctx.tenant.schema} ${await schemaOf()}`),
})

const yoga = createYoga({
  schema: createSchema<YogaInitialContext & TenantContext>({
    typeDefs: 'type Query { who: String! }',
    resolvers: { Query: { who: async (_, __, context) => `${context.requireTenant().schema} ${await schemaOf()}` } },
  }),
  graphqlEndpoint: '*/graphql',
  logging: false,
  plugins: [tenantContext(tenancy)],
  maskedErrors: { maskError: yogaErrors() },
})

/** Its reply is one of Fastify. */
function handleYoga(req: never, reply: never): unknown {
  return yoga.handleNodeRequestAndResponse(req, reply)
}

const servers: Record<string, () => Promise<Server>> = {
  async Express() {
    const app = express().use(tenantScope(tenancy, options))
    app.use('/trpc', createExpressMiddleware({ router }))
    return createServer(app.use('/graphql', (req, res) => void yoga(req, res)))
  },
  async Fastify() {
    const app = fastify({ forceCloseConnections: true, rewriteUrl: (req) => routedUrl(tenancy, req.url ?? '/') })
    await app.register(tenantPlugin(tenancy, options))
    await app.register(fastifyTRPCPlugin, { prefix: '/trpc', trpcOptions: { router } })
    app.route({ url: '/graphql', method: ['GET', 'POST'], handler: handleYoga as never })
    await app.ready()
    return app.server
  },
  async Hono() {
    const app = new Hono({ getPath: tenantUrls(tenancy) }).use(tenantMiddleware(tenancy, options))
    app.use('/trpc/*', async (c) => fetchRequestHandler({ endpoint: tenantPath(c, '/trpc'), req: c.req.raw, router }))
    app.on(['GET', 'POST'], '/graphql', async (c) => yoga.fetch(c.req.raw))
    return createAdaptorServer(app) as Server
  },
  async 'node:http'() {
    const trpc = createHTTPHandler({ router, basePath: '/trpc/' })
    const serve = (req: never, res: never) =>
      (req as { url: string }).url.startsWith('/trpc/') ? trpc(req, res) : yoga(req, res)
    return createServer(tenantListener(tenancy, serve as never, options))
  },
}

test.each(Object.keys(servers))('%s takes the tenant off the path for both', async (name) => {
  const server = await servers[name]!()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = new Client((server.address() as AddressInfo).port)
  const at = (path: string) => client.send({ host: 'example.com', path })
  try {
    await Promise.all(
      ['t1', 't2', 't3', 't4'].flatMap((tenant) => [
        at(`/t/${tenant}/trpc/who`).then(({ json }) => expect(json).toEqual({ result: { data: `${tenant} ${tenant}` } })),
        at(`/t/${tenant}/trpc/who,who?batch=1`).then(({ json }) => expect(json).toHaveLength(2)),
        at(`/t/${tenant}/graphql?query={who}`).then(({ json }) => expect(json).toEqual({ data: { who: `${tenant} ${tenant}` } })),
      ]),
    )
    const [unknown, archived] = [await at('/t/missing/trpc/who'), await at('/t/gone/graphql?query={who}')]
    expect([unknown.status, unknown.text]).toEqual([archived.status, archived.text])
  } finally {
    server.closeAllConnections()
    server.close()
  }
})
