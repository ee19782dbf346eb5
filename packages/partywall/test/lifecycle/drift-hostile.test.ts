/** What is in the way of drift: tenants that are dropped meanwhile, tables of other owners, names that are in the text, and every boundary. */
import { createTenancy, type Config, type MigrationSource } from 'partywall'
import { Client } from 'pg'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import type { Migration } from '../../src/ports/migration-source.ts'
import { leastPrivilege } from '../support/tenants/least-privilege.ts'
import { testDatabase } from '../support/servers/database.ts'

const { url, directUrl } = await testDatabase()
const logins = await leastPrivilege(directUrl, url)
const client = new Client({ connectionString: directUrl })
beforeAll(() => client.connect())
afterAll(() => client.end())

const migration = (text: string): Migration => ({
  name: '0001',
  file: '0001.sql',
  checksum: text,
  up: { kind: 'sql', text, line: 1 },
})
const notes =
  'create table notes (id serial primary key, text text); create index notes_text on notes (text); create view texts as select text from notes'

function tenancyWith(kind: string, list: MigrationSource['list'], more: Config = {}) {
  const database = { connectionString: logins.app, deploy: logins.deploy, loginKey: 'k'.repeat(40) }
  const tenant = { [kind]: { name: 'given', list }, default: false as const }
  const tenancy = createTenancy({ database, ...more, migrations: { shared: false, tenant, ...more.migrations } })
  onTestFinished(() => tenancy.close())
  return tenancy
}

test('a tenant that is dropped while drift reads the files is not known, and the others are compared', async () => {
  let isArmed = false
  const tenancy = tenancyWith('dropped', async () => {
    if (isArmed) await client.query('drop schema if exists dropped_2 cascade')
    return [migration(notes)]
  })
  for (const schema of ['dropped_1', 'dropped_2', 'dropped_3']) await tenancy.tenants.create({ schema, kind: 'dropped' })
  await client.query('drop index dropped_2.notes_text; alter table dropped_3.notes add column extra text')
  isArmed = true
  const { ok, tenants } = await tenancy.drift({ kinds: 'dropped' })
  expect(ok).toBe(false)
  expect(tenants.map(({ state, reason }) => [state, reason])).toEqual([
    ['as expected', undefined],
    ['unknown', expect.stringContaining('dropped it meanwhile')],
    ['drifted', undefined],
  ])
})

test('fix without the right to a table says so for its statement, and does the others', async () => {
  const tenancy = tenancyWith('owned', async () => [migration(notes)])
  await tenancy.tenants.create({ schema: 'owned', kind: 'owned' })
  await client.query('drop index owned.notes_text; drop view owned.texts; alter table owned.notes owner to current_user')
  await client.query(`grant select on owned.notes to "${logins.deployRole}"`)
  const [entry] = (await tenancy.drift({ tenants: 'owned', fix: true })).tenants
  expect(entry).toMatchObject({
    state: 'drifted',
    fixed: {
      done: [expect.stringContaining('create view "texts"')],
      failed: [{ statement: expect.stringContaining('notes_text'), reason: 'The role may not do it. (SQLSTATE 42501)' }],
    },
  })
})

test('fix goes on where one table is locked, and says which statement was not done', async () => {
  const tenancy = tenancyWith('locked', async () => [migration(`${notes}; create table tags (id integer, tag text)`)])
  await tenancy.tenants.create({ schema: 'locked', kind: 'locked' })
  await client.query('alter table locked.notes alter column text set statistics 7; alter table locked.tags drop column tag')
  const other = new Client({ connectionString: directUrl })
  await other.connect()
  onTestFinished(() => other.end())
  await other.query('begin; lock table locked.notes in share update exclusive mode')
  const [entry] = (await tenancy.drift({ tenants: 'locked', fix: true, lockTimeoutMs: 20 })).tenants
  expect(entry).toMatchObject({
    state: 'drifted',
    differences: [{ name: 'notes.text' }],
    fixed: {
      done: [expect.stringContaining('add column "tag" text')],
      failed: [{ statement: expect.stringContaining('set statistics -1'), reason: expect.stringContaining('55P03') }],
    },
  })
})

test('fix makes a function with the name of its schema in the body for the tenant, and leaves one to a person where the name needs quotes', async () => {
  const text = `do $$ begin
    execute format('create function own() returns text language sql as %L', 'select ' || quote_literal(current_schema()));
  end $$`
  const tenancy = tenancyWith('named', async () => [migration(text)])
  for (const schema of ['named_1', 'named-2']) {
    await tenancy.tenants.create({ schema, kind: 'named' })
    await client.query(`drop function "${schema}".own()`)
  }
  const { tenants } = await tenancy.drift({ kinds: 'named', fix: true })
  expect(tenants.map(({ target, state, repairs }) => [target, state, repairs.map(({ statement }) => statement)])).toEqual([
    ['named-2', 'drifted', [null]],
    ['named_1', 'as expected', []],
  ])
  expect((await client.query('select named_1.own()')).rows).toEqual([{ own: 'named_1' }])
})

test.each(['path', 'role', 'login'] as const)(
  'what tenants should have is made under the boundary %s too, whatever boundary each tenant has, and fix gives the tenant its rights',
  async (boundary) => {
    const tenants = { [`${boundary}_by_role`]: 'role', [`${boundary}_by_login`]: 'login' } as const
    const tenancy = tenancyWith(`kind_${boundary}`, async () => [migration(notes)], {
      boundary: { default: boundary, tenants },
    })
    await tenancy.boundary.upgrade()
    const schemas = [...Object.keys(tenants), `${boundary}_other`].toSorted()
    for (const schema of schemas) await tenancy.tenants.create({ schema, kind: `kind_${boundary}` })
    const all = { kinds: `kind_${boundary}` }
    expect(await tenancy.drift(all)).toMatchObject({ ok: true, tenants: schemas.map(() => ({ comparedWith: 'files' })) })
    for (const schema of schemas) await client.query(`drop table ${schema}.notes cascade`)
    expect(await tenancy.drift({ ...all, fix: true })).toMatchObject({ ok: true })
    for (const schema of schemas) {
      await tenancy.run(schema, async () => {
        await tenancy.pool.query(`insert into notes (text) values ('x')`)
        expect((await tenancy.pool.query('select text from texts')).rows).toEqual([{ text: 'x' }])
      })
    }
  },
)
