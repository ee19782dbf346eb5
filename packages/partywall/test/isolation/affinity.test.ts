/** Which connection serves which tenant: a session of PostgreSQL caches every table it touched, and a new session reads them all again. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { PoolClient } from 'pg'
import { expect, test } from 'vitest'
import type { TenantPool } from '../../src/database/pool/tenant-pool.ts'
import type { Tenant } from '../../src/types.ts'
import { ownRoute } from '../support/servers/route.ts'
import { adopt } from '../support/tenants/adopt.ts'
import { fakeTenant, twoTenants } from '../support/tenants/two-tenants.ts'

const { scope, directUrl, makePool, admin, discarded } = await twoTenants()
const crowd = Array.from({ length: 40 }, (_, n) => fakeTenant(`tenant_${n}`))
for (const { schema } of crowd) await admin.query(`create schema ${schema}`)
await adopt(admin, crowd)

const visit = (pool: TenantPool, tenant: Tenant): Promise<unknown> => scope.run(tenant, () => pool.query('select 1'))

/** Callers that query for all tenants of the crowd in turn, each in its own order. */
async function bustle(pool: TenantPool, callers: number, visits: number): Promise<void> {
  const caller = async (_: unknown, number: number): Promise<void> => {
    for (let visited = 0; visited < visits; visited++) await visit(pool, crowd[(visited * 7 + number * 11) % crowd.length]!)
  }
  await Promise.all(Array.from({ length: callers }, caller))
}

test('a tenant gets the connections that served it before', async () => {
  const pool = makePool({ max: 5 })
  const tenants = crowd.slice(0, 30)
  const homes = new Map<string, unknown>()
  let taken: unknown
  pool.on('acquire', (client) => (taken = client))
  // All five connections are opened first; then each tenant queries alone, many times.
  const clients = await Promise.all(tenants.slice(0, 5).map((tenant) => scope.run(tenant, () => pool.connect())))
  for (const client of clients) client.release()
  for (let round = 0; round < 5; round++) {
    for (const tenant of tenants) {
      await visit(pool, tenant)
      const home = homes.get(tenant.schema) ?? taken
      homes.set(tenant.schema, home)
      expect(taken).toBe(home)
    }
  }
  expect(new Set(homes.values()).size).toBe(5)
})
test('a connection that has served too many tenants is replaced, so that its memory is bounded', async () => {
  const pool = makePool({ max: 1, maxTenantsPerConnection: 10 } as object)
  const connections = new Set<unknown>()
  pool.on('acquire', (client) => connections.add(client))
  discarded.length = 0
  for (const tenant of crowd.slice(0, 30)) await visit(pool, tenant)
  expect(connections.size).toBe(3)
  expect(discarded).toEqual(['it served 11 tenants', 'it served 11 tenants'])
})

test('one more connection is opened before one serves more tenants than it may', async () => {
  const pool = makePool({ max: 8, maxTenantsPerConnection: 10 } as object)
  discarded.length = 0
  await bustle(pool, 1, 400)
  expect(discarded).toEqual([])
  expect(pool.totalCount).toBe(4)
})

test('a pool keeps its connections when its callers query for more tenants than one connection may serve', async () => {
  const { url: connectionString, withServerConnections } = await ownRoute(directUrl)
  const pool = makePool({ connectionString, max: 4, maxTenantsPerConnection: 25 } as object)
  await withServerConnections(4, async () => {
    await bustle(pool, 4, 300)
    discarded.length = 0
    await bustle(pool, 4, 300)
  })
  // A pool that takes any idle connection replaces one every few statements.
  expect(discarded.length).toBeLessThan(10)
})

test('a tenant that no connection has served waits a moment for a better one, and no longer', () =>
  withFullPool(async (pool, held) => {
    discarded.length = 0
    const served = visit(pool, newTenant)
    // Meanwhile the connection serves the tenant that it served before.
    await visit(pool, second)
    expect(discarded).toEqual([])
    await served
    expect(discarded).toEqual(['it served 2 tenants'])
    // The other connection that served the tenant is held; a second one serves it now.
    await visit(pool, first)
    held.release()
  }))

test('pool.end rejects a tenant that waits for a better connection', () =>
  withFullPool(async (pool, held) => {
    const waiting = visit(pool, newTenant)
    const ended = pool.end()
    await expect(waiting).rejects.toThrow('after calling end')
    held.release()
    await ended
    await sleep(20)
  }))

const [first, second, newTenant] = crowd as [Tenant, Tenant, Tenant]

/** Two connections that may serve one tenant each: the first tenant's is held, the second one's is idle. */
async function withFullPool(fn: (pool: TenantPool, held: PoolClient) => Promise<void>): Promise<void> {
  const { url: connectionString, withServerConnections } = await ownRoute(directUrl)
  const pool = makePool({ connectionString, max: 2, maxTenantsPerConnection: 1 } as object)
  await withServerConnections(2, async () => {
    const held = await scope.run(first, () => pool.connect())
    await visit(pool, second)
    await fn(pool, held)
  })
}
