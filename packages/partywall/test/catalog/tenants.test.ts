import { beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { z } from 'zod'
import type { TenantRef } from '../../src/types.ts'
import { byHost } from '../../src/resolve/by-host.ts'
import { createChain } from '../../src/resolve/chain.ts'
import { testDatabase } from '../support/servers/database.ts'
import { registryForTest } from '../support/tenants/registry.ts'

let url: string
beforeAll(async () => {
  ;({ url } = await testDatabase())
})

describe('tenants.find and tenants.get', () => {
  test('find a tenant by its schema, its id, its domain and by the tenant itself', async () => {
    const { create, tenants } = registryForTest(url)
    const created = await create({
      schema: 'find_me',
      name: 'Find Me',
      domains: ['Find.Example.com'],
      attributes: { a: { b: [1] } },
    })
    for (const ref of [
      'find_me',
      created.id,
      created.id.toUpperCase(),
      'find.example.com',
      { domain: 'FIND.example.com.' },
      created,
    ]) {
      expect(await tenants.get(ref)).toEqual(created)
    }
    expect(created).toMatchObject({ schema: 'find_me', name: 'Find Me', kind: 'default', status: 'active', placement: 'default' })
    expect(created.createdAt.getTime()).toBeGreaterThan(Date.now() - 60_000)
    expect(Object.isFrozen(created) && Object.isFrozen(created.attributes) && Object.isFrozen(created.attributes.a.b)).toBe(true)
  })

  test('find returns undefined and get throws for a tenant that does not exist', async () => {
    const { tenants } = registryForTest(url)
    for (const ref of ['unknown', crypto.randomUUID(), 'unknown.example.com', { domain: 'unknown' }]) {
      expect(await tenants.find(ref)).toBeUndefined()
      await expect(tenants.get(ref)).rejects.toMatchObject({ code: 'UNKNOWN_TENANT' })
    }
  })

  test('take hostile text for an unknown tenant, without a query, as update and setStatus do', async () => {
    const { tenants, database } = registryForTest(url)
    await tenants.list()
    const query = vi.spyOn(database, 'query')
    for (const ref of ['x'.repeat(1_000_000), 'a\0b', `a"b`, `'; drop table x; --`, '../..', '\ud800', 'a b.c']) {
      expect(await tenants.find(ref)).toBeUndefined()
      await expect(tenants.update(ref, {})).rejects.toMatchObject({ code: 'UNKNOWN_TENANT' })
      await expect(tenants.setStatus(ref, 'active')).rejects.toMatchObject({ code: 'UNKNOWN_TENANT' })
    }
    expect(query).not.toHaveBeenCalled()
    await expect(tenants.find(undefined as never)).rejects.toMatchObject({ code: 'INVALID_TENANT_REF' })
  })

  test('do not name an existing tenant in the error for a similar name', async () => {
    const { create, tenants } = registryForTest(url)
    await create({ schema: 'secret_customer' })
    await expect(tenants.get('secret_custome')).rejects.toThrow(/^(?!.*secret_customer\b)/s)
  })
})

describe('tenants.list', () => {
  test('sorts by schema and filters by search, status and kind', async () => {
    const { create, tenants } = registryForTest(url, { migrations: { tenant: { default: false, trial: false } } })
    for (const schema of ['list_b', 'list_a', 'list_-']) await create({ schema, kind: schema === 'list_a' ? 'trial' : 'default' })
    await tenants.setStatus('list_b', 'suspended')
    const schemas = async (filter: object) => (await tenants.list(filter)).map(({ schema }) => schema)
    const all = ['list_-', 'list_a', 'list_b']
    expect(await schemas({ search: 'list_' })).toEqual(all)
    expect(await schemas({ search: 'list_', status: 'suspended' })).toEqual(['list_b'])
    expect(await schemas({ search: 'list_', status: ['suspended', 'active'] })).toEqual(all)
    expect(await schemas({ kinds: 'trial' })).toEqual(['list_a'])
    expect(await schemas({ kinds: [] })).toEqual([])
    expect(await schemas({ search: 'list%' })).toEqual([])
    expect((await schemas({})).length).toBeGreaterThanOrEqual(3)
  })

  test('refuses unknown options and unknown values', async () => {
    const { tenants } = registryForTest(url)
    await expect(tenants.list({ stauts: 'active' } as never)).rejects.toThrow('Did you mean "status"?')
    await expect(tenants.list({ status: 'on' as never })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
    await expect(tenants.list({ kinds: 7 as never })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  })
})

describe('changing a tenant', () => {
  const schema = z.object({ plan: z.enum(['free', 'pro']).default('free'), seats: z.number().optional() })

  test('tenants.update merges the given attributes into the stored ones and validates the result', async () => {
    const { create, tenants } = registryForTest(url, { tenant: { attributes: schema } })
    expect((await create({ schema: 'changing', attributes: { seats: 3 } })).attributes).toEqual({ plan: 'free', seats: 3 })
    expect((await tenants.update('changing', { name: 'New', attributes: { plan: 'pro' } })).name).toBe('New')
    expect(await tenants.get('changing')).toMatchObject({ name: 'New', attributes: { plan: 'pro', seats: 3 } })
    await tenants.update('changing', { attributes: { plan: undefined, seats: undefined } })
    expect((await tenants.get('changing')).attributes).toEqual({ plan: 'free' })
    await expect(tenants.update('changing', { attributes: { seats: 'many' } })).rejects.toMatchObject({
      code: 'INVALID_ATTRIBUTES',
    })
    await expect(tenants.update('changing', { attributes: null as never })).rejects.toMatchObject({ code: 'INVALID_ATTRIBUTES' })
    await expect(tenants.update('changing', { nmae: 'x' } as never)).rejects.toThrow('Did you mean "name"?')
    await expect(tenants.update('changing', { name: ' ' })).rejects.toMatchObject({ code: 'INVALID_TENANT_NAME' })
  })

  test('tenants.update loses no update of several at the same time', async () => {
    const { create, tenants } = registryForTest(url)
    await create({ schema: 'at_once' })
    await Promise.all(
      Array.from({ length: 10 }, (_, number) => tenants.update('at_once', { attributes: { [`a${number}`]: number } })),
    )
    expect(Object.keys((await tenants.get('at_once')).attributes)).toHaveLength(10)
  })

  test('attributes of every JSON type are stored and read unchanged', async () => {
    const { create, tenants } = registryForTest(url)
    const attributes = { ['__proto__']: { x: 1 }, text: '"\\\u2028😀', list: [1, 1.5, -0.001, 1e300, true, null, {}] }
    await create({ schema: 'json', attributes })
    expect(JSON.stringify((await tenants.get('json')).attributes.list)).toBe(JSON.stringify(attributes.list))
    expect((await tenants.get('json')).attributes.text).toBe(attributes.text)
    expect(Object.hasOwn((await tenants.get('json')).attributes, '__proto__')).toBe(true)
  })

  test('tenants.setStatus sets the status, and refuses an unknown status and an unknown tenant', async () => {
    const { create, tenants } = registryForTest(url)
    await create({ schema: 'status', domains: ['status.example.com'] })
    expect(await tenants.setStatus({ domain: 'status.example.com' }, 'maintenance')).toMatchObject({ status: 'maintenance' })
    await expect(tenants.setStatus('status', 'gone' as never)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
    await expect(tenants.setStatus('unknown', 'active')).rejects.toMatchObject({ code: 'UNKNOWN_TENANT' })
  })

  test('tenants and domains are read correctly with any type parsers that the application has set in pg', async () => {
    const { types } = await import('pg')
    for (const oid of [16, 114, 1184, 2950, 3802]) {
      const parser = types.getTypeParser(oid)
      types.setTypeParser(oid, (text) => `parsed ${text}`)
      onTestFinished(() => types.setTypeParser(oid, parser))
    }
    const { create, tenants, domains } = registryForTest(url)
    const created = await create({ schema: 'parsers', domains: ['parsers.example.com'], attributes: { a: 1 } })
    expect(await tenants.get('parsers')).toEqual(created)
    expect(created).toMatchObject({ attributes: { a: 1 }, createdAt: expect.any(Date) })
    expect(await domains.list('parsers')).toMatchObject([{ isPrimary: true, createdAt: expect.any(Date) }])
  })
})

describe('the cache of tenants', () => {
  test('one query finds a tenant for all concurrent callers, and for later ones', async () => {
    const { create, tenants, database } = registryForTest(url, { tenantCacheMs: 60_000 })
    await create({ schema: 'cached', domains: ['cached.example.com'] })
    const query = vi.spyOn(database, 'query')
    const found = await Promise.all(Array.from({ length: 100 }, () => tenants.get('cached.example.com')))
    await tenants.get('cached')
    expect(query).toHaveBeenCalledTimes(1)
    expect(new Set(found).size).toBe(1)
  })

  test('a burst of requests for one unknown host makes one query, also where it may be a schema or a domain', async () => {
    const { tenants, database } = registryForTest(url, { tenantCacheMs: 60_000 })
    const resolve = createChain([byHost({ base: 'example.com' })], (refs) => tenants.findFirst(refs))
    // The first query of a process also finds out whether the catalog is installed.
    await tenants.find('nothing')
    const burst = (host: string) => Promise.all(Array.from({ length: 1000 }, () => resolve({ host })))
    const query = vi.spyOn(database, 'query')
    for (const { outcome } of await burst('stranger.test')) expect(outcome).toBe('unknown')
    expect(query).toHaveBeenCalledTimes(1)
    for (const { outcome } of await burst('stranger.example.com')) expect(outcome).toBe('unknown')
    expect(query).toHaveBeenCalledTimes(2)
    await burst('stranger.test')
    expect(query).toHaveBeenCalledTimes(2)
  })

  test('the first of several names that a tenant has decides, also from the cache, and each name is asked for once', async () => {
    const { create, tenants, domains, database } = registryForTest(url, { tenantCacheMs: 60_000 })
    const first = await create({ schema: 'firstly' })
    const second = await create({ schema: 'secondly', domains: ['firstly.example.com', 'only.example.com'] })
    const find = async (...refs: TenantRef[]) => {
      const found = await tenants.findFirst(refs)
      return found && [found.tenant.schema, found.ref]
    }
    const refs = [{ schema: 'firstly' }, { domain: 'firstly.example.com' }]
    const query = vi.spyOn(database, 'query')
    expect(await find({ schema: 'Not A Schema' })).toBeUndefined()
    expect(await find(...refs.toReversed())).toEqual(['secondly', { domain: 'firstly.example.com' }])
    // The domain is cached, and the schema goes first all the same.
    expect(await find(...refs)).toEqual(['firstly', { schema: 'firstly' }])
    expect(await find({ schema: 'thirdly' }, { domain: 'only.example.com' })).toEqual([
      'secondly',
      { domain: 'only.example.com' },
    ])
    expect(query).toHaveBeenCalledTimes(3)
    expect(await find({ schema: 'thirdly' }, { domain: 'only.example.com' })).toEqual([
      'secondly',
      { domain: 'only.example.com' },
    ])
    expect(await tenants.find('thirdly')).toBeUndefined()
    expect(await find({ id: second.id }, { id: first.id })).toEqual(['secondly', { id: second.id }])
    expect(query).toHaveBeenCalledTimes(3)
    await create({ schema: 'thirdly' })
    expect(await find({ schema: 'thirdly' }, { domain: 'only.example.com' })).toEqual(['thirdly', { schema: 'thirdly' }])
    await domains.remove('secondly', 'only.example.com')
    expect(await find({ schema: 'fourthly' }, { domain: 'only.example.com' })).toBeUndefined()
  })

  test('a change through the same tenancy is visible at once, by id, schema and domain', async () => {
    const { create, tenants, domains } = registryForTest(url, { tenantCacheMs: 60_000 })
    expect(await tenants.find('fresh')).toBeUndefined()
    expect(await tenants.find('fresh.example.com')).toBeUndefined()
    const { id } = await create({ schema: 'fresh', domains: ['fresh.example.com'] })
    for (const ref of [id, 'fresh', 'fresh.example.com']) expect(await tenants.get(ref)).toMatchObject({ status: 'active' })
    await tenants.setStatus('fresh', 'suspended')
    for (const ref of [id, 'fresh', 'fresh.example.com']) expect(await tenants.get(ref)).toMatchObject({ status: 'suspended' })
    await tenants.update(id, { name: 'Other' })
    expect(await tenants.get('fresh.example.com')).toMatchObject({ name: 'Other' })
    expect(await tenants.find('second.example.com')).toBeUndefined()
    await domains.add('fresh', 'second.example.com')
    expect(await tenants.get('second.example.com')).toMatchObject({ id })
    await domains.remove('fresh', 'second.example.com')
    expect(await tenants.find('second.example.com')).toBeUndefined()
  })

  test('a change by another process is visible after tenantCacheMs', async () => {
    const here = registryForTest(url, { tenantCacheMs: 300 })
    const there = registryForTest(url)
    await here.create({ schema: 'elsewhere' })
    await here.tenants.get('elsewhere')
    await there.tenants.setStatus('elsewhere', 'suspended')
    await vi.waitFor(async () => expect(await here.tenants.get('elsewhere')).toMatchObject({ status: 'suspended' }), 2000)
  })

  test('setting a status that another process has set already drops the tenant with the earlier status', async () => {
    const here = registryForTest(url, { tenantCacheMs: 60_000 })
    const there = registryForTest(url)
    await here.create({ schema: 'set_twice' })
    expect(await here.tenants.get('set_twice')).toMatchObject({ status: 'active' })
    await there.tenants.setStatus('set_twice', 'suspended')
    expect(await here.tenants.setStatus('set_twice', 'suspended')).toMatchObject({ status: 'suspended' })
    expect(await here.tenants.get('set_twice')).toMatchObject({ status: 'suspended' })
  })

  test('a failed query is not cached: the next call queries again', async () => {
    const { create, tenants, database } = registryForTest(url, { tenantCacheMs: 60_000 })
    await create({ schema: 'again' })
    vi.spyOn(database, 'query').mockRejectedValueOnce(new Error('down'))
    await expect(tenants.get('again')).rejects.toThrow('down')
    expect(await tenants.get('again')).toMatchObject({ schema: 'again' })
  })
})
