/** Redis is killed and started again while tenants read and write: errors or misses, and never the value of another tenant. */
import { describe, expect, test } from 'vitest'
import { hasRedis, withoutRedis } from '../support/servers/redis.ts'
import { acme, globex, scopes } from './scopes.ts'
import { redisForFile, subjects } from './subjects.ts'

const onRedis = subjects.filter(({ needsRedis }) => needsRedis)

describe.skipIf(!hasRedis())(`Redis restarts under load (${withoutRedis} if skipped)`, () => {
  test('with its data, and without', async () => {
    const { server } = await redisForFile()
    const { tenancy, run } = scopes()
    const caches = await Promise.all(
      onRedis.map(async ({ name, start }) => ({ name, cache: await (await start()).open(tenancy) })),
    )
    const over = new AbortController()
    const read = { hits: 0, misses: 0, errors: 0 }
    const wrong: unknown[] = []
    const load = caches.flatMap(({ name, cache }) =>
      [acme, globex].map((tenant) =>
        run(tenant, async () => {
          for (let round = 0; !over.signal.aborted; round++) {
            const key = `key ${round % 5}`
            try {
              const value = await within(cache.get(key))
              if (value === undefined) {
                read.misses++
                await within(cache.set(key, `${tenant.schema} ${key}`))
              } else {
                read.hits++
                if (value !== `${tenant.schema} ${key}`) wrong.push({ name, tenant: tenant.schema, key, value })
              }
            } catch {
              read.errors++
            }
          }
        }),
      ),
    )
    const more = async (): Promise<void> => {
      const { hits } = read
      await expect.poll(() => read.hits - hits, { timeout: 20_000 }).toBeGreaterThan(200)
    }
    await more()
    await server.restart()
    await more()
    await server.restart({ loseData: true })
    await more()
    for (const { cache } of caches) {
      for (const tenant of [acme, globex]) {
        await expect
          .poll(
            () => run(tenant, () => cache.set('after', tenant.schema).then(() => cache.get('after'))).catch(() => undefined),
            { timeout: 20_000 },
          )
          .toBe(tenant.schema)
      }
    }
    over.abort()
    await Promise.all(load)
    expect(wrong).toEqual([])
    expect(read.misses).toBeGreaterThan(0)
  })
})

/** A library may wait for its server as long as it likes; the load does not. */
function within<T>(work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error('too late')), 500)
  return Promise.race([work, promise]).finally(() => clearTimeout(timer))
}
