/** With a real tenancy: what a rename and a deletion mean for the cache. */
import { afterAll, expect, test } from 'vitest'
import { createTenantCache } from '../../src/cache/cache.ts'
import { createTenancy } from '../../src/index.ts'
import { testDatabase } from '../support/servers/database.ts'

const { url } = await testDatabase()
const tenancy = createTenancy({ database: url, migrations: { shared: false, tenant: false } })
afterAll(() => tenancy.close())

test('a renamed tenant begins with an empty cache, and a scope from before is refused', async () => {
  const map = new Map<string, unknown>()
  const cache = createTenantCache(tenancy, map)
  const acme = await tenancy.tenants.create({ schema: 'acme' })
  await tenancy.run(acme, () => cache.set('key', 'before'))
  await tenancy.run(acme, async () => {
    await tenancy.tenants.rename('acme', { schema: 'acme_ltd' })
    await expect(cache.get('key')).rejects.toMatchObject({ code: 'TENANT_CHANGED', details: { schema: 'acme' } })
    await expect(cache.set('key', 'x')).rejects.toMatchObject({ code: 'TENANT_CHANGED' })
  })
  expect(await tenancy.run('acme_ltd', () => cache.get('key'))).toBeUndefined()
})

test('a deleted tenant leaves nothing when its cache is told, and one of the same name reads nothing of it', async () => {
  const map = new Map<string, unknown>()
  const cache = createTenantCache(tenancy, map)
  const first = await tenancy.tenants.create({ schema: 'globex' })
  await tenancy.run(first, () => cache.set('key', 'of the first'))
  await tenancy.tenants.delete('globex', { confirm: 'globex' } as never)
  expect([...map.keys()].filter((key) => key.includes(first.id))).not.toEqual([])
  await tenancy.tenants.create({ schema: 'globex' })
  expect(await tenancy.run('globex', () => cache.get('key'))).toBeUndefined()
  await cache.forgetTenant(first)
  expect([...map.keys()].filter((key) => key.includes(first.id))).toEqual([])
})
