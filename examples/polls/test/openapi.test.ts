/** The document that API tools import, against the routes: each is described, each request of it is answered as described, and a tenant is named by its header. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Router } from 'express'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { testDatabase } from '../../../packages/partywall/test/support/servers/database.ts'
import file from '../openapi.json' with { type: 'json' }
import { createApp } from '../src/app.ts'
import { clientsRouter } from '../src/clients.ts'
import { closingRouter } from '../src/closing.ts'
import { startJobs, type PollsJobs } from '../src/jobs.ts'
import { logoRouter } from '../src/logo.ts'
import { metricsRouter } from '../src/metrics.ts'
import { openapiRouter } from '../src/openapi.ts'
import { pollsRouter } from '../src/polls.ts'
import { seed } from '../src/seed.ts'
import { summaryRouter } from '../src/summary.ts'
import { createPollsTenancy, type PollsTenant } from '../src/tenancy.ts'

interface Media {
  readonly schema: object
  readonly example?: unknown
}
interface Operation {
  readonly method: string
  readonly path: string
  readonly isOfTenant: boolean
  readonly body: readonly [type: string, media: Media] | undefined
  readonly responses: Readonly<Record<string, { readonly content: Readonly<Record<string, Media>> }>>
}

const { url } = await testDatabase()
const tenancy = createPollsTenancy(url)
const server = createServer()
let jobs: PollsJobs
let more: Router[]
let tenants: PollsTenant[]
let base: string

beforeAll(async () => {
  tenants = await seed(tenancy)
  jobs = await startJobs(tenancy)
  more = [metricsRouter(tenancy), summaryRouter(tenancy), logoRouter(tenancy), closingRouter(tenancy, jobs), openapiRouter()]
  server.on('request', createApp(tenancy, ...more))
  await once(server.listen(0), 'listening')
  base = `http://localhost:${(server.address() as AddressInfo).port}`
})
afterAll(async () => {
  server.closeAllConnections()
  server.close()
  await jobs.stop()
  await tenancy.close()
})

const operations = operationsOf(file)

test('every route is described, and nothing else', () => {
  const routes = [
    ...routesOf(clientsRouter(tenancy), '/client'),
    ...routesOf(pollsRouter(tenancy.pool), '/polls'),
    ...more.flatMap((router) => routesOf(router)),
  ]
  expect(operations.map(({ method, path }) => `${method} ${path}`).toSorted()).toEqual([...new Set(routes)].toSorted())
})

test.each(operations.map((operation) => [`${operation.method} ${operation.path}`, operation] as const))(
  '%s answers as described, for the tenant of the header',
  async (_, operation) => {
    for (const { id } of tenants) {
      const answer = await send(operation, operation.isOfTenant ? id : undefined)
      expect(answer.status).toBeLessThan(300)
      assertDescribed(operation, answer)
      // A second tenant of this name is taken.
      if (operation.method === 'POST' && operation.path === '/client') break
    }
  },
)

test.each(operations.map((operation) => [`${operation.method} ${operation.path}`, operation] as const))(
  '%s refuses the other side, and a request of two tenants, as described',
  async (_, operation) => {
    const other = await send(operation, operation.isOfTenant ? undefined : tenants[0]!.id)
    expect(other.status).toBe(404)
    assertDescribed(operation, other)
    const unknown = await send(operation, crypto.randomUUID())
    expect(unknown.status).toBe(404)
    assertDescribed(operation, unknown)
  },
)

test('what a body must not be is described', async () => {
  const withJson = operations.filter(({ body }) => body?.[0] === 'application/json')
  expect(withJson).toHaveLength(4)
  for (const operation of withJson) {
    const answer = await send(operation, operation.isOfTenant ? tenants[0]!.id : undefined, { wrong: true })
    expect([operation.path, answer.status]).toEqual([operation.path, 400])
    assertDescribed(operation, answer)
    const schema = schemaOf(operation.body![1].schema)
    expect(schema.safeParse(operation.body![1].example).success).toBe(true)
    expect(schema.safeParse({ wrong: true }).success).toBe(false)
  }
})

test('the document says where it was served', async () => {
  const served = (await (await fetch(`${base}/openapi.json`)).json()) as typeof file
  expect(served).toEqual({ ...file, servers: [{ url: base }] })
})

function operationsOf(document: typeof file): Operation[] {
  return Object.entries(document.paths as Record<string, any>).flatMap(([path, { parameters = [], ...methods }]) =>
    Object.entries<any>(methods).map(([method, operation]) => ({
      method: method.toUpperCase(),
      path,
      isOfTenant: [...parameters, ...(operation.parameters ?? [])].some(({ $ref }) => $ref === '#/components/parameters/Tenant'),
      body: operation.requestBody && Object.entries<Media>(operation.requestBody.content)[0],
      responses: operation.responses,
    })),
  )
}

/** In the form of OpenAPI: `GET /polls/{id}`. */
function routesOf({ stack }: Router, mount = ''): string[] {
  return stack.flatMap(({ route }) => {
    if (route === undefined) return []
    const path = `${mount}${route.path}`.replace(/(?<=.)\/$/, '').replaceAll(/:(\w+)/g, '{$1}')
    const methods = new Set(route.stack.map(({ method }) => method))
    return [...methods].map((method) => `${method.toUpperCase()} ${path}`)
  })
}

async function send({ method, path, body }: Operation, id: string | undefined, given = body?.[1].example ?? 'a picture') {
  const headers = { ...(id !== undefined && { 'x-request-id': id }), ...(body && { 'content-type': body[0] }) }
  const text = typeof given === 'string' ? given : JSON.stringify(given)
  const answer = await fetch(base + path.replace('{id}', '1'), { method, headers, ...(body && { body: text }) })
  return { status: answer.status, type: answer.headers.get('content-type')!.split(';')[0]!, text: await answer.text() }
}

function assertDescribed({ responses }: Operation, { status, type, text }: Awaited<ReturnType<typeof send>>): void {
  const media = responses[status]?.content[type]
  expect([status, type, media === undefined ? 'is not described' : 'is described']).toEqual([status, type, 'is described'])
  if (type.includes('json')) expect(schemaOf(media!.schema).safeParse(JSON.parse(text))).toMatchObject({ success: true })
}

/** Of a schema of the document, whose references are those of the document. */
function schemaOf(schema: object) {
  const text = JSON.stringify({ ...schema, $defs: file.components.schemas })
  return z.fromJSONSchema(JSON.parse(text.replaceAll('#/components/schemas/', '#/$defs/')))
}
