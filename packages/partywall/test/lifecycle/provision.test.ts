import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { Client } from 'pg'
import { afterEach, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { z } from 'zod'
import { testDatabase } from '../support/servers/database.ts'
import { folderForTest, registryForTest } from '../support/tenants/registry.ts'

let url: string
beforeAll(async () => {
  ;({ url } = await testDatabase())
})
// A new tenant is compared with active tenants only, and each test has files of its own.
afterEach(() => rows(`update partywall.tenants set status = 'archived'`))

const migrations = {
  'migrations/tenant/0001_polls.sql':
    'create table polls (id int primary key, question text);\ncreate index on polls (question);',
  'migrations/tenant/0002_seed.ts': `
    export async function up({ client, tenant, sql }) {
      await client.query(sql\`insert into polls values (1, \${tenant.name})\`)
    }`,
}

describe('creating a tenant', () => {
  test('creates the row, the schema, the tables, their history and the domains', async () => {
    const root = await folderForTest(migrations)
    const { create, tenants, domains } = registryForTest(url, { root })
    const created = await create({ schema: 'acme-1', name: 'Acme', domains: ['A.acme.example.com', 'b.acme.example.com'] })
    expect(await tenants.get('acme-1')).toEqual(created)
    expect(await rows('select * from "acme-1".polls')).toEqual([{ id: 1, question: 'Acme' }])
    expect(await rows('select name from "acme-1".partywall_migrations order by name')).toEqual([
      { name: '0001_polls' },
      { name: '0002_seed' },
    ])
    expect((await domains.list('acme-1')).map(({ domain, isPrimary }) => [domain, isPrimary])).toEqual([
      ['a.acme.example.com', true],
      ['b.acme.example.com', false],
    ])
    expect(await rows(`select to_regclass('public.polls') as leaked`)).toEqual([{ leaked: null }])
  })

  test('applies the migrations of its kind, and validates the attributes', async () => {
    const root = await folderForTest({ ...migrations, 'trial/0001_trial.sql': 'create table trial ()' })
    const attributes = z.object({ plan: z.string().default('free') })
    const { create } = registryForTest(url, { root, migrations: { tenant: { trial: 'trial' } }, tenant: { attributes } })
    expect(await create({ schema: 'trial', kind: 'trial' })).toMatchObject({
      name: 'trial',
      kind: 'trial',
      attributes: { plan: 'free' },
    })
    expect(await tables('trial')).toEqual(['partywall_migrations', 'trial'])
  })

  test('refuses invalid input without a query', async () => {
    const root = await folderForTest({ ...migrations, 'broken/0001_a.sql': '-- partywall: dwon' })
    const { create, database } = registryForTest(url, {
      root,
      migrations: { tenant: { broken: 'broken' } },
      sharedSchema: 'common',
      extraSearchPath: ['extensions'],
      tenant: { attributes: z.object({ seats: z.number() }).partial() },
    })
    const asked = [vi.spyOn(database, 'query'), vi.spyOn(database, 'transaction')]
    const cases: [object, string][] = [
      ...[
        '',
        'Acme',
        '1st',
        'a b',
        `a"; drop schema public; --`,
        'a\0',
        'pg_x',
        'public',
        'partywall',
        'common',
        'extensions',
        'a\n',
      ].map((schema): [object, string] => [{ schema }, 'INVALID_SCHEMA_NAME']),
      [{ schema: 'a'.repeat(64) }, 'INVALID_SCHEMA_NAME'],
      [{ schema: 'x'.repeat(1_000_000) }, 'INVALID_SCHEMA_NAME'],
      [{}, 'INVALID_SCHEMA_NAME'],
      [{ schema: 'fine', domains: ['a b'] }, 'INVALID_DOMAIN'],
      [{ schema: 'fine', domains: 'a.example.com' }, 'INVALID_ARGUMENT'],
      [{ schema: 'fine', kind: 'borken' }, 'UNKNOWN_KIND'],
      [{ schema: 'fine', kind: 'broken' }, 'INVALID_MIGRATION'],
      [{ schema: 'fine', kind: '__proto__' }, 'UNKNOWN_KIND'],
      [{ schema: 'fine', name: '' }, 'INVALID_TENANT_NAME'],
      [{ schema: 'fine', attributes: { seats: 'x' } }, 'INVALID_ATTRIBUTES'],
      [{ schema: 'fine', domain: 'a.example.com' }, 'INVALID_ARGUMENT'],
    ]
    for (const [input, code] of cases) await expect(create(input as never)).rejects.toMatchObject({ code })
    await expect(create({ schema: 'fine', domain: 'a.example.com' } as never)).rejects.toThrow('Did you mean "domains"?')
    for (const spy of asked) expect(spy).not.toHaveBeenCalled()
  })

  test('leaves nothing behind when a migration fails', async () => {
    const root = await folderForTest({
      'migrations/tenant/0001_ok.sql': 'create table ok ()',
      'migrations/tenant/0002_bad.sql': '-- a comment\ncreate table half ();\nselect * from nowhere;',
    })
    const { create, tenants, domains } = registryForTest(url, { root })
    const creation = create({ schema: 'failing', domains: ['failing.example.com'] })
    await expect(creation).rejects.toMatchObject({ code: 'MIGRATION_FAILED', details: { name: '0002_bad', sqlState: '42P01' } })
    expect(await tenants.find('failing')).toBeUndefined()
    expect((await domains.list()).filter(({ domain }) => domain.startsWith('failing'))).toEqual([])
    expect(await rows(`select to_regnamespace('failing') as found`)).toEqual([{ found: null }])
  })

  test('refuses an existing schema that belongs to no tenant, and leaves it unchanged', async () => {
    await rows('create schema orphan; create table orphan.precious ()')
    const { create, tenants } = registryForTest(url)
    await expect(create({ schema: 'orphan' })).rejects.toMatchObject({
      code: 'SCHEMA_EXISTS',
      message: expect.stringContaining('belongs to no tenant'),
    })
    expect(await tenants.find('orphan')).toBeUndefined()
    expect(await tables('orphan')).toEqual(['precious'])
  })

  test('refuses a domain of another tenant, and names that domain', async () => {
    const { create, tenants } = registryForTest(url)
    await create({ schema: 'dom_a', domains: ['taken.example.com'] })
    await expect(create({ schema: 'dom_b', domains: ['free.example.com', 'Taken.example.com.'] })).rejects.toMatchObject({
      code: 'DOMAIN_EXISTS',
      details: { domains: ['taken.example.com'] },
    })
    expect(await tenants.find('dom_b')).toBeUndefined()
    await create({ schema: 'dom_b', domains: ['free.example.com', 'FREE.example.com'] })
  })
})

describe('creating tenants at the same time', () => {
  test('with one schema name creates one tenant, and fails with SCHEMA_EXISTS for the others', async () => {
    const root = await folderForTest(migrations)
    const registries = Array.from({ length: 6 }, () => registryForTest(url, { root }))
    const results = await Promise.allSettled(registries.map(({ create }) => create({ schema: 'same' })))
    const codes = results.map((result) => (result.status === 'fulfilled' ? 'created' : result.reason.code)).toSorted()
    expect(codes).toEqual([...Array(5).fill('SCHEMA_EXISTS'), 'created'])
    expect(await rows('select count(*)::int as n from same.polls')).toEqual([{ n: 1 }])
  })

  test('with the same domains, in any order, creates one tenant, and fails with DOMAIN_EXISTS for the other', async () => {
    const [one, two] = [registryForTest(url), registryForTest(url)]
    for (let round = 0; round < 5; round++) {
      const set = ['x', 'y', 'z'].map((letter) => `${letter}${round}.set.example.com`)
      const results = await Promise.allSettled([
        one.create({ schema: `set_a${round}`, domains: set }),
        two.create({ schema: `set_b${round}`, domains: set.toReversed() }),
      ])
      expect(results.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
      expect(results.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'DOMAIN_EXISTS' } })
    }
  })

  test('fails with SCHEMA_EXISTS when another session creates the bare schema first', async () => {
    const other = new Client({ connectionString: url })
    await other.connect()
    onTestFinished(() => other.end())
    await other.query('begin; create schema bare')
    const creation = registryForTest(url).create({ schema: 'bare' })
    const outcome = creation.catch((error: unknown) => error)
    await vi.waitFor(async () => {
      expect(
        await rows(`select 1 from pg_stat_activity where wait_event_type = 'Lock' and query like '%create schema "bare"%'`),
      ).toHaveLength(1)
    }, 10_000)
    await other.query('commit')
    expect(await outcome).toMatchObject({ code: 'SCHEMA_EXISTS' })
  })

  test('with different names creates all of them', async () => {
    const root = await folderForTest(migrations)
    const { create, tenants } = registryForTest(url, { root })
    await Promise.all(
      Array.from({ length: 12 }, (_, number) => create({ schema: `many_${number}`, domains: [`m${number}.example.com`] })),
    )
    expect((await tenants.list()).filter(({ schema }) => schema.startsWith('many_'))).toHaveLength(12)
  })
})

test('a process that is killed while it creates a tenant leaves nothing behind, and the tenant can be created again', async () => {
  const root = await folderForTest({
    ...migrations,
    'migrations/tenant/0003_slow.sql': `create table slow ();\nselect pg_sleep(2) -- the kill comes here`,
  })
  const child = spawn(
    process.execPath,
    [...process.execArgv, new URL('create-one.ts', import.meta.url).pathname, url, root, 'killed'],
    {
      stdio: ['ignore', 'inherit', 'inherit'],
    },
  )
  await vi.waitFor(async () => {
    expect(
      await rows(`select 1 from pg_stat_activity where wait_event = 'PgSleep' and query like '%the kill comes here%'`),
    ).toHaveLength(1)
  }, 20_000)
  child.kill('SIGKILL')
  await once(child, 'exit')
  const { create, tenants } = registryForTest(url, { root })
  expect(await tenants.find('killed')).toBeUndefined()
  const again = await create({ schema: 'killed', domains: ['killed.example.com'] })
  expect(await tenants.get('killed.example.com')).toEqual(again)
  expect(await tables('killed')).toEqual(['partywall_migrations', 'polls', 'slow'])
})

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
