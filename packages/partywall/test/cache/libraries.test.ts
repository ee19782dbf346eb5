/** What Keyv and unstorage have beside reading and writing: namespaces, bases, mounts, raw values, files. */
import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import KeyvRedis from '@keyv/redis'
import { Keyv } from 'keyv'
import { createStorage } from 'unstorage'
import fsDriver from 'unstorage/drivers/fs'
import memoryDriver from 'unstorage/drivers/memory'
import { afterAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { storedKey, tenantDriver, tenantKeyv } from '../../src/cache/cache.ts'
import { hasRedis, withoutRedis } from '../support/servers/redis.ts'
import { folderForTest } from '../support/tenants/registry.ts'
import { acme, globex, scopes } from './scopes.ts'
import { redisForFile } from './subjects.ts'

const { tenancy, run } = scopes()

describe('Keyv', () => {
  test('namespaces stay apart, also for a clear and a list, and many keys at once are one tenant’s', async () => {
    const map = new Map<string, unknown>()
    const open = (namespace?: string): Keyv =>
      new Keyv({ store: tenantKeyv(tenancy, map), ...(namespace !== undefined && { namespace }) })
    const [a, b, none] = [open('a'), open('a:b'), new Keyv({ store: tenantKeyv(tenancy, map), useKeyPrefix: false })]
    // A namespace that is left to the store.
    const bare = new Keyv({ store: tenantKeyv(tenancy, map), namespace: 'c', useKeyPrefix: false })
    for (const tenant of [acme, globex]) {
      await run(tenant, async () => {
        await a.setMany([1, 2].map((each) => ({ key: `k${each}`, value: `${tenant.schema} a ${each}` })))
        await b.set('k1', `${tenant.schema} b`)
        await none.set('k1', `${tenant.schema} none`)
      })
    }
    await run(acme, async () => {
      expect(await a.getMany(['k1', 'k2', 'k3'])).toEqual(['acme a 1', 'acme a 2', undefined])
      expect(await a.hasMany(['k1', 'k3'])).toEqual([true, false])
      await b.clear()
      expect(await b.get('k1')).toBeUndefined()
      await bare.set('k1', 'acme bare')
      await bare.clear()
      expect(await bare.get('k1')).toBeUndefined()
      expect(await a.get('k1')).toBe('acme a 1')
      expect(await a.delete(['k1', 'k2'])).toBe(true)
      expect(await none.get('k1')).toBe('acme none')
    })
    expect(await run(globex, () => Promise.all([a.get('k2'), b.get('k1'), none.get('k1')]))).toEqual([
      'globex a 2',
      'globex b',
      'globex none',
    ])
  })

  test('a value has the time that Keyv gives it, and may be no text', async () => {
    const store = tenantKeyv(tenancy, new Map())
    const cache = new Keyv({ store, ttl: 60_000 })
    await run(acme, () => cache.set('key', { deep: [1] }))
    expect(await run(acme, () => cache.get('key'))).toEqual({ deep: [1] })
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 60_001 })
    onTestFinished(() => void vi.useRealTimers())
    expect(await run(acme, () => cache.get('key'))).toBeUndefined()
    const plain = new Keyv({ store, serialize: undefined, deserialize: undefined } as never)
    const value = { when: new Date(0) }
    await run(acme, () => plain.set('object', value))
    expect(await run(acme, () => plain.get('object'))).toBe(value)
    expect(await run(globex, () => plain.get('object'))).toBeUndefined()
  })

  test.skipIf(!hasRedis())(
    `a list on Redis has keys with "::", and reads no value of others (${withoutRedis} if skipped)`,
    async () => {
      const { url, raw } = await redisForFile()
      const inner = new KeyvRedis(url)
      afterAll(() => inner.disconnect(true))
      const cache = new Keyv({ store: tenantKeyv(tenancy, inner), namespace: 'n' })
      await raw.lpush('a list of another program', 'x')
      for (const tenant of [acme, globex])
        await run(tenant, () => Promise.all(['a::b', 'c'].map((key) => cache.set(key, tenant.schema))))
      const entries = await run(acme, async () => Array.fromAsync(cache.iterator!(undefined)))
      expect(entries.toSorted()).toEqual([
        ['a::b', 'acme'],
        ['c', 'acme'],
      ])
    },
  )

  test('a store that cannot list its keys forgets by the flush, and refuses to list', async () => {
    const map = new Map<string, unknown>()
    const { get, set, delete: remove, clear } = { ...methodsOf(map) }
    const store = tenantKeyv(tenancy, { get, set, delete: remove, clear })
    const cache = new Keyv({ store, useKeyPrefix: false, throwOnErrors: true })
    await run(acme, () => cache.set('key', 'value'))
    expect(() => run(acme, () => store.iterator())).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
    await run(acme, () => store.flushTenant())
    expect(await run(acme, () => cache.get('key'))).toBeUndefined()
    await run(acme, () => cache.set('key', 'value'))
    await store.forgetTenant(acme)
    expect(await run(acme, () => cache.get('key'))).toBeUndefined()
  })

  test('a flush that the store has not kept is an error', async () => {
    const map = new Map<string, unknown>()
    const store = tenantKeyv(tenancy, { ...methodsOf(map), set: () => undefined })
    await expect(run(acme, () => store.flushTenant())).rejects.toThrow(/has not kept the new flush token/)
  })

  test.skipIf(!hasRedis())(`a read that fails forgets nothing (${withoutRedis} if skipped)`, async () => {
    const { url, raw } = await redisForFile()
    const inner = new KeyvRedis(url)
    inner.on('error', () => {})
    afterAll(() => inner.disconnect(true))
    const cache = new Keyv({ store: tenantKeyv(tenancy, inner) })
    await run(acme, () => cache.set('key', 'value'))
    const token = (await raw.keys('*')).find((key) => key.endsWith(':flush'))!
    const before = await raw.get(token)
    const failing = vi.spyOn(inner.client as { sendCommand(args: string[]): Promise<unknown> }, 'sendCommand')
    failing.mockRejectedValue(new Error('too busy'))
    expect(await run(acme, () => Promise.all([cache.get('key'), cache.getMany(['key'])]))).toEqual([undefined, [undefined]])
    failing.mockRestore()
    expect(await raw.get(token)).toBe(before)
    expect(await run(acme, () => cache.get('key'))).toBe('value')
  })

  test('a Keyv in the place of its store is refused', () => {
    expect(() => tenantKeyv(tenancy, new Keyv() as never)).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', message: expect.stringContaining('it got a Keyv') }),
    )
    expect(() => tenantKeyv(tenancy, {} as never)).toThrow(/it got an object/)
  })
})

