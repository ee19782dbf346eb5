/** What every cache promises, whatever keeps its values. */
import diagnostics from 'node:diagnostics_channel'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { storedKey } from '../../src/cache/cache.ts'
import { acme, globex, renamed, scopes, type Scopes } from './scopes.ts'
import { hasRedis, withoutRedis } from '../support/servers/redis.ts'
import type { CacheLike, OpenStore, RawStore, Subject } from './subjects.ts'

/** Two caches on one store, as in two processes. */
interface World extends Scopes {
  readonly cache: CacheLike
  readonly other: CacheLike
  readonly raw: RawStore
}

export function cacheContract(subject: Subject): void {
  const skips = subject.needsRedis && !hasRedis()
  describe.skipIf(skips)(`${subject.name}${subject.needsRedis ? ` (${withoutRedis} if skipped)` : ''}`, () => {
    const world = worldOf(subject)
    test.each(Object.entries(promises))('%s', async (_, holds) => holds(await world()))
  })
}

/** Tries the contract itself: a cache that is known to be wrong must break these promises. */
export function expectBroken(subject: Subject, broken: readonly (keyof typeof promises)[]): void {
  // oxlint-disable-next-line vitest/valid-title -- the name of the subject
  describe(subject.name, () => {
    const world = worldOf(subject)
    test.each(broken)('breaks: %s', async (name) => {
      await expect(promises[name](await world())).rejects.toThrow(/expected|instead of rejecting/)
    })
  })
}

function worldOf(subject: Subject): () => Promise<World> {
  let store: OpenStore
  beforeAll(async () => {
    store = await subject.start()
  })
  beforeEach(() => store.raw.clear())
  return async () => {
    const own = scopes()
    return { ...own, raw: store.raw, cache: await store.open(own.tenancy), other: await store.open(own.tenancy) }
  }
}

/** Keys that a careless cache would join, split, or take for a pattern or a path. */
const strange = [
  'a:b',
  'a::b',
  ':',
  'a:',
  'views:a',
  '*',
  '?',
  '[a]',
  '{x}',
  '}:1:',
  'flush',
  '../x',
  '..',
  '/etc/passwd',
  'a\0b',
  'a b',
  'ä',
  'x'.repeat(2000),
]

