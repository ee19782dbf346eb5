/** The option `behind`: whether a tenant is entered that lacks migrations which the process knows. */
import { Client } from 'pg'
import { afterAll, expect, onTestFinished, test } from 'vitest'
import { createTenancy, type MigrationSource, type Tenancy } from '../../src/index.ts'
import { testDatabase } from '../support/servers/database.ts'

const { url } = await testDatabase()
const admin = new Client(url)
await admin.connect()
await admin.query('create table public.leads (id serial, owner text); create table public.plans (id serial)')
afterAll(() => admin.end())

const polls = 'create table polls (id serial)'
const code = Symbol('code')

function sourceOf(texts: readonly (string | typeof code)[]): MigrationSource {
  return {
    name: 'given',
    list: async () =>
      texts.map((text, index) => ({
        name: `000${index + 1}`,
        file: `000${index + 1}`,
        checksum: String(text),
        up: text === code ? { kind: 'code', run: () => {} } : { kind: 'sql', text: String(text), line: 1 },
        down: { kind: 'sql', text: 'select 1', line: 1 },
      })),
  }
}

interface Given {
  readonly behind?: 'allow' | 'refuse' | undefined
  readonly shadowed?: readonly string[]
  readonly tenantCacheMs?: number
}

function open(tenant: MigrationSource | string | readonly (string | typeof code)[], given: Given = {}): Tenancy {
  const { shadowed = [], behind, tenantCacheMs = 60_000 } = given
  const source = Array.isArray(tenant) ? sourceOf(tenant) : (tenant as MigrationSource | string)
  const tenancy = createTenancy({
    database: url,
    migrations: { shared: false, tenant: kinds(source), shadowed },
    behind,
    tenantCacheMs,
  })
  onTestFinished(() => tenancy.close())
  return tenancy
}

/** A kind for each tenant, named like it: tenants of one kind must not have histories that contradict. */
function kinds(source: MigrationSource | string): Record<string, MigrationSource | string> {
  return Object.fromEntries(['default', 'acme', 'ahead', 'other', 'coded', 'late'].map((kind) => [kind, source]))
}

/** A tenant at the head of these migrations. */
async function at(schema: string, texts: readonly (string | typeof code)[], given: Given = {}): Promise<void> {
  await open(texts, given).tenants.create({ schema, kind: schema })
}

const entering = (tenancy: Tenancy, schema: string): Promise<unknown> =>
  tenancy.run(schema, () => 'entered').catch((error: unknown) => error)
const behind = (schema: string, pending: string[], object?: string) => ({
  code: 'TENANT_BEHIND',
  details: { schema, pending, object },
  message: expect.stringMatching(new RegExp(`"${schema}".*${pending[0]}.*npx partywall migrate`)),
})

test('a pending migration that creates a name of the shared schema refuses the tenant, and any other one does not', async () => {
  await at('acme', [polls])
  const cases: [text: string, object?: string][] = [
    ['create table leads (id serial)', 'leads'],
    ['create view leads as select 1 as x', 'leads'],
    ['create table new_leads (); alter table new_leads rename to leads', 'leads'],
    ['alter table polls add column title text'],
    ['create table votes (id serial, lead int references leads)'],
    ['create table leads (); drop table leads'],
    ['create function leads() returns int language sql as $$ select 1 $$'],
  ]
  for (const [text, object] of cases) {
    const found = await entering(open([polls, 'select 1', text]), 'acme')
    if (object === undefined) expect({ text, found }).toEqual({ text, found: 'entered' })
    else expect({ text, found }).toMatchObject({ text, found: behind('acme', ['0002', '0003'], object) })
    expect(await entering(open([polls, text], { behind: 'allow' }), 'acme')).toBe('entered')
    expect(await entering(open([polls, text], { behind: 'refuse' }), 'acme')).toMatchObject(behind('acme', ['0002']))
  }
})

test('a tenant at the head or ahead of it is entered, also by a process that has no migration files', async () => {
  await at('ahead', [polls, 'create table votes ()', 'select 3'])
  for (const texts of [[polls, 'create table votes ()', 'select 3'], [polls, 'create table votes ()'], [polls], []]) {
    expect(await entering(open(texts, { behind: 'refuse' }), 'ahead')).toBe('entered')
  }
  // As many as the files, but others: it has to be a newer deploy, or migrations refuse the history.
  expect(await entering(open([polls, 'create table leads ()']), 'ahead')).toBe('entered')
  expect(await entering(open('migrations/absent'), 'ahead')).toBe('entered')
  expect(await entering(open('migrations/absent', { behind: 'refuse' }), 'ahead')).toMatchObject({ code: 'INVALID_MIGRATION' })
})

test('a history that the files cannot explain counts as none where it is shorter than they are', async () => {
  await at('other', ['create table ballots ()'])
  const tenancy = open([polls, 'create table leads ()'])
  expect(await entering(tenancy, 'other')).toMatchObject(behind('other', ['0001', '0002'], 'leads'))
  await admin.query('comment on table other.partywall_migrations is null')
  expect(await entering(open([polls]), 'other')).toBe('entered')
  expect(await entering(open([polls], { behind: 'refuse' }), 'other')).toMatchObject(behind('other', ['0001']))
})

test('pending code may create a listed name, so it refuses a tenant while none of its kind has one', async () => {
  await at('coded', [polls])
  expect(await entering(open([polls, code]), 'coded')).toBe('entered')
  const listed = { shadowed: ['plans'] }
  expect(await entering(open([polls, code], listed), 'coded')).toMatchObject(behind('coded', ['0002'], 'plans'))
  await admin.query('create table coded.plans (id serial)')
  expect(await entering(open([polls, code], listed), 'coded')).toBe('entered')
  await admin.query('drop table coded.plans')
  expect(await entering(open([polls, code], listed), 'coded')).toMatchObject(behind('coded', ['0002'], 'plans'))
})

test('a tenant that was migrated by another process is entered at the next look, also as an object that was kept', async () => {
  const texts = [polls, 'alter table polls add column title text']
  await at('late', [polls])
  const tenancy = open(texts, { behind: 'refuse', tenantCacheMs: 50 })
  const kept = await tenancy.tenants.get('late')
  expect(await entering(tenancy, 'late')).toMatchObject(behind('late', ['0002']))
  await open(texts).migrations.run({ tenants: 'late' })
  await expect.poll(() => entering(tenancy, 'late')).toBe('entered')
  expect(await tenancy.run(kept, () => 'entered')).toBe('entered')
  expect(await tenancy.run(kept, () => 'repaired', { repair: true })).toBe('repaired')
})

test('a rollback in the same process is seen at once, also with an object that was kept', async () => {
  const texts = [polls, 'alter table polls add column title text']
  const tenancy = open(texts, { behind: 'refuse' })
  const kept = await tenancy.tenants.get('late')
  expect(await tenancy.run(kept, () => 'entered')).toBe('entered')
  await tenancy.migrations.run({ tenants: 'late', down: true, to: '0001' })
  await expect(tenancy.run(kept, () => 1)).rejects.toMatchObject(behind('late', ['0002']))
})