describe('unstorage', () => {
  test('bases, mounts, meta and raw values are those of the tenant', async () => {
    const plain = memoryDriver()
    const inner = memoryDriver()
    const driver = tenantDriver(tenancy, inner as never)
    const storage = createStorage({ driver: plain }).mount('cache', driver)
    for (const tenant of [acme, globex]) {
      await run(tenant, async () => {
        await storage.setItem('cache:a:1', { of: tenant.schema })
        await storage.setItem('cache:ab:1', tenant.schema)
        await storage.setItemRaw('cache:bytes', Buffer.from([0, 255, tenant.schema.length]))
        await storage.setMeta('cache:a:1', { of: tenant.schema })
        await storage.setItems([{ key: 'cache:many:1', value: tenant.schema }])
      })
    }
    await run(acme, async () => {
      expect(await storage.getItem('cache:a:1')).toEqual({ of: 'acme' })
      expect(await storage.getItemRaw('cache:bytes')).toEqual(Buffer.from([0, 255, 4]))
      expect(await storage.getMeta('cache:a:1')).toMatchObject({ of: 'acme' })
      expect(await storage.getItems(['cache:many:1', 'cache:none'])).toEqual([
        { key: 'cache:many:1', value: 'acme' },
        { key: 'cache:none', value: null },
      ])
      expect((await storage.getKeys('cache:a')).toSorted()).toEqual(['cache:a:1'])
      // unstorage clears no part of a mount; its driver does.
      await driver.clear('a:')
      expect(await storage.hasItem('cache:a:1')).toBe(false)
      expect(await storage.hasItem('cache:ab:1')).toBe(true)
    })
    expect(await run(globex, () => storage.getItem('cache:a:1'))).toEqual({ of: 'globex' })
    await run(acme, () => storage.clear('cache'))
    expect(await run(acme, () => storage.getKeys('cache'))).toEqual([])
    expect((await run(globex, () => storage.getKeys('cache'))).length).toBe(4)
    expect((plain.getInstance!() as Map<string, unknown>).size).toBe(0)
    expect(
      [...(inner.getInstance!() as Map<string, unknown>).keys()].filter(
        (key) => !key.endsWith(':flush') && storedKey(key) === undefined,
      ),
    ).toEqual([])
    // What is mounted beside it has no tenant: that is the application's choice.
    await storage.setItem('elsewhere', 1)
    expect(await storage.getItem('elsewhere')).toBe(1)
  })

  test('nothing can be watched, and no listener hears the keys of a tenant', async () => {
    const storage = createStorage({ driver: tenantDriver(tenancy, memoryDriver() as never) })
    const heard: string[] = []
    const listen = (): Promise<unknown> => run(globex, () => storage.watch((_, key) => void heard.push(key)))
    await expect(listen()).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
    await listen().catch(() => {})
    await run(acme, () => storage.setItem('secret name', 1))
    expect(heard).toEqual([])
  })

  test('a driver for files keeps each tenant in its folder; paths that lead out are refused', async () => {
    const base = await folderForTest({ 'outside.txt': 'outside' })
    await mkdir(join(base, 'cache'))
    const driver = tenantDriver(tenancy, fsDriver({ base: join(base, 'cache') }) as never)
    const storage = createStorage({ driver })
    for (const tenant of [acme, globex]) await run(tenant, () => storage.setItem('report:7', tenant.schema))
    expect(await run(acme, () => storage.getItem('report:7'))).toBe('acme')
    expect(await run(acme, () => storage.getKeys())).toEqual(['report:7'])
    const ways = ['../../outside.txt', '..:..:outside.txt', 'a/../../b', String.raw`..\..\outside.txt`, '..', '.', 'a:..', '']
    for (const key of ways) {
      await expect(run(acme, async () => driver.getItem(key))).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
      await expect(run(acme, async () => driver.setItem(key, 'x'))).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
      await expect(run(acme, async () => driver.removeItem(key))).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
    }
    await expect(run(acme, async () => driver.getItem('a\0b'))).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
    await expect(run(acme, async () => driver.clear('..'))).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
    await run(acme, () => storage.clear())
    await run(acme, () => driver.forgetTenant(acme))
    expect(await run(globex, () => storage.getItem('report:7'))).toBe('globex')
    expect(await readdir(base)).toEqual(['cache', 'outside.txt'])
  })

  test('a storage in the place of its driver is refused, and so is one that cannot write', () => {
    expect(() => tenantDriver(tenancy, createStorage() as never)).toThrow(/it got a storage/)
    expect(() => tenantDriver(tenancy, { ...memoryDriver(), setItem: undefined } as never)).toThrow(
      /that can write and remove; it got an object/,
    )
  })
})

test('a key in a store tells whose it is', () => {
  const id = acme.id
  expect(storedKey(`partywall:cache:{${id}}:12:a:b`)).toEqual({ name: 'cache', tenantId: id, generation: 12, key: 'a:b' })
  expect(storedKey(`partywall:redis:{${id}}:lasting:`)).toEqual({ name: 'redis', tenantId: id, generation: undefined, key: '' })
  expect(storedKey('partywall:cache:{shared}:0:a\nb')).toMatchObject({ tenantId: 'shared', key: 'a\nb' })
  for (const other of [
    'a',
    '',
    `partywall:cache:{${id}}:flush`,
    `x:partywall:cache:{${id}}:1:a`,
    `partywall:cache:{${id}x}:1:a`,
    `partywall:c:d:{${id}}:1:a`,
  ]) {
    expect(storedKey(other)).toBeUndefined()
  }
})

function methodsOf(map: Map<string, unknown>) {
  return {
    get: (key: string) => map.get(key),
    set: (key: string, value: unknown): unknown => map.set(key, value),
    delete: (key: string) => map.delete(key),
    clear: () => map.clear(),
  }
}
