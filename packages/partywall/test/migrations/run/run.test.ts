import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Client } from 'pg'
import { beforeEach, describe, expect, test } from 'vitest'
import { assertFleetOk } from '../../../src/fleet/report.ts'
import { testDatabase } from '../../support/servers/database.ts'
import { folderForTest, registryForTest, writeFiles } from '../../support/tenants/registry.ts'

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
    expect(await tables('public')).toEqual(['partywall_migrations', 'plans'])
    expect(await tables('a')).toEqual(['partywall_migrations', 'polls'])
    expect((await migrations.run()).entries.map(({ applied }) => applied)).toEqual([[], [], []])
    assertFleetOk(report)
  })

  test('continues after a tenant that fails, and keeps nothing of the failed migrations', async () => {
    const root = await folderForTest({ 'migrations/tenant/0001_polls.sql': 'create table polls (id int)' })
    const { create, migrations } = registryForTest(url, { root })
    for (const schema of ['a', 'b', 'c']) await create({ schema })
    await rows('insert into b.polls values (1), (1)')
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
    expect(await tables('b')).toEqual(['partywall_migrations', 'polls'])
    expect(() => assertFleetOk(report)).toThrow(/1 of 4 targets failed \(b\)/)
    await rows('delete from b.polls')
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
    expect(await tables('public')).toEqual([])
    expect(await tables('a')).not.toContain('more')
    expect((await migrations.run({ tenants: true })).entries).toMatchObject([{ target: 'a', state: 'done' }])
  })

  test('migrates the selected schemas only', async () => {
    const { create, tenants, migrations } = registryForTest(url)
    for (const schema of ['a', 'b', 'old']) await create({ schema, domains: [`${schema}.example.com`] })
    await tenants.setStatus('old', 'archived')
    await tenants.setStatus('b', 'suspended')
    const targets = async (options: object) => (await migrations.run(options)).entries.map(({ target }) => target)
    expect(await targets({})).toEqual(['shared', 'a', 'b'])
    expect(await targets({ shared: true })).toEqual(['shared'])
    expect(await targets({ shared: false })).toEqual(['a', 'b'])
    expect(await targets({ tenants: true })).toEqual(['a', 'b'])
    expect(await targets({ tenants: 'b' })).toEqual(['b'])
    expect(await targets({ tenants: ['old', { domain: 'a.example.com' }, 'a'] })).toEqual(['old', 'a'])
    expect(await targets({ tenants: ['a'], shared: true })).toEqual(['shared', 'a'])
    await expect(migrations.run({ tenants: ['a', 'nobody'] })).rejects.toMatchObject({ code: 'UNKNOWN_TENANT' })
    await expect(migrations.run({ tenant: 'a' } as never)).rejects.toThrow('Did you mean "tenants"?')
  })

  test('migrates up to `to`, and refuses a `to` for two folders', async () => {
    const { create, migrations, root } = await withTenants(['a'])
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
    const { root } = await withTenants(['a', 'b', 'c'])
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
    const before = registryForTest(url, { root, migrations: { tenant: { trial: 'trial' } } })
    for (const [schema, kind] of [
      ['a', 'default'],
      ['b', 'default'],
      ['c', 'trial'],
    ] as const)
      await before.create({ schema, kind })
    await rows('drop schema a cascade')
    const { migrations } = registryForTest(url, { root })
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
    const { migrations, root } = await withTenants(['a'])
    await writeFiles(root, { 'migrations/shared/0001_s.sql': 'create table s ()', 'migrations/tenant/notes.txt': 'x' })
    await expect(migrations.run()).rejects.toMatchObject({ code: 'INVALID_MIGRATION' })
    expect(await tables('public')).toEqual([])
  })
})

