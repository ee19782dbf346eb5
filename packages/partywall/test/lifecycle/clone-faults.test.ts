/** What goes wrong while a tenant is cloned: nothing is left, and the error has a name. */
import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { createTenancy } from '../../src/index.ts'
import { tenantRole } from '../../src/names/role-name.ts'
import { testDatabase } from '../support/servers/database.ts'
import { leastPrivilege } from '../support/tenants/least-privilege.ts'
import { writeFiles } from '../support/tenants/registry.ts'

const { url, directUrl } = await testDatabase()
const own = await leastPrivilege(directUrl, url)
const admin = new Client(directUrl)
const root = await mkdtemp(join(tmpdir(), 'partywall-clone-'))
await writeFiles(root, {
  'migrations/tenant/0001_notes.sql': 'create table notes (id int primary key, text text); create table more (id int)',
})
const config = { root, database: { connectionString: own.app, deploy: own.deploy }, tenantCacheMs: 0 }
const tenancy = createTenancy(config)
const { tenants } = tenancy

beforeAll(async () => {
  await admin.connect()
  await tenants.create({ schema: 'acme' })
  await tenancy.run('acme', () => tenancy.pool.query(`insert into notes values (1, 'one'), (2, 'two')`))
})
afterAll(async () => {
  await tenancy.close()
  await admin.end()
  await rm(root, { recursive: true })
})

async function assertNothingLeft(schema: string): Promise<void> {
  const { rows } = await admin.query(
    `select to_regnamespace($1) as schema, (select count(*)::int from partywall.tenants where schema = $1) as tenants`,
    [schema],
  )
  expect(rows).toEqual([{ schema: null, tenants: 0 }])
}

test('rows that forced row security hides from the owner refuse the clone', async () => {
  onTestFinished(
    async () =>
      void (await admin.query(
        'drop policy one on acme.notes; alter table acme.notes no force row level security, disable row level security',
      )),
  )
  await admin.query(
    `alter table acme.notes enable row level security, force row level security; create policy one on acme.notes using (id = 1)`,
  )
  const failed = await tenants.clone('acme', { schema: 'hidden' }).catch((error: Error) => error)
  expect(failed).toMatchObject({ code: 'NOT_PERMITTED' })
  expect((failed as Error).message).toContain('bypassrls')
  await assertNothingLeft('hidden')
  expect(await tenants.clone('acme', { schema: 'hidden', data: false })).toMatchObject({ schema: 'hidden' })
})

test('rows that do not fit are named by their constraint, without a value of them', async () => {
  const failed = await tenants
    .clone('acme', { schema: 'same', mask: { 'notes.id': { sql: '7' } } })
    .catch((error: Error) => error)
  expect(failed).toMatchObject({
    code: 'CLONE_FAILED',
    details: { sqlState: '23505', step: 'making indexes, keys and triggers' },
  })
  expect((failed as Error).message).toContain('constraint notes_pkey')
  expect(JSON.stringify(failed) + (failed as Error).message).not.toContain('(7)')
  await assertNothingLeft('same')
})

test('a function whose text may lead to the source refuses the clone, unless it is accepted', async () => {
  await tenants.create({ schema: 'texts' })
  await admin.query(`set role ${own.deployRole}; create function texts.spy() returns bigint language plpgsql as
    $$ declare n bigint; begin execute 'select count(*) from texts.notes' into n; return n; end $$; reset role`)
  const plan = await tenants.clone('texts', { schema: 'texts_2', plan: true })
  expect(plan.remarks).toEqual([expect.stringContaining('spy')])
  await expect(tenants.clone('texts', { schema: 'texts_2' })).rejects.toMatchObject({
    code: 'CLONE_REFUSED',
    details: { problems: plan.remarks },
  })
  await assertNothingLeft('texts_2')
  expect(await tenants.clone('texts', { schema: 'texts_2', accept: true })).toMatchObject({ schema: 'texts_2' })
})

test('a policy for the role of a tenant refuses the clone', async () => {
  await tenants.create({ schema: 'tied' })
  // Roles belong to the whole server, on which other tests run.
  const role = tenantRole(randomUUID())
  await admin.query(`create role ${role}; create policy one on tied.notes to ${role}`)
  onTestFinished(async () => void (await admin.query(`drop policy one on tied.notes; drop role ${role}`)))
  await expect(tenants.clone('tied', { schema: 'tied_2', data: false })).rejects.toMatchObject({
    code: 'CLONE_REFUSED',
    details: { problems: ['the policy one of notes is for the role of a tenant'] },
  })
  await assertNothingLeft('tied_2')
})

test('a foreign table is made when it is accepted, and its rows stay where they are; numbers of large objects refuse the clone', async () => {
  await tenants.create({ schema: 'far' })
  await admin.query(`
    create foreign data wrapper nowhere; create server away foreign data wrapper nowhere; grant usage on foreign server away to ${own.deployRole};
    create domain public.lo as oid; grant usage on type public.lo to ${own.deployRole};
    set role ${own.deployRole}; create foreign table far.away (id int) server away; create table far.pictures (picture public.lo); reset role`)
  await expect(tenants.clone('far', { schema: 'far_2' })).rejects.toMatchObject({
    code: 'CLONE_REFUSED',
    details: { problems: [expect.stringContaining('pictures.picture holds numbers of objects')] },
  })
  const mask = { 'pictures.picture': 'null' } as const
  await expect(tenants.clone('far', { schema: 'far_2', mask })).rejects.toMatchObject({
    code: 'CLONE_REFUSED',
    details: { problems: [expect.stringContaining('"away" is a foreign table')] },
  })
  expect(await tenants.clone('far', { schema: 'far_2', mask, accept: true })).toMatchObject({ schema: 'far_2' })
})

test('rights of a login of the customer stay with the source', async () => {
  const { login } = await tenancy.logins.create('acme', { name: 'tools' })
  const role = login.role
  await tenants.clone('acme', { schema: 'no_login' })
  const { rows } = await admin.query(
    `select has_schema_privilege($1, 'no_login', 'usage') as schema, has_table_privilege($1, 'no_login.notes', 'select') as rows`,
    [role],
  )
  expect(rows).toEqual([{ schema: false, rows: false }])
})

test('a source that is renamed, dropped or migrated meanwhile is found again, refused or waited for', async () => {
  await tenants.create({ schema: 'moving' })
  await admin.query('begin; lock table moving.notes in access exclusive mode')
  const clone = tenants.clone('moving', { schema: 'moved_copy' })
  await expect
    .poll(
      async () =>
        (await admin.query(`select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`)).rows
          .length,
    )
    .toBeGreaterThan(0)
  await tenants.rename('moving', { schema: 'moved' })
  await admin.query('rollback')
  expect(await clone).toMatchObject({ schema: 'moved_copy' })
  await admin.query('drop schema moved cascade')
  await expect(tenants.clone('moved', { schema: 'x' })).rejects.toMatchObject({ code: 'SCHEMA_MISSING' })
  await assertNothingLeft('x')
})
