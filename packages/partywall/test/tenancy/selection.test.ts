/** A selection means the same tenants in all fleet work: in forEach here, for migrations in test/migrations/run. */
import { createTenancy, type ForEachOptions } from 'partywall'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { testDatabase } from '../support/servers/database.ts'

const { url } = await testDatabase()
const tenancy = createTenancy({ database: url, migrations: { tenant: { default: false, big: false }, shared: false } })
afterAll(() => tenancy.close())

beforeAll(async () => {
  for (const schema of ['a', 'b', 'c']) await tenancy.tenants.create({ schema, domains: [`${schema}.example.com`] })
  await tenancy.tenants.create({ schema: 'd', kind: 'big' })
  await tenancy.tenants.suspend('b')
  await tenancy.tenants.setMaintenance('c')
})

const entered = async (options?: ForEachOptions): Promise<string[]> =>
  (await tenancy.forEach(() => {}, options)).entries.map(({ target }) => target)

describe('forEach', () => {
  test.each<[ForEachOptions | undefined, string[]]>([
    [undefined, ['a', 'd']],
    [{ tenants: true }, ['a', 'd']],
    [{ kinds: 'big' }, ['d']],
    [{ kinds: ['big', 'default'] }, ['a', 'd']],
    [{ kinds: [] }, []],
    [{ status: 'suspended' }, ['b']],
    [{ status: ['active', 'maintenance'], kinds: 'default' }, ['a', 'c']],
    [{ tenants: 'b' }, ['b']],
    [{ tenants: ['c', { domain: 'A.example.com' }, 'a'] }, ['c', 'a']],
    [{ tenants: ['a', 'b'], status: 'active' }, ['a']],
    [{ tenants: ['a', 'd'], kinds: 'big' }, ['d']],
    [{ tenants: [] }, []],
  ])('with %j enters %j', async (options, expected) => {
    expect(await entered(options)).toEqual(expected)
  })

  test.each([
    [{ tenants: ['a', 'gone'] }, 'UNKNOWN_TENANT'],
    [{ tenants: false }, 'INVALID_TENANT_REF'],
    [{ status: 'on' }, 'INVALID_ARGUMENT'],
    [{ kinds: 5 }, 'INVALID_ARGUMENT'],
    [{ kinds: 'bgi' }, 'UNKNOWN_KIND'],
    [{ where: {} }, 'INVALID_ARGUMENT'],
    [{ onFailure: 'halt' }, 'INVALID_ARGUMENT'],
  ])('refuses %j with %s, and enters no tenant', async (options, code) => {
    let calls = 0
    await expect(tenancy.forEach(() => void calls++, options as never)).rejects.toMatchObject({ code })
    expect(calls).toBe(0)
  })

  test("with onFailure: 'stop' stops at the first failure, and reports the others as skipped", async () => {
    const report = await tenancy.forEach(
      () => {
        throw new Error('mine')
      },
      { tenants: ['a', 'b', 'd'], concurrency: 1, onFailure: 'stop' },
    )
    expect(report.entries.map(({ target, state }) => `${target} ${state}`)).toEqual(['a failed', 'b skipped', 'd skipped'])
  })
})
