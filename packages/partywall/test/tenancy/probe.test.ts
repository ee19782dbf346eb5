import { describe, expect, onTestFinished, test } from 'vitest'
import { testDatabase } from '../support/servers/database.ts'
import { leftovers, meddling, probe, query, swap } from '../support/pools/probing.ts'

const { directUrl: url } = await testDatabase()

describe('tenancy.probe', () => {
  test('reports a direct route, proves isolation, and leaves nothing behind', async () => {
    const result = await probe(url)
    expect(result.route).toEqual({ kind: 'direct' })
    expect(result.isolation).toEqual({ proven: true, answers: 200 })
    expect(result.server.version).toMatch(/^1[4-9]\.\d+$/)
    expect(await leftovers(url)).toEqual([])
  })

  test('reports what it could not try with a role that may not create schemas', async () => {
    const role = `probe_${Date.now()}`
    await query(url, `create role ${role} login password 'p'`)
    onTestFinished(async () => void (await query(url, `drop owned by ${role}; drop role ${role}`)))
    const asRole = new URL(url)
    Object.assign(asRole, { username: role, password: 'p' })
    const { isolation } = await probe(asRole.href)
    expect(isolation).toMatchObject({ proven: false, reason: expect.stringContaining('may not create schemas') })
  })

  test('refuses a proxy that loses the search path of a statement', async () => {
    const meddled = await meddling(url, swap("set_config('search_path'", "set_config('search.path'"))
    await expect(probe(meddled)).rejects.toMatchObject({
      code: 'UNSAFE_SETUP',
      message: expect.stringContaining('without the path'),
    })
    expect(await leftovers(url)).toEqual([])
  })

  test('refuses a proxy that answers with the rows of another schema', async () => {
    const meddled = await meddling(url, swap('select owner from probe', "select 'x' as owner;   "))
    await expect(probe(meddled)).rejects.toMatchObject({
      code: 'UNSAFE_SETUP',
      message: expect.stringContaining('rows of another'),
    })
  })

  test('refuses a proxy that runs a statement although its binding failed', async () => {
    const meddled = await meddling(url, swap('_missing"', '_a"      '))
    await expect(probe(meddled)).rejects.toMatchObject({ code: 'UNSAFE_SETUP', message: expect.stringContaining('had failed') })
  })
})