const promises = {
  async 'each tenant reads its own value under one key, with 40 at once'({ run, cache }: World) {
    await Promise.all([acme, globex].map((tenant) => run(tenant, () => cache.set('key', tenant.schema))))
    const tenants = Array.from({ length: 40 }, (_, index) => (index % 2 === 0 ? acme : globex))
    const read = await Promise.all(tenants.map((tenant) => run(tenant, () => cache.get('key'))))
    expect(read).toEqual(tenants.map(({ schema }) => schema))
    await run(acme, () => cache.delete('key'))
    expect(await run(acme, () => cache.get('key'))).toBeUndefined()
    expect(await run(globex, () => cache.get('key'))).toBe('globex')
  },

  async 'without a tenant nothing is read, written or removed'({ run, runShared, cache, raw }: World) {
    await run(acme, () => cache.set('key', 'value'))
    const before = await raw.keys()
    const calls = [
      () => cache.get('key'),
      () => cache.set('key', 'x'),
      () => cache.delete('key'),
      () => cache.keys(),
      () => cache.clear(),
      () => cache.flushTenant(),
    ]
    for (const call of calls) {
      await expect((async () => call())()).rejects.toMatchObject({ code: 'NO_TENANT', details: { scope: 'none' } })
      await expect(runShared(async () => call())).rejects.toMatchObject({ code: 'NO_TENANT', details: { scope: 'shared' } })
    }
    expect(await raw.keys()).toEqual(before)
    expect(await run(acme, () => cache.get('key'))).toBe('value')
  },

  async 'a key with separators, signs of patterns and paths stays in its tenant'({ run, cache, raw }: World) {
    await run(globex, () => cache.set('mine', 'globex'))
    const before = await contents(raw)
    const others = (await raw.keys()).flatMap((key) => [key, key.replaceAll(':', '/'), `../../${key}`, `:${key}`])
    for (const key of [...strange, ...others]) {
      // A library may refuse the key. What it takes it gives back, and to this tenant alone.
      const isKept = await run(acme, () => cache.set(key, 'acme')).then(
        () => true,
        () => false,
      )
      if (isKept) expect({ key, value: await run(acme, () => cache.get(key)) }).toEqual({ key, value: 'acme' })
      expect({ key, value: await run(globex, async () => cache.get(key)).catch(() => undefined) }).toEqual({
        key,
        value: undefined,
      })
    }
    const after = await contents(raw)
    for (const [key, value] of before) expect(after.get(key)).toEqual(value)
    const owners = [...after.keys()].filter((key) => !key.endsWith('}:flush')).map((key) => storedKey(key)?.tenantId)
    expect(new Set(owners)).toEqual(new Set([acme.id, globex.id]))
  },

  async 'another generation of a tenant reads nothing of the one before, nor the other way'({ run, cache }: World) {
    await run(acme, () => cache.set('key', 'before'))
    expect(await run(renamed, () => cache.get('key'))).toBeUndefined()
    await run(renamed, () => cache.set('other', 'after'))
    expect(await run(acme, () => cache.get('other'))).toBeUndefined()
    expect(await run(acme, () => cache.get('key'))).toBe('before')
  },

  async 'a list and a clear are those of the current tenant'({ run, cache }: World) {
    await run(acme, () => Promise.all(['a', 'b'].map((key) => cache.set(key, 'acme'))))
    await run(globex, () => Promise.all(['b', 'c'].map((key) => cache.set(key, 'globex'))))
    await cache.shared.set('d', 'shared')
    expect((await run(acme, () => cache.keys())).toSorted()).toEqual(['a', 'b'])
    await run(acme, () => cache.clear())
    expect(await run(acme, () => cache.keys())).toEqual([])
    expect(await run(acme, () => cache.get('b'))).toBeUndefined()
    expect((await run(globex, () => cache.keys())).toSorted()).toEqual(['b', 'c'])
    expect(await run(globex, () => cache.get('b'))).toBe('globex')
    expect(await cache.shared.get('d')).toBe('shared')
  },

  async 'a flush is seen by every process at once, and by no other tenant'({ run, cache, other }: World) {
    for (const tenant of [acme, globex]) await run(tenant, () => cache.set('key', tenant.schema))
    expect(await run(acme, () => other.get('key'))).toBe('acme')
    await run(acme, () => cache.flushTenant())
    for (const each of [other, cache]) expect(await run(acme, () => each.get('key'))).toBeUndefined()
    expect(await run(acme, () => other.keys())).toEqual([])
    expect(await run(globex, () => other.get('key'))).toBe('globex')
    await run(acme, () => other.set('key', 'new'))
    expect(await run(acme, () => cache.get('key'))).toBe('new')
    await cache.flushTenant({ id: globex.id })
    expect(await run(globex, () => other.get('key'))).toBeUndefined()
  },

  async 'a value that was computed before a flush and written after it does not come back'({ run, cache, other }: World) {
    // The first time, and when the tenant has a token already.
    for (const key of ['first', 'second']) {
      await run(acme, async () => {
        expect(await cache.get(key)).toBeUndefined()
        await other.flushTenant()
        // Another request of the same process has seen the flush in between.
        await run({ ...acme }, () => cache.get('something else'))
        await cache.set(key, 'computed before')
      })
      expect(await run(acme, () => cache.get(key))).toBeUndefined()
      expect(await run(acme, () => other.get(key))).toBeUndefined()
    }
    await run(acme, async () => {
      await cache.get('third')
      await cache.set('third', 'computed after')
    })
    expect(await run(acme, () => other.get('third'))).toBe('computed after')
  },

  async 'a value of another tenant or generation that was put under a key is not read'({ run, cache, raw }: World) {
    for (const tenant of [acme, globex, renamed]) await run(tenant, () => cache.set('key', tenant.schema))
    const all = await raw.keys()
    const of = (id: string, generation: number): string => all.find((key) => key.includes(`{${id}}:${generation}:`))!
    for (const planted of [of(globex.id, 1), of(acme.id, 7)]) {
      await raw.set(of(acme.id, 1), await raw.get(planted))
      expect(await run(acme, () => cache.get('key'))).toBeUndefined()
    }
    // Even with the token of the other tenant.
    await raw.set(
      all.find((key) => key.endsWith(`{${acme.id}}:flush`))!,
      await raw.get(all.find((key) => key.endsWith(`{${globex.id}}:flush`))!),
    )
    await raw.set(of(acme.id, 1), await raw.get(of(globex.id, 1)))
    expect(await run(acme, () => cache.get('key'))).toBeUndefined()
  },

  async 'what all tenants share is named on purpose, and is another part'({ run, cache, other }: World) {
    await run(acme, () => cache.shared.set('key', 'for all'))
    expect(await run(acme, () => cache.get('key'))).toBeUndefined()
    await run(acme, () => cache.flushTenant())
    expect(await run(globex, () => other.shared.get('key'))).toBe('for all')
    expect(await other.shared.get('key')).toBe('for all')
  },

  async 'where the token is lost, no value from before comes back'({ run, cache, other, raw }: World) {
    await run(acme, () => cache.set('key', 'old'))
    const token = (await raw.keys()).find((key) => key.endsWith(':flush'))!
    await run(acme, () => cache.flushTenant())
    await raw.delete(token)
    expect(await run(acme, () => other.get('key'))).toBeUndefined()
    await run(acme, () => other.set('key', 'new'))
    expect(await run(acme, () => other.get('key'))).toBe('new')
  },

  async 'forgetTenant leaves nothing of a tenant, of any generation'({ run, cache, raw }: World) {
    for (const tenant of [acme, renamed, globex]) await run(tenant, () => cache.set('key', tenant.schema))
    await cache.forgetTenant(acme)
    expect((await raw.keys()).filter((key) => key.includes(acme.id))).toEqual([])
    expect(await run(globex, () => cache.get('key'))).toBe('globex')
    for (const wrong of [undefined, 'acme', { id: '*' }, { id: '' }, { id: `${acme.id}*` }]) {
      await expect(cache.forgetTenant(wrong as never)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
    }
  },

  async 'each value has an end in a store that knows one'({ run, cache, raw }: World) {
    await run(acme, () => Promise.all([cache.set('short', 1, 60_000), cache.set('none', 1), cache.set('long', 1, 900_000_000)]))
    const ttls = await Promise.all(
      (await raw.keys()).map(async (key) => [storedKey(key)?.key.split(':').at(-1), await raw.ttl?.(key)] as const),
    )
    for (const [key, ttl] of ttls) {
      if (ttl === undefined || key === undefined) continue
      expect(ttl).toBeGreaterThan(0)
      expect(ttl).toBeLessThanOrEqual(key === 'short' ? 60_000 : 86_400_000)
    }
  },

  async 'hits and misses are told with their tenant'({ run, cache }: World) {
    const told: unknown[] = []
    const listener = (message: unknown): void => void told.push(message)
    diagnostics.subscribe('partywall:cache', listener)
    try {
      await run(acme, () => cache.get('key'))
      await run(acme, () => cache.set('key', 'value'))
      await run(acme, () => cache.get('key'))
      await cache.shared.get('key')
    } finally {
      diagnostics.unsubscribe('partywall:cache', listener)
    }
    expect(told).toEqual([
      { tenant: acme.id, hit: false },
      { tenant: acme.id, hit: true },
      { tenant: 'shared', hit: false },
    ])
  },
}

async function contents(raw: RawStore): Promise<Map<string, unknown>> {
  return new Map(await Promise.all((await raw.keys()).map(async (key) => [key, await raw.get(key)] as const)))
}