describe('the history of a schema', () => {
  test('refuses a changed, a removed and a reordered file, and status reports it', async () => {
    const { migrations, root } = await withTenants(['a'])
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
    await rm(file)
    expect(await refused()).toBe('gone')
    await writeFiles(root, { 'migrations/tenant/0001_polls.sql': pollsSql.replaceAll('\n', '\r\n') })
    expect((await migrations.run()).ok).toBe(true)
    await writeFiles(root, { 'migrations/tenant/0000_before.sql': 'create table before ()' })
    expect(await refused()).toBe('reordered')
    expect(await tables('a')).toEqual(['partywall_migrations', 'polls'])
  })

  test('gives status its head, count and pending migrations, and is not changed by it', async () => {
    const { migrations, create, root } = await withTenants(['a'])
    await writeFiles(root, {
      'migrations/tenant/0002_b.sql': 'create table b ()',
      'migrations/shared/0001_s.sql': 'create table s ()',
    })
    await create({ schema: 'b' })
    expect(await migrations.status()).toEqual([
      { target: 'shared', source: expect.any(String), head: undefined, applied: 0, pending: ['0001_s'] },
      {
        target: 'a',
        tenantId: expect.any(String),
        source: expect.any(String),
        head: '0001_polls',
        applied: 1,
        pending: ['0002_b'],
      },
      { target: 'b', tenantId: expect.any(String), source: expect.any(String), head: '0002_b', applied: 2, pending: [] },
    ])
    expect(await tables('public')).toEqual([])
  })

  test('is not confused with the history of the shared schema', async () => {
    const root = await folderForTest({ 'migrations/shared/0001_same.sql': 'create table shared_one ()' })
    const { create, migrations } = registryForTest(url, { root })
    await migrations.run()
    await create({ schema: 'a' })
    await writeFiles(root, { 'migrations/tenant/0001_same.sql': 'create table tenant_one ()' })
    expect((await migrations.run()).entries.map(({ applied }) => applied)).toEqual([[], ['0001_same']])
    expect(await tables('a')).toEqual(['partywall_migrations', 'tenant_one'])
  })

  test('is written to its own schema when a migration changes the search path', async () => {
    const { migrations, root } = await withTenants(['a'])
    await writeFiles(root, { 'migrations/tenant/0002_path.sql': 'set local search_path to public; create table misplaced ();' })
    expect((await migrations.run()).ok).toBe(true)
    expect(await rows('select name from a.partywall_migrations order by name')).toEqual([
      { name: '0001_polls' },
      { name: '0002_path' },
    ])
    expect(await tables('public')).toEqual(['misplaced'])
  })
})

describe('the error of a failed migration', () => {
  test.each<[string, string, object, RegExp]>([
    [
      'a syntax error',
      'create table x ();\n\ncreate tabel y ();\n\n\nselect 1;\n',
      { line: 3, sqlState: '42601' },
      /line 3: .*tabel/,
    ],
    ['one statement', '-- ä😀\n\nselect * from nowhere', { line: 3, sqlState: '42P01' }, /line 3: .*nowhere/],
    [
      'data',
      "create table x (a int);\ninsert into x values ('my-secret'::text::int)",
      { sqlState: '22P02' },
      /SQLSTATE 22P02 \(see the cause\)/,
    ],
    ['commit', 'create table x ();\ncommit;\ncreate table y ();', {}, /COMMIT/],
    ['commit alone', 'commit', {}, /./],
  ])('names place and cause of a failure by %s', async (_, text, details, message) => {
    const { migrations, root } = await withTenants(['a'])
    await writeFiles(root, { 'migrations/tenant/0002_bad.sql': text })
    const [entry] = (await migrations.run({ tenants: true })).entries
    expect(entry).toMatchObject({
      state: 'failed',
      error: { code: 'MIGRATION_FAILED', details: { name: '0002_bad', schema: 'a', ...details } },
    })
    const error = entry!.error as Error
    expect(error.message).toMatch(message)
    expect(error.message).not.toContain('my-secret')
    expect(error.cause).toBeInstanceOf(Error)
    expect(await tables('a')).toEqual(['partywall_migrations', 'polls'])
    expect(() => assertFleetOk({ ok: false, entries: [entry!], durationMs: 0 })).toThrow(error)
  })
})

