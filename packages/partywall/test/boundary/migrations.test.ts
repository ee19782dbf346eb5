/** Migrations under the boundary `role`, in a database and with roles whose names need quotes. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTenancy } from '../../src/index.ts'
import { identifier } from '../../src/names/identifier.ts'
import { tenantRole } from '../../src/names/role-name.ts'
import { testDatabase } from '../support/servers/database.ts'
import { writeFiles } from '../support/tenants/registry.ts'

const { directUrl, adminUrl, name: base } = await testDatabase()
/** 63 bytes, the most that PostgreSQL keeps. */
const name = `${base.slice(0, 40)} "Ü" '%s' ${'x'.repeat(63)}`
const database = Buffer.from(name).subarray(0, 63).toString()
const [app, deploy] = [`${base.slice(0, 30)} "App"`, `${base.slice(0, 30)} 'De"ploy' %s`]
const sharedSchema = 'Shared "%s" \'things\''
const root = await mkdtemp(join(tmpdir(), 'partywall-hostile-'))
const as = (user: string): string => {
  const changed = new URL(directUrl)
  changed.username = encodeURIComponent(user)
  changed.password = 'x'
  changed.pathname = `/${encodeURIComponent(database)}`
  return changed.href
}
const server = new Client(adminUrl)
const admin = new Client(directUrl.replace(/\/[^/?]*(\?|$)/, `/${encodeURIComponent(database)}$1`))
const config = {
  root,
  database: { connectionString: as(app), deploy: as(deploy) },
  sharedSchema,
  shared: { grants: { 'Pl"ans': ['insert'] } },
} as const
const byRole = createTenancy({ ...config, boundary: 'role' })
const byPath = createTenancy({ ...config, shared: {}, boundary: 'path' })

beforeAll(async () => {
  await server.connect()
  for (const role of [app, deploy]) await server.query(`create role ${identifier(role)} login createrole password 'x'`)
  await server.query(`alter role ${identifier(app)} nocreaterole noinherit`)
  await server.query(`create database ${identifier(database)}`)
  await server.query(`grant create on database ${identifier(database)} to ${identifier(deploy)}`)
  await admin.connect()
  // PostgreSQL 14 lets everyone create there.
  await admin.query('revoke create on schema public from public')
  await writeFiles(root, {
    'migrations/tenant/0001_notes.sql':
      'create table notes (id serial primary key, text text);\n-- partywall: down\ndrop table notes;',
    'migrations/tenant/0002_tags.sql':
      'create table tags (id serial primary key, text text);\n-- partywall: down\ndrop table tags;',
    'migrations/shared/0001_plans.sql': 'create table "Pl""ans" (name text)',
  })
  await byPath.migrations.run()
  await byPath.tenants.create({ schema: 'acme' })
  await byRole.boundary.upgrade()
  await byRole.tenants.create({ schema: 'globex' })
}, 30_000)
afterAll(async () => {
  await Promise.all([byRole.close(), byPath.close()])
  await admin.end()
  await server.query(`drop database ${identifier(database)} with (force)`)
  for (const role of [app, deploy]) await server.query(`drop role ${identifier(role)}`)
  await server.end()
  await rm(root, { recursive: true })
})

const tenants = ['acme', 'globex']
const roleOf = async (schema: string): Promise<string> =>
  tenantRole((await admin.query('select id from partywall.tenants where schema = $1', [schema])).rows[0].id)

async function expectInOrder(): Promise<void> {
  for (const schema of tenants) {
    await byRole.run(schema, async () => {
      const { pool } = byRole
      await pool.query(`insert into notes (text) values ('x')`)
      await pool.query(`insert into tags (text) values ('x')`)
      await pool.query(`insert into "Pl""ans" values ('x')`)
      expect((await pool.query('select name from partywall_migrations order by name')).rows).toHaveLength(2)
      for (const text of [
        `insert into partywall_migrations (position, name, checksum) values (9, 'x', 'x')`,
        'delete from partywall_migrations',
      ])
        await expect(pool.query(text)).rejects.toMatchObject({ code: '42501' })
    })
  }
  expect(await byRole.boundary.status()).toMatchObject({
    counts: { role: { ready: 1, unfinished: 1, lacking: 0 } },
    foreignGrants: [],
  })
}

test('new tenants and upgraded ones read the history of their schema and cannot write it', expectInOrder)

test('the history that a reset makes again is not writable for the tenant, and its tables are', async () => {
  expect(await byRole.migrations.reset({ tenants })).toMatchObject({ ok: true })
  await expectInOrder()
})

test('the tables of migrations that are rolled back and applied again belong to the tenant as before', async () => {
  expect(await byRole.migrations.run({ tenants, down: true, to: '0001_notes' })).toMatchObject({ ok: true })
  expect(await byRole.migrations.run()).toMatchObject({ ok: true })
  expect(await byRole.migrations.redo({ tenants })).toMatchObject({ ok: true })
  await expectInOrder()
})

test('a history that is made later, for a schema without one, is not writable either', async () => {
  await admin.query(`set role ${identifier(deploy)}; drop table acme.partywall_migrations, acme.notes, acme.tags; reset role`)
  expect(await byRole.migrations.run()).toMatchObject({ ok: true })
  await expectInOrder()
})

test('the boundary goes back to path, and the roles of the database are dropped', async () => {
  expect(await byRole.boundary.upgrade({ finish: true })).toMatchObject({ ok: true })
  expect((await byRole.doctor()).findings.filter(({ id, severity }) => /^PW-1[23]/.test(id) && severity === 'error')).toEqual([])
  const roles = await Promise.all(tenants.map(roleOf))
  expect(await byPath.boundary.downgrade({ finish: true })).toMatchObject({ ok: true })
  expect((await admin.query('select from pg_roles where rolname = any ($1)', [roles])).rows).toEqual([])
  await byPath.run('acme', () => byPath.pool.query('select * from notes'))
})
