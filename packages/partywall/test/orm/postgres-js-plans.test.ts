/** A plan outlives the structure that it was made for: PostgreSQL keeps it when a table of the same name appears earlier in the path. */
import postgres from 'postgres'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { forgetPlansText } from '../../src/migrations/apply/forget-plans.ts'
import { tenantPostgresJs } from '../../src/orm/postgres-js/tenant-postgres-js.ts'
import { fourTenants } from '../contract/four-tenants.ts'

const { tenancy, tenants, admin, url } = await fourTenants()
const [a, b] = tenants as [(typeof tenants)[0], (typeof tenants)[0]]

let sql: postgres.Sql

beforeEach(async () => {
  sql = tenantPostgresJs(tenancy, postgres(url, { max: 1, onnotice: () => {} }))
  await admin.query(
    `create table public.notes (text text); grant insert on public.notes to public;
     insert into public.notes values ('shared');
     create function public.notes_in_plpgsql() returns text language plpgsql as 'begin return (select min(text) from notes); end';
     create function public.notes_in_sql() returns text language sql as 'select min(text) from notes'`,
  )
})

afterEach(async () => {
  await sql.end()
  await admin.query(
    `drop function public.notes_in_plpgsql; drop function public.notes_in_sql;
     drop table public.notes; drop table if exists "${a.schema}".notes`,
  )
})

const write = async (): Promise<void> => void (await sql`insert into notes values (${'new'})`)
const readMoods = async (): Promise<unknown> => (await sql`select ${'calm'}::mood as mood, ${['calm']}::mood[] as moods`)[0]

const giveItsOwn = async (): Promise<void> =>
  void (await admin.query(
    `create table "${a.schema}".notes (text text); insert into "${a.schema}".notes values ('own'); ${forgetPlansText(a.schema)}`,
  ))

/** Each has an answer of one row with one column "text". */
const reads: Record<string, (on: postgres.Sql) => postgres.PendingQuery<any>> = {
  'a query with values': (on) => on`select min(text) as text from notes where ${1}::int = 1`,
  'a query without values': (on) => on`select min(text) as text from notes`,
  'an unsafe query that is prepared': (on) =>
    on.unsafe('select min(text) as text from notes where $1::int = 1', [1], { prepare: true }),
  'a plpgsql function': (on) => on`select notes_in_plpgsql() as text where ${1}::int = 1`,
  'a SQL function': (on) => on`select notes_in_sql() as text where ${1}::int = 1`,
}

const readWith = async (on: unknown, how: string): Promise<unknown> => (await reads[how]!(on as postgres.Sql))[0].text

describe.each(Object.keys(reads))('after a migration gave the tenant a table of its own, %s', (how) => {
  const read = (): Promise<unknown> => readWith(sql, how)
  const readInTransaction = (): Promise<unknown> => sql.begin((within) => readWith(within, how))
  // More often than the server makes a new plan for each set of values.
  const often = 8

  test('reads that table', async () => {
    for (let n = 0; n < often; n++) expect(await tenancy.run(a, read)).toBe('shared')
    await giveItsOwn()
    for (let n = 0; n < often; n++) {
      expect(await tenancy.run(a, read)).toBe('own')
      expect(await tenancy.run(b, read, { repair: true })).toBe('shared')
    }
  })

  test('reads that table in a transaction', async () => {
    for (let n = 0; n < often; n++) expect(await tenancy.run(a, readInTransaction)).toBe('shared')
    await giveItsOwn()
    for (let n = 0; n < often; n++) expect(await tenancy.run(a, readInTransaction)).toBe('own')
  })
})

test('after a migration gave the tenant a table of its own, a query writes to that table', async () => {
  for (let n = 0; n < 8; n++) await tenancy.run(a, write)
  await giveItsOwn()
  for (let n = 0; n < 8; n++) await tenancy.run(a, write)
  expect((await admin.query('select count(*)::int from public.notes')).rows).toEqual([{ count: 9 }])
  expect((await admin.query(`select count(*)::int from "${a.schema}".notes`)).rows).toEqual([{ count: 9 }])
})

test('a tenant that was created under the name of an earlier one has its own types', async () => {
  const mood = { mood: 'calm', moods: ['calm'] }
  for (let round = 0; round < 2; round++) {
    const tenant = await tenancy.tenants.create({ schema: 'again' })
    for (let n = 0; n < 8; n++) expect(await tenancy.run(tenant, readMoods)).toEqual(mood)
    await admin.query(`drop schema again cascade; delete from partywall.tenants where schema = 'again'`)
  }
})
