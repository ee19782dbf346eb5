import { describe, expect, onTestFinished, test } from 'vitest'
import { testDatabase } from '../support/servers/database.ts'
import { startPgBouncer, type PoolMode } from '../support/servers/pgbouncer.ts'
import { leftovers, meddling, probe, swap } from '../support/pools/probing.ts'

const { directUrl: url } = await testDatabase()

async function through(mode?: PoolMode): Promise<string> {
  const pooler = await startPgBouncer(url, mode)
  onTestFinished(() => pooler.stop())
  return pooler.through(url)
}

describe('tenancy.probe through PgBouncer', () => {
  test('reports it and its mode, and proves isolation on one server connection', async () => {
    const { route, isolation } = await probe(await through())
    expect(route).toEqual({ kind: 'pooler', mode: 'transaction', product: expect.stringMatching(/^PgBouncer \d/) })
    expect(isolation).toEqual({ proven: true, answers: 200 })
    expect(await leftovers(url)).toEqual([])
  })

  test('recognises session mode', async () => {
    const { route, isolation } = await probe(await through('session'))
    expect(route).toMatchObject({ kind: 'pooler', mode: 'session' })
    expect(isolation.proven).toBe(true)
  })

  test('refuses statement mode', async () => {
    const pooled = await through('statement')
    await expect(probe(pooled)).rejects.toMatchObject({ code: 'UNSAFE_SETUP', message: expect.stringContaining('pool_mode') })
    expect(await leftovers(url)).toEqual([])
  })

  test('refuses a path that is left on a session that other clients get', async () => {
    const pooled = await through()
    const meddled = await meddling(pooled, swap('end, true) is null', "end,  'f') is null"))
    await expect(probe(meddled)).rejects.toMatchObject({ code: 'UNSAFE_SETUP', message: expect.stringContaining('was left on') })
  })
})