describe('a migration in TypeScript', () => {
  test('writes to its own tenant, with values as parameters', async () => {
    const { migrations, root } = await withTenants(['a', 'b'])
    await writeFiles(root, {
      'migrations/tenant/0002_code.ts': `
        type Row = { id: number }
        export async function up({ client, tenant, sql }: any): Promise<void> {
          await client.query('insert into polls values ($1)', [tenant.schema.length])
          const { rows } = await client.query(sql\`select id from \${sql.identifier(tenant.schema, 'polls')} where id = \${1}\`)
          if ((rows as Row[]).length !== 1) throw new Error('not there')
          client.query('insert into polls values (2)')
        }`,
    })
    expect(await migrations.run()).toMatchObject({ ok: true })
    expect(await rows('select id from a.polls order by id')).toEqual([{ id: 1 }, { id: 2 }])
    expect(await rows('select id from b.polls order by id')).toEqual([{ id: 1 }, { id: 2 }])
  })

  test('gets no tenant in the shared folder', async () => {
    const { migrations, root } = await withTenants([])
    await writeFiles(root, {
      'migrations/shared/0001_code.ts': `
        export const up = async ({ client, tenant }: any) => {
          if (tenant !== undefined) throw new Error('a tenant')
          await client.query('create table made ()')
        }`,
    })
    assertFleetOk(await migrations.run())
    expect(await tables('public')).toEqual(['made', 'partywall_migrations'])
  })

  test('fails by a query that it did not await, and cannot query after its end', async () => {
    const { migrations, root } = await withTenants(['a'])
    await writeFiles(root, {
      'migrations/tenant/0002_forgets.ts': `
        export async function up({ client }) {
          await client.query('create table x ()')
          client.query('select * from nowhere')
        }`,
    })
    const [entry] = (await migrations.run({ tenants: true })).entries
    expect(entry).toMatchObject({ state: 'failed', error: { code: 'MIGRATION_FAILED', details: { sqlState: '42P01' } } })
    expect(await tables('a')).not.toContain('x')
    await rm(join(root, 'migrations/tenant/0002_forgets.ts'))
    await writeFiles(root, {
      'migrations/tenant/0002_late.ts': `
        export async function up({ client }) {
          globalThis.late = new Promise((resolve) => setTimeout(resolve, 100)).then(() => client.query('create table x ()'))
        }`,
    })
    expect(await migrations.run()).toMatchObject({ ok: true })
    await expect((globalThis as unknown as { late: Promise<unknown> }).late).rejects.toMatchObject({ code: 'RELEASED_CLIENT' })
  })

  test('can continue from a savepoint after a failed query', async () => {
    const { migrations, root } = await withTenants(['a'])
    await writeFiles(root, {
      'migrations/tenant/0002_tries.ts': `
        export async function up({ client }) {
          await client.query('savepoint before')
          await client.query('select * from nowhere').catch(() => client.query('rollback to savepoint before'))
          await client.query('create table x ()')
        }`,
      'migrations/tenant/0003_fails.ts': `
        export async function up({ client }) {
          await client.query('savepoint before')
          await client.query('rollback to savepoint before')
          await client.query('select * from nowhere').catch(() => {})
        }`,
    })
    expect(await migrations.run({ tenants: true, to: '0002' })).toMatchObject({ ok: true })
    expect(await tables('a')).toContain('x')
    expect(await migrations.run({ tenants: true })).toMatchObject({ ok: false })
  })

  test('keeps nothing when it throws, and its error becomes the cause', async () => {
    const { migrations, root } = await withTenants(['a'])
    await writeFiles(root, {
      'migrations/tenant/0002_throws.ts': `
        export async function up({ client }) {
          await client.query('create table x ()')
          throw new RangeError('row with my-secret')
        }`,
    })
    const [entry] = (await migrations.run({ tenants: true })).entries
    expect(entry!.error).toMatchObject({ code: 'MIGRATION_FAILED', cause: { message: 'row with my-secret' } })
    expect((entry!.error as Error).message).not.toContain('my-secret')
    expect(await tables('a')).toEqual(['partywall_migrations', 'polls'])
  })
})

const pollsSql = 'create table polls (id int);\n-- end\n'

async function withTenants(schemas: string[]) {
  const root = await folderForTest({ 'migrations/tenant/0001_polls.sql': pollsSql })
  const registry = registryForTest(url, { root })
  for (const schema of schemas) await registry.create({ schema })
  return { ...registry, root }
}

async function rows(text: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(text)).rows
  } finally {
    await client.end()
  }
}

async function tables(schema: string): Promise<unknown[]> {
  const found = await rows(
    `select relname from pg_class where relkind = 'r' and relnamespace = '"${schema}"'::regnamespace order by relname`,
  )
  return found.map((row) => (row as { relname: string }).relname)
}
