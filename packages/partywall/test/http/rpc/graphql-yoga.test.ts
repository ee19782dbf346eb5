/** GraphQL Yoga 5 on Express, Hono and node:http: resolvers, streamed answers and subscriptions stay with their tenant. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import express from 'express'
import { GraphQLError } from 'graphql'
import { createSchema, createYoga, type YogaInitialContext } from 'graphql-yoga'
import { Hono } from 'hono'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { tenantScope } from '../../../src/http/express.ts'
import { tenancyErrors, tenantContext, type TenantContext } from '../../../src/http/graphql-yoga/graphql-yoga.ts'
import { tenantMiddleware } from '../../../src/http/hono.ts'
import { tenantListener } from '../../../src/http/node.ts'
import { Client, type Answer } from '../contract/client.ts'
import { names, rpcWorld, userHeader, whole } from './world.ts'

const { tenancy, where, stream } = await rpcWorld()
afterAll(() => tenancy.close())

type Context = YogaInitialContext & TenantContext

const schema = createSchema<Context>({
  typeDefs: /* GraphQL */ `
    scalar File
    type Query {
      who: String!
      many: [Item!]!
      central: String!
      mine: String!
      fails: String
      wrapped: String
      own: String
    }
    type Item {
      where: String!
    }
    type Mutation {
      change(text: String!): String!
      upload(file: File!): String!
    }
    type Subscription {
      events: String!
      breaks: String!
    }
  `,
  resolvers: {
    Query: {
      who: async (_, __, { requireTenant }) => `${requireTenant().schema}: ${await where()}`,
      many: () => Array.from({ length: 5 }, () => ({})),
      central: (_, __, { requireShared, tenant }) => {
        requireShared()
        return `central ${tenant?.schema ?? 'none'}`
      },
      mine: async (_, __, { requireMember }) => (await requireMember({ roles: 'admin', can: 'polls.write' })).userId,
      fails: () => {
        throw new Error('secret of the resolver')
      },
      wrapped: async () => {
        const cause = await tenancy.run('missing', () => {}).catch((error: unknown) => error)
        throw new Error('secret statement', { cause })
      },
      own: () => {
        throw new GraphQLError('A word of the application.', { extensions: { code: 'CONFLICT' } })
      },
    },
    Item: { where },
    Mutation: {
      change: async (_, { text }: { text: string }) => `${text} ${await where()}`,
      upload: async (_, { file }: { file: File }) => `${(await file.text()).length} ${await where()}`,
    },
    Subscription: {
      events: { subscribe: () => stream(), resolve: async (value: string) => `${value} ${await where()}` },
      breaks: {
        async *subscribe() {
          yield await where()
          throw new Error('secret of the stream')
        },
        resolve: (value: string) => value,
      },
    },
  },
})

const log = vi.fn<(error: Error) => void>()
const yoga = createYoga({
  schema,
  logging: false,
  plugins: [tenantContext(tenancy, { user: ({ request }) => request.headers.get(userHeader) })],
  maskedErrors: { maskError: tenancyErrors({ log }), isDev: true },
})

const servers: Record<string, () => Server> = {
  Express() {
    const app = express().use(tenantScope(tenancy, { none: 'shared' }))
    return createServer(app.use('/graphql', (req, res) => void yoga(req, res)))
  },
  Hono() {
    const app = new Hono().use(tenantMiddleware(tenancy, { none: 'shared' }))
    app.on(['GET', 'POST'], '/graphql', async (c) => yoga.fetch(c.req.raw))
    return createAdaptorServer(app) as Server
  },
  'node:http'() {
    return createServer(tenantListener(tenancy, (req, res) => yoga(req, res) as unknown, { none: 'shared' }))
  },
}

