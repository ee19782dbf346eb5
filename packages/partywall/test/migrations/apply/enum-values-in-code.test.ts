import { expect, test } from 'vitest'
import { knexMigrations } from '../../../src/orm/knex.ts'
import { tenantOf } from '../../support/tenants/tenant-of-source.ts'

/** Refuses, as PostgreSQL 16 and older do, when a value of the type was not made together with its type. */
const use = (type: string): string => `
  do $$ begin
    if (select count(distinct cmin::text) > 1 from pg_enum where enumtypid = '${type}'::regtype) then
      raise 'unsafe use of new value' using errcode = '55P04';
    end if;
  end $$`

const send = (...texts: string[]) => ({
  up: async (db: any) => {
    for (const text of texts) await db.raw(text)
  },
})

test('a new tenant gets the values that code adds to an enum where the type is created, and so does the next one at once', async () => {
  let runs = 0
  const tenant = knexMigrations({
    '1': send(`create type mood as enum ('a', 'd')`, 'create table books (mood mood)'),
    '2': send(`alter type mood add value 'b' after 'a'`, `alter type mood add value if not exists 'b'`),
    '3': send(use('mood'), `insert into books values ('b')`, `create type tone as enum ('x')`),
    '4': send(`alter type tone add value 'y'`, `alter type mood add value 'c' before 'd'`),
    '5': {
      up: async (db: any) => {
        runs++
        await send(use('tone'), use('mood'), `insert into books values ('c')`).up(db)
      },
    },
  })
  const { create, rows } = await tenantOf(tenant)
  for (const schema of ['a', 'b']) await create({ schema })
  for (const schema of ['a', 'b']) {
    expect(await rows(`select enum_range(null::${schema}.mood)::text, enum_range(null::${schema}.tone)::text as tone`)).toEqual([
      { enum_range: '{a,b,c,d}', tone: '{x,y}' },
    ])
    expect(await rows(`select mood::text from ${schema}.books`)).toEqual([{ mood: 'b' }, { mood: 'c' }])
  }
  expect(runs).toBe(3)
})

test('a new tenant has no value whose addition its code does not send, and is refused where values cannot be put together', async () => {
  const migration = (add: (tenant: string) => boolean) => ({
    up: async (db: any) => {
      const { rows } = await db.raw('select current_schema() as schema')
      await db.raw(`create type mood as enum ('a')`)
      if (add(rows[0].schema)) await send(`alter type mood add value 'b'`, use('mood')).up(db)
    },
  })
  const { create, rows } = await tenantOf(knexMigrations({ '1': migration((tenant) => tenant === 'a') }))
  for (const schema of ['a', 'b']) await create({ schema })
  expect(await rows(`select enum_range(null::a.mood)::text as a, enum_range(null::b.mood)::text as b`)).toEqual([
    { a: '{a,b}', b: '{a}' },
  ])
  const unclear = knexMigrations({
    '1': send(
      `create type mood as enum ('a')`,
      `do $$ declare l text := 'b'; begin execute format('alter type mood add value %L', l); end $$`,
      use('mood'),
    ),
  })
  const other = await tenantOf(unclear)
  await expect(other.createTenant()).rejects.toMatchObject({ code: 'MIGRATION_FAILED', details: { sqlState: '55P04' } })
  expect(await other.rows(`select to_regnamespace('a') as schema`)).toEqual([{ schema: null }])
})
