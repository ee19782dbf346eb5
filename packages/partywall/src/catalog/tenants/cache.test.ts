import { describe, expect, test } from 'vitest'
import type { Tenant } from '../../types.ts'
import { TenantCache } from './cache.ts'

describe('TenantCache', () => {
  test('looks a tenant up once, and again when ttlMs has passed', async () => {
    const { cache, clock, asked, ask } = cacheWith()
    await ask('schema acme')
    clock.now = 999
    await ask('schema acme')
    expect(asked).toEqual(['schema acme'])
    clock.now = 1000
    await ask('schema acme')
    expect(asked).toHaveLength(2)
    expect(cache).toBeDefined()
  })

  test('caches a tenant by id and by schema, by whichever key it was found', async () => {
    const { asked, ask } = cacheWith()
    const tenant = await ask('domain acme')
    expect(await ask('id acme')).toBe(tenant)
    expect(await ask('schema acme')).toBe(tenant)
    expect(asked).toEqual(['domain acme'])
  })

  test('shares one lookup between concurrent callers', async () => {
    const { asked, ask } = cacheWith()
    const answers = await Promise.all(Array.from({ length: 50 }, () => ask('schema acme')))
    expect(asked).toHaveLength(1)
    expect(new Set(answers).size).toBe(1)
  })

  test('caches that a tenant does not exist', async () => {
    const { asked, ask } = cacheWith()
    expect(await ask('schema none')).toBeUndefined()
    expect(await ask('schema none')).toBeUndefined()
    expect(asked).toHaveLength(1)
  })

  test('does not cache a failed lookup', async () => {
    const { cache, ask } = cacheWith()
    const failing = cache.get('schema acme', () => Promise.reject(new Error('down')))
    const joined = ask('schema acme')
    await expect(failing).rejects.toThrow('down')
    await expect(joined).rejects.toThrow('down')
    expect(await ask('schema acme')).toMatchObject({ id: 'acme' })
  })

  test('keeps existing tenants when many made-up names are looked up', async () => {
    const { asked, ask } = cacheWith({ maxMissing: 10 })
    await ask('schema acme')
    for (let number = 0; number < 100; number++) await ask(`schema none${number}`)
    asked.length = 0
    await ask('schema acme')
    expect(asked).toEqual([])
    await ask('schema none0')
    expect(asked).toEqual(['schema none0'])
  })

  test('evicts the least recently used tenant', async () => {
    const { asked, ask } = cacheWith({ maxFound: 10 })
    for (let number = 0; number < 20; number++) {
      await ask('schema busy')
      await ask(`schema tenant${number}`)
    }
    asked.length = 0
    await ask('schema busy')
    await ask('schema tenant19')
    expect(asked).toEqual([])
    await ask('schema tenant0')
    expect(asked).toEqual(['schema tenant0'])
  })

  test('keeps all names of 10,000 tenants with three domains each, and forgets one tenant without a look at the others', async () => {
    const { cache, asked, ask } = cacheWith()
    const names = Array.from({ length: 10_000 }, (_, number) => number).flatMap((number) =>
      ['a', 'b', 'c'].map((label) => `domain ${label} of t${number}`),
    )
    for (const name of names) await cache.get(name, async () => tenantCalled(name.split(' of ')[1]!))
    for (const name of names) await cache.get(name, () => Promise.reject(new Error(`${name} is not there`)))
    cache.forget('t7')
    asked.length = 0
    for (const name of ['domain a of t7', 'id t7', 'schema t7']) await ask(name)
    expect(asked).toEqual(['domain a of t7', 'id t7'])
    await cache.get('domain a of t8', () => Promise.reject(new Error('it is not there')))
  })

  test('a name leads to the tenant that it was looked up for last, and each name is valid for its own time', async () => {
    const { cache, clock } = cacheWith()
    const [acme, globex] = [tenantCalled('acme'), tenantCalled('globex')]
    await cache.get('domain x', async () => acme)
    clock.now = 600
    await cache.get('domain y', async () => acme)
    clock.now = 1100
    // The name x is over, although the tenant was looked up by y since: x may lead elsewhere by now.
    expect(await cache.get('domain x', async () => globex)).toBe(globex)
    expect(await cache.get('domain y', () => Promise.reject(new Error('not asked')))).toBe(acme)
    cache.forget('acme')
    expect(await cache.get('domain x', () => Promise.reject(new Error('not asked')))).toBe(globex)
  })

  test('forgets a tenant by all its keys, and every tenant that was not found', async () => {
    const { cache, asked, ask } = cacheWith()
    await ask('domain acme')
    await ask('schema other')
    await ask('schema none')
    cache.forget('acme')
    asked.length = 0
    for (const key of ['domain acme', 'schema other', 'schema none']) await ask(key)
    expect(asked).toEqual(['domain acme', 'schema none'])
  })

  test('of several names asks for those that are not cached, together, and shares that lookup between concurrent callers', async () => {
    const { cache, ask } = cacheWith()
    const asked: (readonly number[])[] = []
    const first = (...keys: string[]) =>
      cache.first(keys, async (places) => {
        asked.push(places)
        const index = places.find((place) => !keys[place]!.includes('none'))
        return index === undefined ? undefined : { tenant: tenantOf(keys[index]!.split(' ')[1]!), index }
      })
    const answers = await Promise.all(Array.from({ length: 50 }, () => first('schema none1', 'domain none2')))
    expect([new Set(answers), asked]).toEqual([new Set([undefined]), [[0, 1]]])
    expect(await first('schema none1', 'domain acme', 'domain other')).toMatchObject({ index: 1, tenant: { id: 'acme' } })
    expect(asked.at(-1)).toEqual([1, 2])
    await first('schema none1', 'domain acme')
    expect(await ask('schema acme')).toMatchObject({ id: 'acme' })
    expect(asked).toHaveLength(2)
    // What is cached behind a name that is not does not decide.
    expect(await first('schema before', 'domain acme')).toMatchObject({ index: 0, tenant: { id: 'before' } })
    expect(asked.at(-1)).toEqual([0, 1])
    // A lookup of one name that runs is another one: its answer has another form.
    expect(await Promise.all([ask('schema both'), first('schema both')])).toMatchObject([{ id: 'both' }, { index: 0 }])
  })

  test('does not cache the result of a lookup that began before a change', async () => {
    const { cache, asked, ask } = cacheWith()
    const slow = Promise.withResolvers<Tenant>()
    const before = cache.get('schema acme', () => slow.promise)
    cache.forget('acme')
    const after = ask('schema acme')
    slow.resolve(tenantOf('stale'))
    expect(await before).toMatchObject({ id: 'stale' })
    expect(await after).toMatchObject({ id: 'acme' })
    expect(await ask('schema acme')).toMatchObject({ id: 'acme' })
    expect(asked).toHaveLength(1)
  })

  test('caches what was looked up in a period until it is over, whatever ttlMs is', async () => {
    const { clock, period, asked, ask } = cacheWith()
    period.now = {}
    for (const key of ['schema acme', 'schema none']) await ask(key)
    clock.now = 1_000_000
    for (const key of ['schema acme', 'schema none']) await ask(key)
    expect(asked).toEqual(['schema acme', 'schema none'])
    period.now = undefined
    for (const key of ['schema acme', 'schema none']) await ask(key)
    expect(asked).toHaveLength(4)
  })

  test('caches a lookup that began before the period for ttlMs only, and so one of an earlier period', async () => {
    const { cache, clock, period, asked, ask } = cacheWith()
    const slow = Promise.withResolvers<Tenant>()
    const before = cache.get('schema acme', () => slow.promise)
    period.now = {}
    slow.resolve(tenantOf('acme'))
    await before
    clock.now = 1000
    await ask('schema acme')
    expect(asked).toHaveLength(1)
    period.now = {}
    clock.now = 2000
    await ask('schema acme')
    expect(asked).toHaveLength(2)
  })

  test('forgets everything, also running lookups', async () => {
    const { cache, asked, ask } = cacheWith()
    await ask('schema acme')
    await ask('schema none')
    const running = ask('schema other')
    cache.forgetAll()
    await running
    asked.length = 0
    for (const key of ['schema acme', 'schema none', 'schema other']) await ask(key)
    expect(asked).toHaveLength(3)
  })

  test('does not cache or share lookups with ttlMs 0', async () => {
    const { asked, ask } = cacheWith({ ttlMs: 0 })
    await Promise.all([ask('schema acme'), ask('schema acme')])
    expect(asked).toHaveLength(2)
  })
})

function cacheWith(options: { ttlMs?: number; maxFound?: number; maxMissing?: number } = {}) {
  const clock = { now: 0 }
  const period: { now: object | undefined } = { now: undefined }
  const cache = new TenantCache({ ttlMs: 1000, ...options, now: () => clock.now, period: () => period.now })
  const asked: string[] = []
  const ask = (key: string) =>
    cache.get(key, async () => {
      asked.push(key)
      return key.includes('none') ? undefined : tenantOf(key.split(' ')[1]!)
    })
  return { cache, clock, period, asked, ask }
}

function tenantOf(id: string): Tenant {
  return {
    id,
    schema: id,
    name: id,
    kind: 'default',
    status: 'active',
    placement: 'default',
    generation: 1,
    attributes: {},
    createdAt: new Date(0),
  }
}

function tenantCalled(name: string): Tenant {
  return { id: name, schema: name } as Tenant
}
