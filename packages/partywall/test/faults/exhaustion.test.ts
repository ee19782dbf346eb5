import { setTimeout as sleep } from 'node:timers/promises'
import type { PoolClient } from 'pg'
import { describe, expect, test } from 'vitest'
import { comesToRest, within } from '../support/pools/rest.ts'
import { twoTenants } from '../support/tenants/two-tenants.ts'

const tenants = await twoTenants()
const { a, b, scope, makePool } = tenants

const owner = 'select owner from items where id = 1'
const limited = { max: 2, connectionTimeoutMillis: 150 }

describe('a pool that stays exhausted', () => {
  test.each([
    ['pool.query', () => (pool: ReturnType<typeof makePool>) => pool.query(owner)],
    ['pool.connect', () => (pool: ReturnType<typeof makePool>) => pool.connect()],
  ])('rejects all callers of %s that wait longer than the limit, and forgets them', async (_, how) => {
    const pool = makePool({ ...limited, connectionTimeoutMillis: 5000 })
    const held = await holdAll(pool)
    // Only now, because opening a connection may take longer on a busy machine.
    pool.options.connectionTimeoutMillis = limited.connectionTimeoutMillis
    const started = performance.now()
    const waiting = Array.from({ length: 20 }, (__, index) =>
      scope.run([a, b][index % 2]!, () => how()(pool) as Promise<unknown>),
    )
    const answers = await within(5000, Promise.allSettled(waiting))
    expect(performance.now() - started).toBeLessThan(1500)
    for (const answer of answers) {
      expect(answer).toMatchObject({
        status: 'rejected',
        reason: {
          code: 'POOL_EXHAUSTED',
          details: { max: 2, connectionTimeoutMillis: 150 },
          message: expect.stringContaining('exhaustion.test.ts'),
        },
      })
    }
    expect(pool.waitingCount).toBe(0)
    for (const client of held) client.release()
    await comesToRest(pool, tenants)
  })

  test('serves the callers whose turn comes within the limit, in their order', async () => {
    const pool = makePool({ ...limited, connectionTimeoutMillis: 5000 })
    const held = await holdAll(pool)
    const order: number[] = []
    const waiting = Array.from({ length: 10 }, (_, index) =>
      scope.run([a, b][index % 2]!, async () => {
        const { rows } = await pool.query(owner)
        order.push(index)
        return rows
      }),
    )
    await sleep(50)
    held[0]!.release()
    const answers = await within(5000, Promise.all(waiting))
    answers.forEach((rows, index) => expect(rows).toEqual([{ owner: [a, b][index % 2]!.schema }]))
    expect(order).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    held[1]!.release()
    await comesToRest(pool, tenants)
  })

  test('loses no connection to a caller that gave up just when it was its turn', async () => {
    const pool = makePool({ ...limited, connectionTimeoutMillis: 5000 })
    for (let round = 0; round < 30; round++) {
      const held = await holdAll(pool)
      pool.options.connectionTimeoutMillis = 20
      const waiting = [a, b, a, b].map((tenant) => scope.run(tenant, () => pool.query(owner)))
      const settled = Promise.allSettled(waiting)
      await sleep(15 + (round % 10))
      for (const client of held) client.release(round % 3 === 0)
      for (const answer of await within(5000, settled)) {
        if (answer.status === 'rejected') expect(answer.reason.message).toMatch(/stayed busy|timeout/)
      }
      await expect.poll(() => pool.totalCount - pool.idleCount, { timeout: 1000, interval: 5 }).toBe(0)
      pool.options.connectionTimeoutMillis = 5000
      await comesToRest(pool, tenants)
    }
  })
})

describe('a caller that forgets to release', () => {
  test('is named in a warning with the stack of its checkout, and in the errors of the callers that wait', async () => {
    const pool = makePool({ ...limited, warnWhenHeldMs: 40 } as object)
    const warnings: Error[] = []
    const hear = (warning: Error & { code?: string }): void =>
      void (warning.code === 'PARTYWALL_HELD_CLIENT' && warnings.push(warning))
    process.on('warning', hear)
    const forgotten = await scope.run(a, () => forgetsToRelease(pool))
    const other = await scope.run(b, () => pool.connect())
    await expect(scope.run(a, () => pool.query(owner))).rejects.toMatchObject({
      code: 'POOL_EXHAUSTED',
      message: expect.stringMatching(/held longest was checked out [\d.]+ s ago at .*forgetsToRelease/),
    })
    other.release()
    process.off('warning', hear)
    // One warning for each client that is held, however long it takes.
    expect(warnings.map(({ message }) => message.split('\n')[0])).toEqual([
      'A client of tenant "tenant_a" was not released after 0.04 s. It was checked out here:',
      'A client of tenant "tenant_b" was not released after 0.04 s. It was checked out here:',
    ])
    expect(warnings[0]!.message).toMatch(/at .*forgetsToRelease .*exhaustion\.test\.ts:\d+/)
    // The other callers use the remaining connection.
    for (const tenant of [a, b, a])
      expect((await scope.run(tenant, () => pool.query(owner))).rows).toEqual([{ owner: tenant.schema }])
    forgotten.release()
    await comesToRest(pool, tenants)
  })

  test('causes no warning when it releases in time, whatever the end of its work', async () => {
    const pool = makePool({ ...limited, warnWhenHeldMs: 40 } as object)
    const warnings: Error[] = []
    const hear = (warning: Error): void => void warnings.push(warning)
    process.on('warning', hear)
    for (const text of [owner, 'select 1 / 0', 'begin']) {
      await scope.run(a, async () => {
        const client = await pool.connect()
        await client.query(text).catch(() => {})
        client.release()
      })
    }
    await sleep(80)
    process.off('warning', hear)
    expect(warnings).toEqual([])
    await comesToRest(pool, tenants)
  })
})

async function holdAll(pool: ReturnType<typeof makePool>): Promise<PoolClient[]> {
  return Promise.all([a, b].map((tenant) => scope.run(tenant, () => pool.connect())))
}

async function forgetsToRelease(pool: ReturnType<typeof makePool>): Promise<PoolClient> {
  return pool.connect()
}
