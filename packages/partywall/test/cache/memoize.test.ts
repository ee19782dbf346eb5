import { setImmediate as turn } from 'node:timers/promises'
import { beforeEach, describe, expect, test } from 'vitest'
import { createTenantCache, type TenantCache } from '../../src/cache/cache.ts'
import { hasRedis, withoutRedis } from '../support/servers/redis.ts'
import { acme, globex, renamed, scopes, type Scopes } from './scopes.ts'
import { subjects, type OpenStore } from './subjects.ts'

test('a memoise without a tenant answers one tenant with the value of another: the trap', async () => {
  const { tenancy, run } = scopes()
  const remembered = new Map<string, string>()
  const naive = async (month: string): Promise<string> => {
    if (!remembered.has(month)) remembered.set(month, `${tenancy.current().schema} in ${month}`)
    return remembered.get(month)!
  }
  const report = createTenantCache(tenancy, new Map()).memoize(
    'report',
    async (month: string) => `${tenancy.current().schema} in ${month}`,
  )
  for (const [compute, expected] of [
    [naive, 'acme in May'],
    [report, 'globex in May'],
  ] as const) {
    await run(acme, () => compute('May'))
    expect(await run(globex, () => compute('May'))).toBe(expected)
  }
})

describe.each(subjects)('$name', ({ needsRedis, start }) => {
  describe.skipIf(needsRedis && !hasRedis())(`memoize${needsRedis ? ` (${withoutRedis} if skipped)` : ''}`, () => {
    let store: OpenStore | undefined
    let own: Scopes
    let cache: TenantCache
    let other: TenantCache
    beforeEach(async () => {
      store ??= await start()
      await store.raw.clear()
      own = scopes()
      cache = createTenantCache(own.tenancy, store.store)
      other = createTenantCache(own.tenancy, store.store)
    })

    test('computes once for each tenant, generation and arguments, in every process', async () => {
      const calls: string[] = []
      const make = (on: TenantCache) =>
        on.memoize('report', async (month: string, top = 1) => {
          calls.push(`${own.tenancy.current().schema} ${month} ${top}`)
          return { of: own.tenancy.current().schema, month }
        })
      const [here, there] = [make(cache), make(other)]
      for (const tenant of [acme, globex, renamed]) {
        for (const report of [here, there])
          expect(await own.run(tenant, () => report('May'))).toEqual({ of: tenant.schema, month: 'May' })
        await own.run(tenant, () => here('May', 2))
      }
      expect(calls).toEqual(['acme', 'globex', 'acme_ltd'].flatMap((schema) => [`${schema} May 1`, `${schema} May 2`]))
      await expect((async () => here('May'))()).rejects.toMatchObject({ code: 'NO_TENANT' })
    })

    test('calls at the same time wait for one computation, of their own tenant', async () => {
      let calls = 0
      const gate = Promise.withResolvers<void>()
      const report = cache.memoize('report', async () => {
        calls++
        await gate.promise
        return own.tenancy.current().schema
      })
      const tenants = Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? acme : globex))
      const answers = Promise.all(tenants.map((tenant) => own.run(tenant, () => report())))
      await expect.poll(() => calls).toBe(2)
      gate.resolve()
      expect(await answers).toEqual(tenants.map(({ schema }) => schema))
      expect(calls).toBe(2)
    })

    test('a computation that a flush has overtaken is neither kept nor joined by later calls', async () => {
      const gates = [Promise.withResolvers<string>(), Promise.withResolvers<string>()]
      let calls = 0
      const report = cache.memoize('report', () => gates[calls++]!.promise)
      const before = own.run(acme, () => report())
      await expect.poll(() => calls).toBe(1)
      await other.flushTenant(acme)
      const after = own.run(acme, () => report())
      await expect.poll(() => calls).toBe(2)
      gates[1]!.resolve('new')
      expect(await after).toBe('new')
      gates[0]!.resolve('old')
      expect(await before).toBe('old')
      await turn()
      expect(await own.run(acme, () => report())).toBe('new')
    })

    test('errors are not kept, and an answer is a copy', async () => {
      let calls = 0
      const report = cache.memoize('report', async () => {
        if (++calls === 1) throw new Error('the first fails')
        return { rows: [calls], none: undefined }
      })
      await expect(own.run(acme, () => report())).rejects.toThrow('the first fails')
      const first = await own.run(acme, () => report())
      first.rows.push(99)
      expect(await own.run(acme, () => report())).toEqual({ rows: [2] })
      const nothing = cache.memoize('nothing', async () => void calls++)
      expect([await own.run(acme, () => nothing()), await own.run(acme, () => nothing())]).toEqual([undefined, undefined])
      expect(calls).toBe(3)
    })
  })
})

