/** The boundary `role`: each statement of a tenant runs as its role, and PostgreSQL refuses what that role may not do. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import Cursor from 'pg-cursor'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { createTenancy, type Tenant } from '../../src/index.ts'
import { identifier } from '../../src/names/identifier.ts'
import { fixedRole, tenantRole } from '../../src/names/role-name.ts'
import { leastPrivilege } from '../support/tenants/least-privilege.ts'
import { testDatabase } from '../support/servers/database.ts'
import { writeFiles } from '../support/tenants/registry.ts'

const { url, directUrl, name } = await testDatabase()
const logins = await leastPrivilege(directUrl, url)
const root = await mkdtemp(join(tmpdir(), 'partywall-role-'))
await writeFiles(root, {
  'migrations/tenant/0001_projects.sql': `create table projects (id serial primary key, name text);
    create function count_projects() returns bigint language sql as 'select count(*) from projects'`,
  'migrations/shared/0001_plans.sql': `create table plans (name text primary key); insert into plans values ('free')`,
})
const wall = { root, database: { connectionString: logins.app, deploy: logins.deploy }, boundary: 'role' } as const
const tenancy = createTenancy(wall)
const strict = createTenancy({ ...wall, strict: true })
const admin = new Client(directUrl)
const tenants = {} as Record<'acme' | 'globex', Tenant>

beforeAll(async () => {
  await admin.connect()
  await tenancy.migrations.run()
  for (const schema of ['acme', 'globex'] as const) {
    tenants[schema] = await tenancy.tenants.create({ schema })
    await tenancy.run(schema, () => tenancy.pool.query('insert into projects (name) values ($1)', [`of ${schema}`]))
  }
})
afterAll(async () => {
  await Promise.all([tenancy.close(), strict.close()])
  await admin.end()
  await rm(root, { recursive: true })
})

const inAcme = (text: string, values?: unknown[]): Promise<any> => tenancy.run('acme', () => tenancy.pool.query(text, values))
const inGlobex = (text: string): Promise<any> => tenancy.run('globex', () => tenancy.pool.query(text))
const names = 'select name from projects'
const whoAmI = 'select current_user::text as role, session_user::text as login'

describe('a statement of a tenant', () => {
  test('runs as the role of the tenant, on a connection of the login', async () => {
    const expected = { rows: [{ role: tenantRole(tenants.acme.id), login: logins.appRole }] }
    expect(await inAcme(whoAmI)).toMatchObject(expected)
    expect(await inAcme(`${whoAmI} where $1::int = 1`, [1])).toMatchObject(expected)
    expect(await tenancy.run('acme', () => tenancy.session('acme', (client) => client.query(whoAmI)))).toMatchObject(expected)
    const cursor = await tenancy.run('acme', async () => {
      const client = await tenancy.pool.connect()
      const read = client.query(new Cursor(whoAmI))
      const rows = await read.read(5)
      await read.close()
      client.release()
      return rows
    })
    expect(cursor).toEqual(expected.rows)
  })

  test('keeps the role through a transaction, in which the tenant may not call set_config', async () => {
    await tenancy.run('acme', async () => {
      const client = await tenancy.pool.connect()
      const role = async (): Promise<string> => (await client.query(whoAmI)).rows[0].role
      await client.query('begin')
      await client.query('lock table projects in access share mode')
      expect(await role()).toBe(tenantRole(tenants.acme.id))
      await client.query('savepoint one')
      await client.query('select 1 / 0').catch(() => {})
      await client.query('rollback to savepoint one')
      expect(await role()).toBe(tenantRole(tenants.acme.id))
      expect(((await client.query(`select 1; ${whoAmI}`)) as unknown as any[])[1].rows[0].role).toBe(tenantRole(tenants.acme.id))
      await client.query(`set local role ${tenantRole(tenants.globex.id)}`)
      expect(await role(), 'bound once more').toBe(tenantRole(tenants.acme.id))
      await client.query('commit')
      client.release()
    })
  })

  test('reads and writes rows of its own schema, also in tables that a later migration makes', async () => {
    expect((await inAcme('select name, count_projects()::int as count from projects')).rows).toEqual([
      { name: 'of acme', count: 1 },
    ])
    const deploy = new Client(logins.deploy)
    await deploy.connect()
    await deploy.query('create table acme.later (id int generated always as identity, n serial)')
    await deploy.end()
    expect((await inAcme('insert into later default values returning id, n')).rows).toEqual([{ id: 1, n: 1 }])
  })

  test('reads the shared schema, and writes nothing there', async () => {
    expect((await inAcme('select name from plans')).rows).toEqual([{ name: 'free' }])
    await expect(inAcme(`insert into plans values ('gold')`)).rejects.toMatchObject({ code: '42501' })
    expect((await tenancy.sharedPool.query(`insert into plans values ('gold') returning name`)).rows).toEqual([{ name: 'gold' }])
    expect((await tenancy.runShared(() => tenancy.pool.query(whoAmI))).rows[0].role).toBe(fixedRole('shared', name))
  })

  test.each([
    ['another schema', 'select * from globex.projects'],
    ['another schema, by a write', `update globex.projects set name = 'x'`],
    ['another schema, by COPY', 'copy globex.projects to stdout'],
    ['another schema, by text', `select query_to_xml('select * from globex.projects', true, true, '')`],
    ['another sequence', `select nextval('globex.projects_id_seq')`],
    ['the catalog', 'select * from partywall.tenants'],
    ['what migrations have recorded', 'delete from partywall_migrations'],
    ['a new table', 'create table mine (id int)'],
    ['its own tables', 'drop table projects'],
    ['a role of another tenant, by a setting', `select set_config('role', 'other', true)`],
    ['a role of another tenant, by the view of settings', `update pg_settings set setting = 'other' where name = 'role'`],
  ])('is refused by PostgreSQL: %s', async (_, text) => {
    await expect(inAcme(text)).rejects.toMatchObject({ code: '42501' })
  })
})

test('a login that has left every role can do nothing', async () => {
  for (const table of ['acme.projects', 'globex.projects', 'public.plans', 'partywall.tenants'])
    await expect(inAcme(`reset role; select * from ${table}`)).rejects.toMatchObject({ code: '42501' })
})

describe('with the option strict', () => {
  test.each([
    `set role none; select 1`,
    `do $$ begin perform 1; end $$`,
    'set role none',
    'create function pg_temp.f() returns int language sql as $$ select 1 $$',
  ])('%s is not sent', async (text) => {
    await expect(strict.run('acme', () => strict.pool.query(text))).rejects.toMatchObject({ code: 'UNSAFE_STATEMENT' })
    await expect(strict.run('acme', () => strict.session('acme', (client) => client.query(text)))).rejects.toMatchObject({
      code: 'UNSAFE_STATEMENT',
    })
  })

  test('a text of several statements runs without it, and in the shared scope', async () => {
    await expect(inAcme('select 1; select 2')).resolves.toHaveLength(2)
    await expect(strict.runShared(() => strict.pool.query('select 1; select 2'))).resolves.toHaveLength(2)
  })
})

test('a session refuses to switch the role, also without strict', async () => {
  const attempt = tenancy.session('acme', (client) => client.query(`set role ${tenantRole(tenants.globex.id)}`))
  await expect(attempt).rejects.toMatchObject({ code: 'UNSAFE_STATEMENT' })
})

test('a connection on which a function left another role is closed, and no statement runs on it', async () => {
  const discarded: string[] = []
  const one = createTenancy({ ...wall, pool: { max: 1 } })
  onTestFinished(() => one.close())
  one.on('connection.discarded', ({ reason }) => discarded.push(reason))
  await admin.query(`create function acme.sneak(other text) returns void language plpgsql as
    $$ begin execute format('set session role %I', other); end $$; grant execute on function acme.sneak to public`)
  await one.run('acme', () => one.pool.query('select sneak($1)', [tenantRole(tenants.globex.id)]))
  const read = (): Promise<any> => one.run('acme', () => one.pool.query(whoAmI))
  await expect(read()).rejects.toMatchObject({ code: 'ROLE_MISSING' })
  expect(discarded).toEqual(['it holds a role that partywall cannot leave'])
  expect((await read()).rows[0].role).toBe(tenantRole(tenants.acme.id))
})

describe('a tenant without a role, or whose role the login may not take', () => {
  test('is refused, and its statements run as no other role', async () => {
    const role = identifier(tenantRole(tenants.globex.id))
    await admin.query(`set role ${logins.deployRole}; revoke ${role} from ${logins.appRole}; reset role`)
    await expect(inGlobex(names)).rejects.toMatchObject({
      code: 'ROLE_MISSING',
      message: expect.stringContaining('boundary upgrade'),
    })
    await admin.query(`alter role ${role} rename to moved_away_${process.pid}`)
    await expect(inGlobex(names)).rejects.toMatchObject({ code: 'ROLE_MISSING' })
    await admin.query(`alter role moved_away_${process.pid} rename to ${role};
      set role ${logins.deployRole}; grant ${role} to ${logins.appRole}; reset role`)
    expect((await inGlobex(names)).rows).toEqual([{ name: 'of globex' }])
  })

  test('is not created half: a deploy role that may not create roles leaves nothing', async () => {
    await admin.query(`alter role ${logins.deployRole} nocreaterole`)
    await expect(tenancy.tenants.create({ schema: 'initech' })).rejects.toMatchObject({ code: 'NOT_PERMITTED' })
    await admin.query(`alter role ${logins.deployRole} createrole`)
    expect(await tenancy.tenants.find('initech')).toBeUndefined()
    expect((await admin.query(`select from pg_namespace where nspname = 'initech'`)).rows).toEqual([])
  })
})

test('a process that has only the login of the application resolves, changes and checks tenants, and creates none', async () => {
  const web = createTenancy({ root, database: logins.app, boundary: 'role' })
  onTestFinished(() => web.close())
  await web.ready()
  expect((await web.migrations.status()).filter(({ pending }) => pending.length > 0)).toEqual([])
  expect(await web.migrations.check()).toBe(true)
  await web.tenants.suspend('globex')
  expect((await web.tenants.activate('globex')).status).toBe('active')
  await web.domains.add('globex', 'globex.example')
  await expect(web.tenants.create({ schema: 'initech' })).rejects.toMatchObject({ code: 'NOT_PERMITTED' })
  await expect(web.sharedPool.query('select * from partywall.tenants')).rejects.toMatchObject({ code: '42501' })
  expect((await web.probe()).isolation).toMatchObject({ proven: false })
  expect((await tenancy.probe()).isolation).toMatchObject({ proven: true })
})

test('with a deploy role, the boundary path gives the rights to the login itself', async () => {
  const database = await testDatabase()
  const own = await leastPrivilege(database.directUrl, database.url)
  const byPath = createTenancy({ root, database: { connectionString: own.app, deploy: own.deploy } })
  onTestFinished(() => byPath.close())
  await byPath.migrations.run()
  await byPath.tenants.create({ schema: 'acme' })
  const insert = `insert into projects (name) values ('x') returning (select name from plans) as plan, current_user::text as role`
  expect((await byPath.run('acme', () => byPath.pool.query(insert))).rows).toEqual([{ plan: 'free', role: own.appRole }])
  await expect(byPath.run('acme', () => byPath.pool.query('drop table projects'))).rejects.toMatchObject({ code: '42501' })
})
