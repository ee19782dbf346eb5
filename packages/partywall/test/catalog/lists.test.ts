/** Lists are bounded: one page at a time for a user interface, iteration over all in bounded memory for a program. */
import { beforeAll, describe, expect, test, vi } from 'vitest'
import type { TenantListOptions } from '../../src/catalog/tenants/tenant-list.ts'
import type { Tenant } from '../../src/types.ts'
import { testDatabase } from '../support/servers/database.ts'
import { openRegistry, registryForTest } from '../support/tenants/registry.ts'

const count = 250
let url: string
beforeAll(async () => {
  ;({ url } = await testDatabase())
  const { catalog, create, tenants, close } = openRegistry(url, { migrations: { tenant: { big: false, default: false } } })
  await create({ schema: 'acme_1', name: 'Zebra', domains: ['shop.acme.example.com', 'acme.example.com'], kind: 'big' })
  await create({ schema: 'bolt', name: '50% off' })
  await tenants.setStatus('bolt', 'suspended')
  // Rows are enough for a list; all were created in the same millisecond, so only the id tells them apart by time.
  await catalog.query({
    text: `
      insert into partywall.tenants (schema, name, created_at)
      select 'many_' || lpad(number::text, 4, '0'), 'Same name', '2020-01-01'
      from generate_series(1, ${count}) as number`,
  })
  await close()
})

const schemasOf = (tenants: readonly Tenant<any>[]): string[] => tenants.map(({ schema }) => schema)

describe('tenants.list', () => {
  test('returns the first 100 tenants by schema by default', async () => {
    const { tenants } = registryForTest(url)
    const page = schemasOf(await tenants.list())
    expect(page).toHaveLength(100)
    expect(page.slice(0, 3)).toEqual(['acme_1', 'bolt', 'many_0001'])
  })

  test.each<TenantListOptions>([
    {},
    { orderBy: '-schema' },
    { orderBy: 'name' },
    { orderBy: '-name' },
    { orderBy: 'createdAt' },
    { orderBy: '-createdAt' },
    { orderBy: 'createdAt', search: 'many_' },
    { status: 'active' },
  ])('returns every tenant on exactly one page, in the order of one long page: %j', async (options) => {
    const { tenants } = registryForTest(url)
    const whole = schemasOf(await tenants.list({ ...options, limit: 1000 }))
    const pages: string[] = []
    for (let cursor: Tenant<any> | undefined; ;) {
      const page = await tenants.list({ ...options, limit: 70, cursor })
      pages.push(...schemasOf(page))
      if (page.length < 70) break
      cursor = page.at(-1)
    }
    expect(pages).toEqual(whole)
    expect(new Set(pages).size).toBe(pages.length)
    expect(pages.length).toBeGreaterThanOrEqual(count)
  })

  test('accepts the id or the schema of a tenant as a cursor, and refuses a cursor that names no tenant', async () => {
    const { tenants } = registryForTest(url)
    const [first] = await tenants.list({ limit: 1 })
    expect(schemasOf(await tenants.list({ limit: 1, cursor: first!.id }))).toEqual(['bolt'])
    expect(schemasOf(await tenants.list({ limit: 1, cursor: 'acme_1' }))).toEqual(['bolt'])
    await expect(tenants.list({ cursor: 'gone' })).rejects.toMatchObject({ code: 'UNKNOWN_TENANT' })
  })

  test('searches in schema, name and domains, and takes % and _ literally', async () => {
    const { tenants } = registryForTest(url)
    const found = async (search: string): Promise<string[]> => schemasOf(await tenants.list({ search }))
    expect(await found('ACME_')).toEqual(['acme_1'])
    expect(await found('zeb')).toEqual(['acme_1'])
    expect(await found('SHOP.acme')).toEqual(['acme_1'])
    expect(await found('50%')).toEqual(['bolt'])
    expect(await found('0%')).toEqual(['bolt'])
    expect(await found('a_m')).toEqual([])
    expect(await found(`' or 1=1 --`)).toEqual([])
  })

  test('filters by kind and by status', async () => {
    const { tenants } = registryForTest(url)
    expect(schemasOf(await tenants.list({ kinds: 'big' }))).toEqual(['acme_1'])
    expect(schemasOf(await tenants.list({ status: ['suspended', 'archived'] }))).toEqual(['bolt'])
    expect(schemasOf(await tenants.list({ kinds: ['big'], status: 'suspended' }))).toEqual([])
  })

  test.each([
    [{ limit: 0 }, 'from 1 to 1000; it is 0'],
    [{ limit: 1001 }, 'from 1 to 1000'],
    [{ limit: '10' }, 'it is text'],
    [{ orderBy: 'password' }, `"orderBy" of tenants.list must be 'schema'`],
    [{ orderBy: '--name' }, '"orderBy"'],
    [{ search: '' }, '"search"'],
    [{ search: 'x'.repeat(256) }, '"search"'],
    [{ search: 'a\0' }, '"search"'],
    [{ status: 'asleep' }, 'it is "asleep"'],
    [{ kinds: 7 }, '"kinds"'],
    [{ schema: 'acme' }, 'does not know "schema"'],
  ])('refuses %j', async (options, message) => {
    const { tenants } = registryForTest(url)
    await expect(tenants.list(options as never)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining(message),
    })
  })
})