describe.each(Object.keys(servers))('GraphQL Yoga on %s', (name) => {
  let server: Server
  let client: Client
  const unhandled: unknown[] = []
  const note = (reason: unknown): void => void unhandled.push(reason)
  beforeAll(async () => {
    server = servers[name]!()
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    client = new Client((server.address() as AddressInfo).port)
    process.on('unhandledRejection', note)
  })
  afterAll(() => {
    process.off('unhandledRejection', note)
    server.closeAllConnections()
    server.close()
  })
  const at = (tenant: string | undefined, query: string, headers = {}): Promise<Answer> => {
    const body = Buffer.from(JSON.stringify({ query }))
    const host = tenant === undefined ? 'example.com' : `${tenant}.example.com`
    const all = { 'content-type': 'application/json', 'content-length': body.length, ...headers }
    return client.send({ host, path: '/graphql', method: 'POST', headers: all, body })
  }

  const subscribe = (tenant: string, field: string) => at(tenant, `subscription { ${field} }`, { accept: 'text/event-stream' })
  const mine = (tenant: string, user?: string) => at(tenant, '{ mine }', user === undefined ? {} : { [userHeader]: user })

  test('a query and a mutation run in the scope, with 40 at once, each field too', async () => {
    const all = [...names, ...names]
    const answers = await Promise.all(all.map((tenant) => at(tenant, '{ who many { where } }')))
    answers.forEach(({ json }, index) => {
      const here = whole(all[index]!)
      expect(json.data).toEqual({ who: `${all[index]}: ${here}`, many: Array.from({ length: 5 }, () => ({ where: here })) })
    })
    const changed = await Promise.all(names.map((tenant) => at(tenant, 'mutation { change(text: "x") }')))
    changed.forEach(({ json }, index) => expect(json.data.change).toBe(`x ${whole(names[index]!)}`))
  })

  test('an upload is read in the scope', async () => {
    const answers = await Promise.all(names.map((tenant) => client.get(tenant, '/graphql', upload(tenant, 100_000))))
    answers.forEach(({ json }, index) => expect(json.data.upload).toBe(`100000 ${whole(names[index]!)}`))
  })

  test('a subscription stays with its tenant at each event, and one that fails says nothing', async () => {
    const answers = await Promise.all(names.map((tenant) => subscribe(tenant, 'events')))
    answers.forEach(({ text }, index) => {
      const here = whole(names[index]!)
      const events = [...text.matchAll(/^data: (\{.*\})$/gm)].map(([, json]) => JSON.parse(json!).data.events)
      expect(events).toEqual(Array.from({ length: 4 }, () => `${here} ${here}`))
    })
    const broken = await subscribe('t1', 'breaks')
    expect(broken.text).toContain(whole('t1'))
    expect(broken.text).not.toContain('secret')
  })

  test('a field is of tenants, or of the shared side', async () => {
    expect((await at(undefined, '{ central }')).json).toEqual({ data: { central: 'central none' } })
    expectRefused(await at(undefined, '{ who }'), 404, 'TENANT_REQUIRED')
    expectRefused(await at('t1', '{ central }'), 404, 'SHARED_REQUIRED')
  })

  test('requireMember answers 401, 403 and lets in, by the tenant of each call', async () => {
    expectRefused(await mine('t1'), 401, 'SIGN_IN_REQUIRED')
    expectRefused(await mine('t1', 'plain'), 403, 'NOT_PERMITTED_ROLE')
    expectRefused(await mine('t2', 'boss'), 403, 'NOT_A_MEMBER')
    expect((await mine('t1', 'boss')).json).toEqual({ data: { mine: 'boss' } })
  })

  test('an error says no more than its code, in development, too, and where it was', async () => {
    const failed = await at('t1', '{ fails }')
    expectRefused(failed, 500, 'INTERNAL_ERROR')
    expect(failed.json.errors[0].path).toEqual(['fails'])
    expect(failed.text).not.toMatch(/secret|stack/)
    expect(log).toHaveBeenCalledWith(expect.objectContaining({ message: 'secret of the resolver' }))
    expectRefused(await at('t1', '{ wrapped }'), 404, 'UNKNOWN_TENANT')
    expect((await at('t1', '{ own }')).json.errors).toMatchObject([
      { message: 'A word of the application.', extensions: { code: 'CONFLICT' } },
    ])
  })

  test('tenants that do not exist or are archived have one answer, byte for byte; one that is suspended has another', async () => {
    const [unknown, archived] = await Promise.all(['missing', 'gone'].map((tenant) => at(tenant, '{ who }')))
    expect([archived!.status, archived!.text]).toEqual([404, unknown!.text])
    expect(await at('paused', '{ who }')).toMatchObject({ status: 403, json: { code: 'TENANT_SUSPENDED' } })
  })

  test('a client that leaves leaves nothing behind', async () => {
    const query = JSON.stringify({ query: 'subscription { events }' })
    const head = `host: t3.example.com\r\naccept: text/event-stream\r\ncontent-type: application/json\r\ncontent-length: ${query.length}\r\n\r\n`
    await client.leave(`POST /graphql HTTP/1.1\r\n${head}${query}`)
    expect((await at('t4', '{ who }')).json.data.who).toBe(`t4: ${whole('t4')}`)
    await expect.poll(() => tenancy.pool.totalCount - tenancy.pool.idleCount).toBe(0)
    expect(unhandled).toEqual([])
  })
})

