import { rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { testDatabase } from '../../support/servers/database.ts'
import { folderForTest, registryForTest, writeFiles } from '../../support/tenants/registry.ts'
import { pollsSql, rowsIn, tablesIn, tenantsWithPolls } from './one-database.ts'

let url: string
beforeEach(async () => {
  ;({ url } = await testDatabase())
})

describe('the history of a schema', () => {
  test('refuses a changed, a renamed and a reordered file, and status reports it', async () => {
    const { migrations, root } = await tenantsWithPolls(url, ['a'])
    const file = join(root, 'migrations/tenant/0001_polls.sql')
    const refused = async () => {
      const [status] = await migrations.status({ tenants: true })
      const [entry] = (await migrations.run({ tenants: true })).entries
      expect(entry).toMatchObject({ state: 'failed', error: { code: 'MIGRATION_CHANGED' } })
      expect(status).toMatchObject({ problem: { code: 'MIGRATION_CHANGED' } })
      return (entry!.error as { details: { problem: string } }).details.problem
    }
    await writeFiles(root, { 'migrations/tenant/0001_polls.sql': 'create table polls (id bigint)' })
    expect(await refused()).toBe('changed')
    await rename(file, join(root, 'migrations/tenant/0001_others.sql'))
    expect(await refused()).toBe('diverged')
    await rm(join(root, 'migrations/tenant/0001_others.sql'))
    await writeFiles(root, { 'migrations/tenant/0001_polls.sql': pollsSql.replaceAll('\n', '\r\n') })
    expect((await migrations.run()).ok).toBe(true)
    await writeFiles(root, { 'migrations/tenant/0000_before.sql': 'create table before ()' })
    expect(await refused()).toBe('reordered')
    expect(await tablesIn(url, 'a')).toEqual(['partywall_migrations', 'polls'])
  })

  test('gives status its head, count and pending migrations, and is not changed by it', async () => {
    const { migrations, create, root } = await tenantsWithPolls(url, ['a'])
    await writeFiles(root, {
      'migrations/tenant/0002_b.sql': 'create table b ()',
      'migrations/shared/0001_s.sql': 'create table s ()',
    })
    await create({ schema: 'b' })
    expect(await migrations.status()).toEqual([
      { target: 'shared', source: expect.any(String), head: undefined, applied: 0, pending: ['0001_s'], ahead: [] },
      {
        target: 'a',
        tenantId: expect.any(String),
        source: expect.any(String),
        head: '0001_polls',
        applied: 1,
        pending: ['0002_b'],
        ahead: [],
      },
      {
        target: 'b',
        tenantId: expect.any(String),
        source: expect.any(String),
        head: '0002_b',
        applied: 2,
        pending: [],
        ahead: [],
      },
    ])
    expect(await tablesIn(url, 'public')).toEqual([])
  })

  test('is not confused with the history of the shared schema', async () => {
    const root = await folderForTest({ 'migrations/shared/0001_same.sql': 'create table shared_one ()' })
    const { create, migrations } = registryForTest(url, { root })
    await migrations.run()
    await create({ schema: 'a' })
    await writeFiles(root, { 'migrations/tenant/0001_same.sql': 'create table tenant_one ()' })
    expect((await migrations.run()).entries.map(({ applied }) => applied)).toEqual([[], ['0001_same']])
    expect(await tablesIn(url, 'a')).toEqual(['partywall_migrations', 'tenant_one'])
  })

  test('is written to its own schema when a function changes the search path, unseen', async () => {
    const { migrations, root } = await tenantsWithPolls(url, ['a'])
    await writeFiles(root, {
      'migrations/tenant/0002_path.sql': `create function misplace() returns void language plpgsql as $$ begin
          execute reverse(')eurt ,''cilbup'' ,''htap_hcraes''(gifnoc_tes tceles'); end $$;
        select misplace(); create table misplaced ();`,
    })
    expect((await migrations.run()).ok).toBe(true)
    expect(await rowsIn(url, 'select name from a.partywall_migrations order by name')).toEqual([
      { name: '0001_polls' },
      { name: '0002_path' },
    ])
    expect(await tablesIn(url, 'public')).toEqual(['misplaced'])
  })
})
