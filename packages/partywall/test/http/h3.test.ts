/** What is special about h3: how its versions read what a middleware returns. The contract tries the rest. */
import { H3 } from 'h3'
import { afterAll, expect, test } from 'vitest'
import { requireShared, tenantMiddleware } from '../../src/http/h3.ts'
import { byHost, createTenancy } from '../../src/index.ts'
import { testDatabase } from '../support/servers/database.ts'

const { url } = await testDatabase()
const tenancy = createTenancy({
  database: url,
  migrations: { tenant: false, shared: false },
  resolve: [byHost({ base: 'example.com' })],
})
await tenancy.tenants.create({ schema: 'acme' })
afterAll(() => tenancy.close())

test('a refusal is no Response, which h3 2.0.1 of Nitro 3.0 takes for "not found here": it calls the route then', async () => {
  const returned: unknown[] = []
  const app = new H3()
  const watched = tenantMiddleware(tenancy, { none: 'shared' })
  const shared = requireShared()
  for (const middleware of [watched, shared]) {
    app.use(async (event, next) => {
      const value = await middleware(event, next)
      returned.push(value)
      return value
    })
  }
  app.get('/', () => 'the route')
  for (const [host, code] of [
    ['missing.example.com', 'UNKNOWN_TENANT'],
    ['acme.example.com', 'SHARED_REQUIRED'],
  ] as const) {
    returned.length = 0
    const answer = await app.request(`http://${host}/`, { headers: { host } })
    expect(returned[0]).toBeTypeOf('string')
    expect(answer.status).toBe(404)
    expect(answer.headers.get('content-type')).toBe('application/problem+json')
    expect(await answer.json()).toMatchObject({ code })
  }
  expect(await (await app.request('http://example.com/')).text()).toBe('the route')
})
