/** What a client of GraphQL Yoga gets to read of errors: also of those that `@defer` and `@stream` send later. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { createAdaptorServer } from '@hono/node-server'
import { GraphQLError } from 'graphql'
import { createSchema, createYoga, type Plugin, type YogaInitialContext, type YogaServerOptions } from 'graphql-yoga'
import { Hono } from 'hono'
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest'
import { tenancyErrors, tenantContext, type TenantContext } from '../../../src/http/graphql-yoga/graphql-yoga.ts'
import { tenancyErrors as honoErrors, tenantMiddleware } from '../../../src/http/hono.ts'
import { tenantListener } from '../../../src/http/node.ts'
import { Client } from '../contract/client.ts'
import { names, rpcWorld, whole } from './world.ts'

const { tenancy, where } = await rpcWorld()
afterAll(() => tenancy.close())
await tenancy.tenants.create({ schema: 'repaired' })
await tenancy.tenants.setMaintenance('repaired')

/** Rejects with a message that names what a stranger must not learn. */
const fromDatabase = () => tenancy.pool.query('select * from secret_table')

const schema = createSchema<YogaInitialContext & TenantContext>({
  typeDefs: /* GraphQL */ `
    directive @defer(label: String, if: Boolean) on FRAGMENT_SPREAD | INLINE_FRAGMENT
    directive @stream(label: String, if: Boolean, initialCount: Int = 0) on FIELD
    type Item {
      where: String
      slow: String
      fails: String
      refused: String
      own: String
    }
    type Query {
      item: Item
      items: [Item]
      wrapped: String
      twice: String
      maintenance: String
    }
  `,
  resolvers: {
    Item: {
      where,
      slow: async () => {
        await sleep(5)
        return where()
      },
      fails: async () => {
        await sleep(5)
        await fromDatabase()
      },
      refused: () => tenancy.run('missing', () => 'in'),
      own: () => {
        throw new GraphQLError('A word of the application.', { extensions: { code: 'CONFLICT' } })
      },
    },
    Query: {
      item: () => ({}),
      async *items() {
        yield {}
        await fromDatabase()
      },
      wrapped: () => fromDatabase().catch((error: Error) => Promise.reject(around(error))),
      twice: () => fromDatabase().catch((error: Error) => Promise.reject(around(around(error)))),
      maintenance: () => tenancy.run('repaired', () => 'in'),
    },
  },
})

function around(error: Error): GraphQLError {
  return new GraphQLError(error.message, { originalError: error })
}

const log = vi.fn<(error: Error) => void>()
afterEach(() => log.mockClear())

const masked = { maskedErrors: { maskError: tenancyErrors({ log, retryAfterMs: 1_500 }), isDev: true } }
function yogaOf(options: Partial<YogaServerOptions<{}, {}>> = masked) {
  return createYoga({ schema, logging: false, plugins: [tenantContext(tenancy)], ...options })
}

interface Asked {
  readonly query: string
  readonly accept?: string
  readonly tenant?: string
  readonly yoga?: ReturnType<typeof yogaOf>
}

async function ask({ query, accept = 'application/json', tenant = 't1', yoga = yogaOf() }: Asked) {
  return await tenancy.run(tenant, async () => {
    const headers = { 'content-type': 'application/json', accept }
    const response = await yoga.fetch('http://x/graphql', { method: 'POST', headers, body: JSON.stringify({ query }) })
    return { status: response.status, headers: response.headers, text: await response.text() }
  })
}

const deferred = '{ item { where ... @defer { slow fails refused own } } }'
const streamed = '{ items @stream(initialCount: 1) { where } }'
const ways = ['multipart/mixed', 'text/event-stream']

test.each(ways)('what is deferred is masked by its code in %s, and what is kept for Yoga is not sent', async (accept) => {
  const { text } = await ask({ query: deferred, accept })
  expect(text).not.toMatch(/secret|no-store|There is no tenant/)
  for (const code of ['INTERNAL_ERROR', 'UNKNOWN_TENANT', 'CONFLICT']) expect(text).toContain(`"extensions":{"code":"${code}"}`)
  expect(text).toContain('"path":["item","fails"]')
  expect(text).toContain('A word of the application.')
  expect(log).toHaveBeenCalledWith(expect.objectContaining({ message: expect.stringContaining('secret_table') }))
})

test.each(ways)('what is streamed is masked in %s', async (accept) => {
  const { text } = await ask({ query: streamed, accept })
  expect(text).toContain(whole('t1'))
  expect(text).toContain('INTERNAL_ERROR')
  expect(text).not.toContain('secret')
})

test('the mask of Yoga itself holds there, too, and none where the application has switched it off', async () => {
  const [accept] = ways
  const own = await ask({ query: deferred, accept: accept!, yoga: yogaOf({ maskedErrors: { isDev: false } }) })
  expect(own.text).toContain('"message":"Unexpected error."')
  expect(own.text).not.toContain('secret')
  expect((await ask({ query: deferred, accept: accept!, yoga: yogaOf({ maskedErrors: false }) })).text).toContain('secret')
})

