/**
 * Names that lead a tenant to the shared schema. The search path of a tenant continues there, so a statement about a table that the tenant lacks
 * reads and writes the shared one, where it meets the rows of other tenants. Each case is a fall that PostgreSQL permits.
 */
import { Client } from 'pg'
import { afterAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { createAdmission, errorAnswer } from '../../src/http/http.ts'
import { byHeader, createTenancy, type Migration, type MigrationSource, type Tenancy } from '../../src/index.ts'
import { testDatabase } from '../support/servers/database.ts'
import { isPooled } from '../support/servers/route.ts'

const { url, directUrl } = await testDatabase()
const admin = new Client(directUrl)
await admin.connect()
afterAll(() => admin.end())

const creating = (table: string): MigrationSource => ({
  name: table,
  list: async () => [
    {
      name: `0001_${table}`,
      file: table,
      checksum: '1',
      up: { kind: 'sql', text: `create table ${table} (id serial, owner text)`, line: 1 },
    },
  ],
})
const sources = { default: creating('leads'), partner: creating('deals') }

function step(name: string, up: string, down: string): Migration {
  return { name, file: name, checksum: up, up: { kind: 'sql', text: up, line: 1 }, down: { kind: 'sql', text: down, line: 1 } }
}

interface Given {
  readonly shadowed?: readonly string[]
  readonly tenantCacheMs?: number
  readonly includeShared?: boolean
  readonly extraSearchPath?: readonly string[]
}

function make({ shadowed = [], tenantCacheMs = 0, ...options }: Given = {}): Tenancy {
  const migrations = { shared: false, tenant: sources, shadowed } as const
  return createTenancy({
    database: url,
    migrations,
    tenantCacheMs,
    resolve: [byHeader('x-tenant', { trusted: true })],
    ...options,
  })
}

function open(options: Given = {}): Tenancy {
  const tenancy = make(options)
  onTestFinished(() => tenancy.close())
  return tenancy
}

const dropped = (text: string): string => /^((?:materialized |foreign )?\w+)/.exec(text)![1]!
const makeLeads = (schema: string): string => `create table if not exists ${schema}.leads (id serial, owner text);`

{
  await using tenancy = make()
  for (const schema of ['acme', 'globex']) await tenancy.tenants.create({ schema })
  await tenancy.tenants.create({ schema: 'initech', kind: 'partner' })
}

beforeEach(async () => {
  await admin.query('drop schema if exists extensions cascade; drop table if exists public.leads')
  await admin.query(makeLeads('acme') + makeLeads('globex'))
})

const ownersOf = async (tenancy: Tenancy, schema: string): Promise<unknown[]> =>
  tenancy.run(schema, async () => (await tenancy.pool.query('select owner from leads')).rows.map(({ owner }) => owner))

const refused = (schema: string, missing: boolean) => ({
  code: 'NAME_IN_BOTH_SCOPES',
  details: { schema, names: ['leads'], missing },
  message: expect.stringMatching(/"leads"/),
})

test('bites: with the search path alone, two tenants without their own table meet in the shared one', async () => {
  await admin.query('drop table acme.leads, globex.leads; create table public.leads (id serial, owner text)')
  const naive = new Client(url)
  await naive.connect()
  await naive.query(`begin; set local search_path to acme, public; insert into leads (owner) values ('acme'); commit`)
  const { rows } = await naive
    .query('begin; set local search_path to globex, public')
    .then(() => naive.query('select owner from leads'))
  await naive.query('commit')
  await naive.end()
  expect(rows).toEqual([{ owner: 'acme' }])
})

describe('a name that the shared schema and tenants have', () => {
  test('refuses every tenant of the kind, whether it has its own table or lacks it, and no other kind', async () => {
    await admin.query(`${makeLeads('public')} drop table acme.leads`)
    const tenancy = open()
    await expect(ownersOf(tenancy, 'acme')).rejects.toMatchObject(refused('acme', false))
    await expect(ownersOf(tenancy, 'globex')).rejects.toMatchObject(refused('globex', false))
    expect(await ownersOf(tenancy, 'initech')).toEqual([])
    await admin.query('drop table public.leads')
    expect(await ownersOf(tenancy, 'globex')).toEqual([])
    await expect(ownersOf(tenancy, 'acme')).rejects.toMatchObject({ code: '42P01' })
  })

  test('that is listed lets tenants with their own table in, and refuses one that lacks it', async () => {
    await admin.query(`${makeLeads('public')} insert into public.leads (owner) values ('shared'); drop table acme.leads`)
    const tenancy = open({ shadowed: ['leads'] })
    expect(await ownersOf(tenancy, 'globex')).toEqual([])
    await expect(ownersOf(tenancy, 'acme')).rejects.toMatchObject(refused('acme', true))
    expect(await ownersOf(tenancy, 'initech')).toEqual(['shared'])
  })

  test('is found for each kind of relation, and not for indexes, types, functions, histories and the sequences of columns', async () => {
    const relations = [
      'table %.both ()',
      'table %.both (id int) partition by range (id)',
      'view %.both as select 1 as x',
      'materialized view %.both as select 1 as x',
      'sequence %.both',
      'foreign table %.both (id int) server elsewhere',
    ]
    await admin.query('create foreign data wrapper nothing; create server elsewhere foreign data wrapper nothing')
    const tenancy = open()
    for (const [index, inShared] of relations.entries()) {
      const inTenant = relations[(index + 1) % relations.length]!
      await admin.query(`begin; create ${inShared.replace('%', 'public')}; create ${inTenant.replace('%', 'globex')}; commit`)
      await expect(ownersOf(tenancy, 'acme')).rejects.toMatchObject({ details: { names: ['both'] } })
      await admin.query(`drop ${dropped(inShared)} public.both; drop ${dropped(inTenant)} globex.both`)
    }
    for (const schema of ['public', 'globex']) {
      await admin.query(`
        create type ${schema}.mood as enum ('calm');
        create function ${schema}.touch() returns int language sql as 'select 1';
        create table ${schema}.only_${schema} (id int);
        create index an_index on ${schema}.only_${schema} (id);
        create sequence ${schema}.owned owned by ${schema}.only_${schema}.id;
        create table if not exists ${schema}.partywall_migrations ()`)
    }
    expect(await ownersOf(tenancy, 'globex')).toEqual([])
  })

  test('counts in a schema of extraSearchPath, too, and nowhere when the path ends with the tenant', async () => {
    await admin.query(`create schema extensions; ${makeLeads('extensions')} ${makeLeads('public')}`)
    expect(await ownersOf(open({ includeShared: false }), 'acme')).toEqual([])
    await admin.query('drop table public.leads')
    expect(await ownersOf(open(), 'acme')).toEqual([])
    const tenancy = open({ includeShared: false, extraSearchPath: ['extensions'] })
    await expect(ownersOf(tenancy, 'acme')).rejects.toMatchObject(refused('acme', false))
  })
})

describe('a table that no tenant of a kind has any more', () => {
  const dropAll = `drop table acme.leads, globex.leads; create table public.leads (id serial, owner text)`

  test('refuses the tenants whose migrations made it, with or without a list, and no other kind', async () => {
    await admin.query(dropAll)
    for (const shadowed of [[], ['leads']]) {
      const tenancy = open({ shadowed })
      await expect(ownersOf(tenancy, 'acme')).rejects.toMatchObject(refused('acme', true))
      await expect(ownersOf(tenancy, 'globex')).rejects.toMatchObject(refused('globex', true))
      expect(await ownersOf(tenancy, 'initech')).toEqual([])
    }
    await admin.query(makeLeads('acme'))
    expect(await ownersOf(open({ shadowed: ['leads'] }), 'acme')).toEqual([])
  })

  test('is named by the status of the migrations and by doctor', async () => {
    await admin.query(dropAll)
    const tenancy = open({ shadowed: ['leads'] })
    const schemas = await tenancy.migrations.status()
    expect(schemas.filter(({ fallingThrough = [] }) => fallingThrough.includes('leads')).map(({ target }) => target)).toEqual([
      'acme',
      'globex',
    ])
    const report = await tenancy.doctor()
    expect(report.findings.filter(({ seen }) => /lacks "?leads/.test(seen))).toMatchObject([{ id: 'PW-106' }])
  })

  test('is expected of no tenant that a migration took it from, and again of one that was rolled back', async () => {
    const steps: Migration[] = [
      step('0001_notes', 'create table notes (id int)', 'drop table notes'),
      step('0002_drop', 'drop table notes', 'create table notes (id int)'),
    ]
    const withSteps = (count: number): Tenancy => {
      const tenancy = createTenancy({
        database: url,
        tenantCacheMs: 0,
        migrations: {
          shared: false,
          tenant: { ...sources, noted: { name: 'notes', list: async () => steps.slice(0, count) } },
          shadowed: ['notes'],
        },
      })
      onTestFinished(() => tenancy.close())
      return tenancy
    }
    const [before, after] = [withSteps(1), withSteps(2)]
    await before.tenants.create({ schema: 'noted', kind: 'noted' })
    await admin.query('create table public.notes (id int)')
    onTestFinished(async () => void (await admin.query('drop table public.notes; drop table if exists noted.notes')))
    expect((await after.migrations.run({ tenants: 'noted' })).ok).toBe(true)
    expect(await after.run('noted', () => 1)).toBe(1)
    expect((await after.migrations.run({ tenants: 'noted', down: true, to: '0001_notes' })).ok).toBe(true)
    expect(await before.run('noted', () => 1)).toBe(1)
    await admin.query('drop table noted.notes')
    await expect(before.run('noted', () => 1)).rejects.toMatchObject({
      code: 'NAME_IN_BOTH_SCOPES',
      details: { names: ['notes'] },
    })
  })

  test('stops the migrations of the tenant: they would change the shared one', async () => {
    await admin.query(dropAll)
    const [made] = await sources.default.list()
    const dropping = {
      name: 'leads',
      list: async () => [
        made!,
        step('0002_drop', 'drop table if exists leads', 'create table if not exists leads (id serial, owner text)'),
      ],
    }
    const tenancy = createTenancy({
      database: url,
      migrations: { shared: false, tenant: { ...sources, default: dropping }, shadowed: ['leads'] },
    })
    onTestFinished(() => tenancy.close())
    await admin.query(makeLeads('globex'))
    const { entries } = await tenancy.migrations.run({ tenants: ['acme', 'globex'] })
    expect(entries).toMatchObject([{ state: 'failed', error: { code: 'NAME_IN_BOTH_SCOPES' } }, { state: 'done' }])
    expect((await admin.query(`select to_regclass('public.leads')::text as found`)).rows).toEqual([{ found: 'leads' }])
    await admin.query(`${makeLeads('acme')} delete from partywall.relations`)
    expect((await tenancy.migrations.run({ tenants: 'acme' })).ok).toBe(true)
    await tenancy.migrations.run({ tenants: ['acme', 'globex'], down: true, to: '0001_leads' })
  })

  test('is known after a run that was killed before its end, and of schemas that were adopted', async () => {
    await admin.query('delete from partywall.relations')
    await admin.query(dropAll)
    // Without the names there is nothing to know it from.
    expect(await ownersOf(open(), 'acme')).toEqual([])
    await admin.query('drop table public.leads; ' + makeLeads('acme') + makeLeads('globex'))
    const tenancy = open()
    await tenancy.tenants.create({ schema: 'hooli' })
    onTestFinished(
      async () => void (await admin.query('drop schema hooli cascade; delete from partywall.tenants where schema = $$hooli$$')),
    )
    await admin.query('drop table acme.leads, globex.leads, hooli.leads; create table public.leads (id serial, owner text)')
    await expect(ownersOf(tenancy, 'acme')).rejects.toMatchObject(refused('acme', true))
  })
})

test('every door refuses a tenant that lacks its table, and a repair enters it', async () => {
  await admin.query(`${makeLeads('public')} drop table acme.leads`)
  const tenancy = open({ shadowed: ['leads'] })
  const acme = await tenancy.tenants.get('acme')
  const write = (): Promise<unknown> => tenancy.pool.query(`insert into leads (owner) values ('acme')`)
  await expect(tenancy.run(acme, write)).rejects.toMatchObject(refused('acme', true))
  await expect(tenancy.run(acme, write, { allowInactive: true })).rejects.toMatchObject(refused('acme', true))
  await expect(tenancy.session(acme, write)).rejects.toMatchObject(refused('acme', true))
  await tenancy.runShared(() => expect(tenancy.run(acme, write)).rejects.toMatchObject(refused('acme', true)))
  await tenancy.run('globex', () => expect(tenancy.run(acme, write)).rejects.toMatchObject(refused('acme', true)))
  const report = await tenancy.forEach(write, { tenants: ['acme', 'globex'] })
  expect(report.entries).toMatchObject([{ state: 'failed', error: refused('acme', true) }, { state: 'done' }])
  const admission = await createAdmission(tenancy)({ headers: { 'x-tenant': 'acme' }, host: 'x', path: '/', query: {} })
  const answer = admission.action === 'enter' && (await admission.run(write).catch((error: unknown) => errorAnswer(error)))
  expect(answer).toMatchObject({ status: 503, body: expect.not.stringContaining('leads') })
  expect((await admin.query('select owner from public.leads')).rows).toEqual([])

  const repair = (): Promise<unknown> => tenancy.pool.query('create table acme.leads (id serial, owner text)')
  if (isPooled) await tenancy.run(acme, repair, { repair: true })
  else await tenancy.session(acme, (client) => client.query('create table leads (id serial, owner text)'), { repair: true })
  await tenancy.run(acme, write)
  expect(await ownersOf(tenancy, 'acme')).toEqual(['acme'])
  const again = await tenancy.forEach(() => 1, { tenants: 'acme', repair: true })
  expect(again.ok).toBe(true)
})

test('the names are asked for once in tenantCacheMs for all tenants, and a statement costs no more than itself', async () => {
  const tenancy = open({ tenantCacheMs: 60_000 })
  const tenants = await tenancy.tenants.list()
  await Promise.all(tenants.map((tenant) => tenancy.run(tenant, () => 1)))
  const query = vi.spyOn(tenancy.sharedPool, 'query')
  const connect = vi.spyOn(tenancy.sharedPool, 'connect')
  await Promise.all(tenants.map((tenant) => tenancy.run(tenant, () => tenancy.pool.query('select 1'))))
  let isEntered = false
  void tenancy.run(tenants[0]!, () => (isEntered = true))
  expect(isEntered).toBe(true)
  expect([query.mock.calls.length, connect.mock.calls.length]).toEqual([0, 0])
  // What this process changes by migrations is seen at once.
  await admin.query(makeLeads('public'))
  await tenancy.migrations.run({ tenants: 'acme' })
  await expect(tenancy.run(tenants[0]!, () => 1)).rejects.toMatchObject({ code: 'NAME_IN_BOTH_SCOPES' })
})
