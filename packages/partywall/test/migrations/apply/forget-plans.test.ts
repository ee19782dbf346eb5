/**
 * Plans that were made before a migration gave a tenant a table of its own: PostgreSQL keeps them, because no table that they use has changed.
 * Then a prepared statement and a function read and write the table of the shared schema, which all tenants have in common.
 */
import { Client } from 'pg'
import postgres from 'postgres'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { createTenancy, type Tenancy } from '../../../src/index.ts'
import { tenantPostgresJs } from '../../../src/orm/postgres-js/tenant-postgres-js.ts'
import { testDatabase } from '../../support/servers/database.ts'
import { folderForTest, writeFiles } from '../../support/tenants/registry.ts'

const read = 'select text from notes'
const write = `insert into notes values ('of a tenant')`

/** So often that the server keeps the plan of a prepared statement. */
const often = 8

let url: string
beforeEach(async () => {
  ;({ url } = await testDatabase())
})

test('bites: on one session, a plan outlives the structure that it was made for', async () => {
  const client = new Client(url)
  await client.connect()
  await client.query(
    `create schema acme; create table notes (text text); insert into notes values ('shared'); set search_path to acme, public`,
  )
  for (let round = 0; round < often; round++) await client.query({ name: 'read', text: read })
  await client.query('create table acme.notes (text text)')
  expect((await client.query({ name: 'read', text: read })).rows).toEqual([{ text: 'shared' }])
  await client.end()
})

describe('after a migration that creates a table which only the shared schema had', () => {
  const migrations: Record<string, Record<string, string>> = {
    'in a transaction': { 'migrations/tenant/0001_notes.sql': 'create table notes (text text);' },
    'outside of transactions': {
      'migrations/tenant/0001_notes.sql': '-- partywall: no-transaction\ncreate table notes (text text);',
    },
    'in TypeScript': {
      'migrations/tenant/0001_notes.ts': `export const up = async ({ client }) => { await client.query('create table notes (text text)') }`,
    },
  }
  const ways: Record<string, (tenancy: Tenancy, sql: postgres.Sql) => (text: string) => Promise<unknown[]>> = {
    'a named statement': (tenancy) => async (text) => (await tenancy.pool.query({ name: text, text })).rows,
    'a query of postgres.js with values': (_, sql) => async (text) => [
      ...(text === read
        ? await sql`select text from notes where ${1} = 1`
        : await sql`insert into notes select ${'of a tenant'}`),
    ],
    'a function of PL/pgSQL': (tenancy) => async (text) =>
      (await tenancy.pool.query(text === read ? 'select text from read_notes() as text' : 'select write_notes()')).rows,
  }

  for (const [kind, files] of Object.entries(migrations)) {
    test.each(Object.entries(ways))(`${kind}, %s uses the tenant's own`, async (_, way) => {
      const root = await folderForTest({
        'migrations/shared/0001_notes.sql': `
          create table notes (text text);
          insert into notes values ('shared');
          create function read_notes() returns setof text language plpgsql as $$ begin return query select text from notes; end $$;
          create function write_notes() returns void language plpgsql as $$ begin ${write}; end $$;`,
        'migrations/tenant/.keep': '',
      })
      const tenancy = createTenancy({ database: url, root, migrations: { shadowed: ['notes'] }, pool: { max: 1 } })
      const sql = tenantPostgresJs(tenancy, postgres(url, { max: 1 }))
      onTestFinished(async () => {
        await sql.end()
        await tenancy.close()
      })
      await tenancy.migrations.run()
      const acme = await tenancy.tenants.create({ schema: 'acme' })
      const run = way(tenancy, sql)
      for (let round = 0; round < often; round++) expect(await tenancy.run(acme, () => run(read))).toEqual([{ text: 'shared' }])
      for (let round = 0; round < often; round++) await tenancy.run(acme, () => run(write))
      await tenancy.runShared(() => tenancy.pool.query(`delete from notes where text <> 'shared'`))
      await writeFiles(root, files)
      expect(await tenancy.migrations.run()).toMatchObject({ ok: true })
      expect(await tenancy.run(acme, () => run(read))).toEqual([])
      await tenancy.run(acme, () => run(write))
      expect(await tenancy.run(acme, () => run(read))).toEqual([{ text: 'of a tenant' }])
      expect((await tenancy.sharedPool.query(read)).rows).toEqual([{ text: 'shared' }])
    })
  }
})