test('a naive server without the plugin sends the message of the database', async () => {
  const yoga = yogaOf({ ...masked, plugins: [] })
  for (const query of [deferred, streamed]) expect((await ask({ query, accept: ways[0]!, yoga })).text).toContain('secret')
})

test('what is deferred stays with its tenant, with 20 at once', async () => {
  const yoga = yogaOf()
  const query = '{ item { where ... @defer { slow } } }'
  const answers = await Promise.all(names.map((tenant) => ask({ query, accept: ways[0]!, tenant, yoga })))
  answers.forEach(({ text }, index) =>
    expect(text.match(/t\d+ t\d+ t\d+/g)).toEqual([whole(names[index]!), whole(names[index]!)]),
  )
})

test.each(['wrapped', 'twice'])('an error of the database stays one with a GraphQLError around it: %s', async (field) => {
  const { status, text } = await ask({ query: `{ ${field} }` })
  expect([status, text.includes('secret'), text.includes('INTERNAL_ERROR')]).toEqual([500, false, true])
  expect(log).toHaveBeenCalledTimes(1)
})

test('a tenant in maintenance is answered with the seconds of retryAfterMs', async () => {
  const { status, headers } = await ask({ query: '{ maintenance }' })
  expect([status, headers.get('retry-after'), headers.get('cache-control')]).toEqual([503, '2', 'no-store'])
})

test.each(['tenant', 'requireMember'])(
  'a context that has "%s" already is refused, and not changed for other code',
  async (name) => {
    const { status } = await ask({ query: '{ item { where } }', yoga: yogaOf({ ...masked, context: () => ({ [name]: 'own' }) }) })
    expect(status).toBe(500)
    expect(String(log.mock.lastCall![0])).toContain(`The context already has "${name}"`)
  },
)

test('the tenant itself may stand there', async () => {
  const yoga = yogaOf({ ...masked, context: () => ({ tenant: tenancy.current() }) })
  expect((await ask({ query: '{ item { where } }', yoga })).status).toBe(200)
})

test.each([undefined, null, {}, 'tenancy'])('%j is refused in place of a tenancy, at the start', (given) => {
  expect(() => tenantContext(given as never)).toThrow(/^tenantContext takes a tenancy first/)
})

const hooks: Record<string, Plugin> = {
  onRequest: { onRequest: async () => void (await fromDatabase()) },
  onResponse: { onResponse: async () => void (await fromDatabase()) },
  onResultProcess: { onResultProcess: async () => void (await fromDatabase()) },
  onRequestParse: { onRequestParse: async () => void (await fromDatabase()) },
}

/** What a client of a real server gets. */
async function answerOf(server: Server) {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    return await new Client((server.address() as AddressInfo).port).get('t1', '/graphql?query={item{where}}')
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

function serverOf(yoga: ReturnType<typeof yogaOf>): Server {
  return createServer(tenantListener(tenancy, (req: IncomingMessage, res: ServerResponse) => yoga(req, res) as unknown))
}

describe.each(Object.keys(hooks))('an error of the database in the hook %s', (name) => {
  const plugins = [tenantContext(tenancy), hooks[name]!]

  test('says nothing, has no stack, and is logged', async () => {
    const { status, text, json } = await answerOf(serverOf(yogaOf({ ...masked, plugins })))
    expect([status, json]).toEqual([
      500,
      { errors: [{ message: 'Internal Server Error', extensions: { code: 'INTERNAL_ERROR' } }] },
    ])
    expect(text).not.toContain('secret')
    expect(log).toHaveBeenCalledWith(expect.objectContaining({ message: expect.stringContaining('secret_table') }))
  })

  test('says nothing on Hono, whose own handler gets it', async () => {
    const app = new Hono().use(tenantMiddleware(tenancy))
    const yoga = yogaOf({ ...masked, plugins })
    app.on(['GET', 'POST'], '/graphql', async (c) => yoga.fetch(c.req.raw))
    app.onError(honoErrors({ log: () => {} }))
    const { status, text } = await answerOf(createAdaptorServer(app) as Server)
    expect([status, /secret|stack/.test(text)]).toEqual([500, false])
  })
})

test('a naive server without the plugin sends the stack of what a hook throws', async () => {
  const { text } = await answerOf(serverOf(yogaOf({ ...masked, plugins: [hooks['onRequest']!] })))
  expect(text).toMatch(/secret_table[^]*\n {4}at /)
})

test('a refusal in a hook is answered by its code', async () => {
  const plugins = [tenantContext(tenancy), { onRequest: () => tenancy.run('repaired', () => {}) }]
  const { status, json } = await answerOf(serverOf(yogaOf({ ...masked, plugins })))
  expect([status, json.errors[0].extensions]).toEqual([503, { code: 'TENANT_MAINTENANCE' }])
})