test('Yoga without an adapter of partywall refuses the statements of a resolver, and says nothing', async () => {
  const server = createServer((req: IncomingMessage, res: ServerResponse) => void yoga(req, res)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = new Client((server.address() as AddressInfo).port)
  const body = Buffer.from(JSON.stringify({ query: '{ many { where } }' }))
  const headers = { 'content-type': 'application/json', 'content-length': body.length }
  const answer = await client.get('t1', '/graphql', { method: 'POST', headers, body })
  expect(answer.json).toMatchObject({
    data: null,
    errors: expect.arrayContaining([expect.objectContaining({ extensions: { code: 'INTERNAL_ERROR' } })]),
  })
  server.closeAllConnections()
  server.close()
})

test('a wrong option is refused, and requireMember without the option user is a fault of the application', async () => {
  expect(() => tenantContext(tenancy, { usr: () => 'x' } as never)).toThrow(/tenantContext/)
  expect(() => tenancyErrors({ retryAfterMs: -1 })).toThrow(/retryAfterMs/)
  const unknowing = createYoga({
    schema,
    logging: false,
    plugins: [tenantContext(tenancy)],
    maskedErrors: { maskError: tenancyErrors({ log }) },
  })
  const response = await tenancy.run('t1', async () => unknowing.fetch('http://t1/graphql?query={mine}'))
  expect(response.status).toBe(500)
  expect(String(log.mock.lastCall![0])).toContain('Give tenantContext the option user')
})

function expectRefused({ status, json }: Answer, expected: number, code: string): void {
  expect([status, json.errors[0].extensions]).toEqual([expected, { code }])
}

/** As graphql-multipart-request says. */
function upload(tenant: string, bytes: number) {
  const boundary = 'a-boundary-of-the-suite'
  const part = (name: string, more: string, content: string) =>
    `--${boundary}\r\ncontent-disposition: form-data; name="${name}"${more}\r\n\r\n${content}\r\n`
  const operations = JSON.stringify({ query: 'mutation ($file: File!) { upload(file: $file) }', variables: { file: null } })
  const body = Buffer.from(
    part('operations', '', operations) +
      part('map', '', '{"0":["variables.file"]}') +
      part('0', `; filename="${tenant}.txt"\r\ncontent-type: text/plain`, 'x'.repeat(bytes)) +
      `--${boundary}--\r\n`,
  )
  return {
    method: 'POST',
    headers: { 'content-type': `multipart/form-data; boundary=${boundary}`, 'content-length': body.length },
    body,
  }
}