test('while the store fails, each tenant gets what is computed for it, and nothing is kept', async () => {
  const { tenancy, run } = scopes()
  const map = new Map<string, unknown>()
  let fails = true
  const failing = {
    get: async (key: string) => (fails ? Promise.reject(new Error('no store')) : map.get(key)),
    set: async (key: string, value: unknown) => (fails ? Promise.reject(new Error('no store')) : map.set(key, value)),
    delete: async (key: string) => map.delete(key),
    clear: async () => map.clear(),
  }
  const cache = createTenantCache(tenancy, failing)
  let calls = 0
  const report = cache.memoize('report', async () => `${tenancy.current().schema} ${++calls}`)
  const [one, two, other] = await Promise.all([run(acme, () => report()), run(acme, () => report()), run(globex, () => report())])
  expect([one, two, other]).toEqual(['acme 1', 'acme 1', 'globex 2'])
  expect(await run(acme, () => report())).toBe('acme 3')
  await expect(run(acme, () => cache.get('key'))).rejects.toThrow('no store')
  await expect(run(acme, () => cache.set('key', 1))).rejects.toThrow('no store')
  await expect(run(acme, () => cache.flushTenant())).rejects.toThrow('no store')
  fails = false
  expect([await run(acme, () => report()), await run(acme, () => report())]).toEqual(['acme 4', 'acme 4'])
})

test('arguments that have no text of their own are refused, unless "key" makes one', async () => {
  const { tenancy, run } = scopes()
  const cache = createTenantCache(tenancy, new Map())
  class User {
    readonly id: number
    constructor(id: number) {
      this.id = id
    }
  }
  const byUser = cache.memoize('user', (user: User) => user.id)
  await expect(run(acme, () => byUser(new User(1)))).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
    message: expect.stringContaining('"User"'),
  })
  const byId = cache.memoize('user', (user: User) => user.id, { key: ({ id }) => id })
  expect(await run(acme, () => byId(new User(1)))).toBe(1)
  expect(await run(acme, () => byId(new User(2)))).toBe(2)
})

test('wrong calls are refused, each with what was seen', async () => {
  const { tenancy, run } = scopes()
  const cache = createTenantCache(tenancy, new Map())
  const refused = (call: () => unknown, code: string, message: RegExp): Promise<void> =>
    expect(run(acme, async () => call())).rejects.toMatchObject({ code, message: expect.stringMatching(message) })
  await refused(() => cache.memoize('a b', () => 1), 'INVALID_ARGUMENT', /"a b"/)
  await refused(() => cache.memoize('a', 1 as never), 'INVALID_ARGUMENT', /a function; it got 1/)
  await refused(() => cache.memoize('a', () => 1, { ttl: 5 } as never), 'INVALID_ARGUMENT', /"ttl". Did you mean "ttlMs"/)
  await refused(() => cache.set('a', undefined), 'INVALID_ARGUMENT', /undefined. Call delete/)
  await refused(() => cache.set('a', 1n), 'INVALID_ARGUMENT', /JSON.*BigInt/)
  await refused(() => cache.set('a', 1, { ttlMs: 0 }), 'INVALID_ARGUMENT', /"ttlMs" of set .* it is 0/)
  await refused(() => cache.get('memo:report:[]'), 'INVALID_ARGUMENT', /memo:/)
  await refused(() => cache.get(7 as never), 'INVALID_ARGUMENT', /It got 7/)
  await refused(() => cache.get('x'.repeat(1025)), 'INVALID_ARGUMENT', /1025 characters/)
  await refused(() => createTenantCache({} as never, new Map()), 'INVALID_ARGUMENT', /takes a tenancy/)
  await refused(() => createTenantCache(tenancy, {} as never), 'INVALID_ARGUMENT', /an object/)
  await refused(() => createTenantCache(tenancy, new Map(), { name: 'A:b' }), 'INVALID_OPTION', /"A:b"/)
  await refused(() => createTenantCache(tenancy, new Map(), { maxTtlMs: 1 }), 'INVALID_OPTION', /"maxTtlMs" of createTenantCache/)
})
