import { beforeEach, describe, expect, test } from 'vitest'
import { assertFleetOk } from '../../../src/fleet/report.ts'
import { testDatabase } from '../../support/servers/database.ts'
import { folderForTest, registryForTest, writeFiles } from '../../support/tenants/registry.ts'
import { rowsIn, tablesIn, tenantsWithPolls } from './one-database.ts'

let url: string
beforeEach(async () => {
  ;({ url } = await testDatabase())
})

describe('migrations.run', () => {
  test('migrates the shared schema and every tenant, and then has nothing to do', async () => {
    const root = await folderForTest({ 'migrations/shared/0001_plans.sql': 'create table plans (id int)' })
    const { create, migrations } = registryForTest(url, { root })
    for (const schema of ['b', 'a']) await create({ schema })
    await writeFiles(root, { 'migrations/tenant/0001_polls.sql': 'create table polls (id int)' })
    const report = await migrations.run()
    expect(report).toMatchObject({
      ok: true,
      durationMs: expect.any(Number),
      entries: [
        { target: 'shared', state: 'done', applied: ['0001_plans'] },
        { target: 'a', state: 'done', applied: ['0001_polls'], tenantId: expect.any(String) },
        { target: 'b', state: 'done', applied: ['0001_polls'] },
      ],
    })
    expect('tenantId' in report.entries[0]!).toBe(false)
    expect(await tablesIn(url, 'public')).toEqual(['partywall_migrations', 'plans'])
    expect(await tablesIn(url, 'a')).toEqual(['partywall_migrations', 'polls'])
    expect((await migrations.run()).entries.map(({ applied }) => applied)).toEqual([[], [], []])
    assertFleetOk(report)
  })

  test('continues after a tenant that fails, and keeps nothing of the failed migrations', async () => {
    const root = await folderForTest({ 'migrations/tenant/0001_polls.sql': 'create table polls (id int)' })
    const { create, migrations } = registryForTest(url, { root })
    for (const schema of ['a', 'b', 'c']) await create({ schema })
    await rowsIn(url, 'insert into b.polls values (1), (1)')
    await writeFiles(root, {
      'migrations/tenant/0002_more.sql': 'create table more ();',
      'migrations/tenant/0003_unique.sql': '-- ä😀\ncreate table late ();\n\nalter table polls add unique (id);',
    })
    const report = await migrations.run()
    expect(report.ok).toBe(false)
    expect(report.entries.map(({ target, state }) => `${target} ${state}`)).toEqual([
      'shared done',
      'a done',
      'b failed',
      'c done',
    ])
    expect(report.entries[2]).toMatchObject({
      applied: [],
      error: {
        code: 'MIGRATION_FAILED',
        details: { name: '0003_unique', schema: 'b', sqlState: '23505' },
        cause: { code: '23505' },
      },
    })
    expect(await tablesIn(url, 'b')).toEqual(['partywall_migrations', 'polls'])
    expect(() => assertFleetOk(report)).toThrow(/1 of 4 targets failed \(b\)/)
    await rowsIn(url, 'delete from b.polls')
    expect((await migrations.run()).entries[2]).toMatchObject({ state: 'done', applied: ['0002_more', '0003_unique'] })
  })

  test('skips the tenants when the shared schema fails', async () => {
    const root = await folderForTest({
      'migrations/shared/0001_bad.sql': 'create table half ();\nselect * from nowhere',
      'migrations/tenant/0001_polls.sql': 'create table polls (id int)',
    })
    const { create, migrations } = registryForTest(url, { root })
    await create({ schema: 'a' })
    await writeFiles(root, { 'migrations/tenant/0002_more.sql': 'create table more ()' })
    const report = await migrations.run()
    expect(report.entries.map(({ state }) => state)).toEqual(['failed', 'skipped'])
    expect(await tablesIn(url, 'public')).toEqual([])
    expect(await tablesIn(url, 'a')).not.toContain('more')
    expect((await migrations.run({ tenants: true })).entries).toMatchObject([{ target: 'a', state: 'done' }])
  })

  test('migrates the selected schemas only', async () => {
    const { create, tenants, migrations } = registryForTest(url)
    for (const schema of ['a', 'b', 'old']) await create({ schema, domains: [`${schema}.example.com`] })
    await rowsIn(url, `update partywall.tenants set status = 'archived' where schema = 'old'`)
    await tenants.setStatus('b', 'suspended')
    const targets = async (options: object) => (await migrations.run(options)).entries.map(({ target }) => target)
    expect(await targets({})).toEqual(['shared', 'a', 'b'])
    expect(await targets({ shared: true })).toEqual(['shared'])
    expect(await targets({ shared: false })).toEqual(['a', 'b'])
    expect(await targets({ tenants: true })).toEqual(['a', 'b'])
    expect(await targets({ tenants: 'b' })).toEqual(['b'])
    expect(await targets({ tenants: ['old', { domain: 'a.example.com' }, 'a'] })).toEqual(['old', 'a'])
    expect(await targets({ tenants: ['a'], shared: true })).toEqual(['shared', 'a'])
    await expect(migrations.run({ tenants: ['a', 'unknown'] })).rejects.toMatchObject({ code: 'UNKNOWN_TENANT' })
    await expect(migrations.run({ tenant: 'a' } as never)).rejects.toThrow('Did you mean "tenants"?')
  })

  test('migrates up to `to`, and refuses a `to` for two folders', async () => {
    const { create, migrations, root } = await tenantsWithPolls(url, ['a'])
    await writeFiles(root, {
      'migrations/tenant/0002_b.sql': 'create table b ()',
      'migrations/tenant/0003_c.sql': 'create table c ()',
      'migrations/shared/0001_s.sql': 'create table s ()',
    })
    expect((await migrations.run({ tenants: true, to: '0002' })).entries[0]!.applied).toEqual(['0002_b'])
    await expect(migrations.run({ to: '0003_c' })).rejects.toThrow('names a migration of one folder')
    await expect(migrations.run({ tenants: true, to: '0003_d' })).rejects.toThrow('Did you mean 0003_c?')
    expect((await create({ schema: 'new' })).schema).toBe('new')
  })

  test('applies everything once when several runs overlap', async () => {
    const { root } = await tenantsWithPolls(url, ['a', 'b', 'c'])
    await writeFiles(root, {
      'migrations/tenant/0002_once.sql': 'create table once (id int); insert into once values (1); select pg_sleep(0.05)',
      'migrations/shared/0001_once.sql': 'create table once_shared (id int)',
    })
    const deploys = Array.from({ length: 4 }, () => registryForTest(url, { root }))
    const reports = await Promise.all(deploys.map(({ migrations }) => migrations.run()))
    expect(reports.map(({ ok }) => ok)).toEqual([true, true, true, true])
    const applied = reports.flatMap(({ entries }) =>
      entries.flatMap((entry) => entry.applied.map((name) => `${entry.target} ${name}`)),
    )
    expect(applied.toSorted()).toEqual(['a 0002_once', 'b 0002_once', 'c 0002_once', 'shared 0001_once'])
  })

  test('fails only the tenants whose schema or kind is missing', async () => {
    const root = await folderForTest({ 'trial/0001_t.sql': 'create table t ()' })
    const before = registryForTest(url, { root, migrations: { shared: false, tenant: { default: false, trial: 'trial' } } })
    for (const [schema, kind] of [
      ['a', 'default'],
      ['b', 'default'],
      ['c', 'trial'],
    ] as const)
      await before.create({ schema, kind })
    await rowsIn(url, 'drop schema a cascade')
    const { migrations } = registryForTest(url, { root, migrations: { shared: false, tenant: false } })
    const report = await migrations.run()
    expect(report.entries.map(({ target, state }) => `${target} ${state}`)).toEqual([
      'shared done',
      'a failed',
      'b done',
      'c failed',
    ])
    expect(report.entries[1]!.error).toMatchObject({ code: 'SCHEMA_MISSING' })
    expect(report.entries[3]!.error).toMatchObject({ code: 'UNKNOWN_KIND' })
    expect((await migrations.status()).map(({ problem }) => (problem as { code?: string } | undefined)?.code)).toEqual([
      undefined,
      'SCHEMA_MISSING',
      undefined,
      'UNKNOWN_KIND',
    ])
  })

  test('changes nothing when a folder holds a file that is no migration', async () => {
    const { migrations, root } = await tenantsWithPolls(url, ['a'])
    await writeFiles(root, { 'migrations/shared/0001_s.sql': 'create table s ()', 'migrations/tenant/notes.txt': 'x' })
    await expect(migrations.run()).rejects.toMatchObject({ code: 'INVALID_MIGRATION' })
    expect(await tablesIn(url, 'public')).toEqual([])
  })
})