describe('tenants.each', () => {
  test('iterates over every tenant once, and filters by kind', async () => {
    const { tenants } = registryForTest(url)
    const all = await Array.fromAsync(tenants.each())
    expect(schemasOf(all)).toEqual(schemasOf(await tenants.list({ limit: 1000 })))
    expect(schemasOf(await Array.fromAsync(tenants.each({ kinds: 'big' })))).toEqual(['acme_1'])
  })

  test('queries no further page when its caller leaves the loop, and all pages when it does not', async () => {
    const { tenants, catalog, database } = registryForTest(url)
    await catalog.query({
      text: `insert into partywall.tenants (schema, name) select 'page_' || number, 'x' from generate_series(1, 1000) as number`,
    })
    const query = vi.spyOn(database, 'query')
    let seen = 0
    for await (const _ of tenants.each()) if (++seen === 5) break
    expect(seen).toBe(5)
    expect(query).toHaveBeenCalledTimes(1)
    expect((await Array.fromAsync(tenants.each({ search: 'page_' }))).length).toBe(1000)
    expect((await Array.fromAsync(tenants.each())).length).toBe(1000 + count + 2)
    await catalog.query({ text: `delete from partywall.tenants where schema like 'page_%'` })
  })

  test('refuses the option limit of tenants.list', async () => {
    const { tenants } = registryForTest(url)
    await expect(tenants.each({ limit: 5 } as never).next()).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  })
})

describe('domains.list', () => {
  test('returns one page of all domains by name, and all domains of one tenant with the primary one first', async () => {
    const { domains } = registryForTest(url)
    const [first] = await domains.list(undefined, { limit: 1 })
    expect(first).toMatchObject({ domain: 'acme.example.com', isPrimary: false })
    expect((await domains.list(undefined, { cursor: first })).map(({ domain }) => domain)).toEqual(['shop.acme.example.com'])
    expect((await domains.list('acme_1')).map(({ domain }) => domain)).toEqual(['shop.acme.example.com', 'acme.example.com'])
    await expect(domains.list(undefined, { limit: 0 })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
    await expect(domains.list(undefined, { cursor: 'a b' })).rejects.toMatchObject({ code: 'INVALID_DOMAIN' })
    await expect(domains.list(undefined, { cursor: null as never })).rejects.toMatchObject({ code: 'INVALID_DOMAIN' })
    await expect(domains.list('acme_1', { limit: 1 })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  })
})

describe('domains.each', () => {
  test('walks over the domains of all tenants by name', async () => {
    const { domains } = registryForTest(url)
    const all = await Array.fromAsync(domains.each())
    expect(all.map(({ domain }) => domain)).toEqual(['acme.example.com', 'shop.acme.example.com'])
  })
})
