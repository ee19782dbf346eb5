/** `boundary.upgrade` and `downgrade`: the rights of a fleet follow the option `boundary`, while processes of both configurations work. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { createTenancy, type Config, type Tenancy } from '../../src/index.ts'
import { fixedRole, tenantRole } from '../../src/names/role-name.ts'
import { leastPrivilege } from '../support/tenants/least-privilege.ts'
import { testDatabase } from '../support/servers/database.ts'
import { folderForTest, writeFiles } from '../support/tenants/registry.ts'

const { url, directUrl, name } = await testDatabase()
const logins = await leastPrivilege(directUrl, url)
const root = await mkdtemp(join(tmpdir(), 'partywall-upgrade-'))
await writeFiles(root, {
  'migrations/tenant/0001_notes.sql': `create table notes (id serial primary key, text text);
    create type mood as enum ('good'); create function count_notes() returns bigint language sql as 'select count(*) from notes'`,
  'migrations/shared/0001_signups.sql':
    'create table signups (id serial primary key, email text); create table plans (name text)',
})
const database = { connectionString: logins.app, deploy: logins.deploy }
const opened: Tenancy[] = []
const open = (config: Config): Tenancy => {
  const tenancy = createTenancy({ root, database, ...config })
  opened.push(tenancy)
  return tenancy
}
const byPath = open({ boundary: 'path' })
const byRole = open({ boundary: 'role' })
const admin = new Client(directUrl)
const deploy = new Client(logins.deploy)
const schemas = ['acme', 'globex', 'initech']

beforeAll(async () => {
  await Promise.all([admin.connect(), deploy.connect()])
  await byPath.migrations.run()
  for (const schema of schemas) await byPath.tenants.create({ schema })
})
afterAll(async () => {
  await Promise.all(opened.map((tenancy) => tenancy.close()))
  await Promise.all([admin.end(), deploy.end()])
  await rm(root, { recursive: true })
})

const whoAmI = 'select current_user::text as role, count_notes()::int >= 0 as counted'
const role = async (tenancy: Tenancy, schema: string): Promise<string> =>
  tenancy.run(schema, async () => {
    await tenancy.pool.query(`insert into notes (text) values ('x')`)
    return (await tenancy.pool.query(whoAmI)).rows[0].role
  })
const idOf = async (schema: string): Promise<string> =>
  (await admin.query('select id from partywall.tenants where schema = $1', [schema])).rows[0].id
const roleOf = async (schema: string): Promise<string> => tenantRole(await idOf(schema))
const refused = { code: '42501' }

describe('a fleet that goes from path to role', () => {
  test('is shown by a dry run and by the status before anything is changed', async () => {
    const report = await byRole.boundary.upgrade({ dryRun: true })
    expect(report.entries.map(({ target, lacked }) => [target, lacked])).toEqual(
      schemas.map((schema) => [schema, ['role', 'group', 'membership', 'usage', 'future']]),
    )
    expect((await byRole.boundary.status()).counts).toEqual({ role: { ready: 0, unfinished: 0, lacking: 3 } })
    expect((await admin.query('select from pg_roles where rolname = $1', [await roleOf('acme')])).rows).toEqual([])
  })

  test('one tenant after the other, and a second run changes nothing', async () => {
    expect(await byRole.boundary.upgrade({ tenants: 'acme' })).toMatchObject({ ok: true, unchanged: 0, missingGuards: [] })
    expect(await role(byRole, 'acme')).toBe(await roleOf('acme'))
    await expect(role(byRole, 'globex')).rejects.toMatchObject({ code: 'ROLE_MISSING' })
    const all = await byRole.boundary.upgrade()
    expect(all.entries.map(({ target }) => target)).toEqual(['globex', 'initech'])
    expect(await byRole.boundary.upgrade()).toMatchObject({ ok: true, entries: [], unchanged: 3 })
  })

  test('serves processes of both configurations, until the last step', async () => {
    for (const schema of schemas) {
      expect(await role(byPath, schema)).toBe(logins.appRole)
      expect(await role(byRole, schema)).toBe(await roleOf(schema))
    }
    expect((await byRole.boundary.status()).counts).toEqual({ role: { ready: 0, unfinished: 3, lacking: 0 } })
  })

  test('repairs wrong rights of one tenant, and reports what others have granted', async () => {
    const acme = await roleOf('acme')
    await deploy.query(`revoke insert on acme.notes from ${acme}; grant truncate on acme.notes to ${acme}; grant create on schema acme to ${acme};
      grant delete on acme.partywall_migrations to ${acme}; alter default privileges in schema acme revoke all on tables from ${acme};
      grant usage on schema acme to ${await roleOf('globex')}; grant select (text) on acme.notes to public`)
    const { foreignGrants, notReady } = await byRole.boundary.status()
    expect(notReady.find(({ state }) => state === 'lacking')).toMatchObject({
      schema: 'acme',
      lacks: ['usage', 'future', 'objects'],
    })
    expect(foreignGrants).toMatchObject([
      { object: 'schema acme', grantee: await roleOf('globex'), privileges: 'usage' },
      { object: 'table acme.notes', grantee: 'public', privileges: 'select' },
    ])
    for (const { fix } of foreignGrants) await deploy.query(fix.replace('revoke all on table', 'revoke select (text) on'))
    expect(await byRole.boundary.upgrade()).toMatchObject({ ok: true, entries: [{ target: 'acme' }] })
    expect(await role(byRole, 'acme')).toBe(acme)
    await expect(byRole.run('acme', () => byRole.pool.query('truncate notes'))).rejects.toMatchObject(refused)
    expect((await byRole.boundary.status()).foreignGrants).toEqual([])
  })

  test('waits for a migration of the schema, and tries again', async () => {
    await deploy.query('begin')
    await deploy.query(`select pg_advisory_xact_lock(hashtextextended('partywall: migrate acme', 0))`)
    await deploy.query('create table acme.late (id int)')
    await deploy.query(`revoke all on acme.late from ${await roleOf('acme')}`)
    await admin.query(`set role ${logins.deployRole}; revoke usage on schema acme from ${await roleOf('acme')}; reset role`)
    const running = byRole.boundary.upgrade({ lockTimeoutMs: 20 })
    await deploy.query('select pg_sleep(0.1)')
    await deploy.query('commit')
    expect(await running).toMatchObject({ ok: true, entries: [{ target: 'acme', state: 'done' }] })
    expect((await byRole.run('acme', () => byRole.pool.query('select * from late'))).rows).toEqual([])
  })

  test('takes the rights of the login in the last step, so that it can do nothing outside of a role', async () => {
    await byPath.tenants.create({ schema: 'late' })
    expect(await byRole.boundary.upgrade({ finish: true })).toMatchObject({ ok: true, entries: { length: 4 } })
    expect((await byRole.boundary.status()).counts).toEqual({ role: { ready: 4, unfinished: 0, lacking: 0 } })
    for (const schema of schemas) expect(await role(byRole, schema)).toBe(await roleOf(schema))
    const app = new Client(directUrl.replace(/\/\/[^@]*@/, `//${logins.appRole}:app@`))
    await app.connect()
    onTestFinished(() => app.end())
    for (const table of ['acme.notes', 'public.plans', 'partywall.tenants'])
      await expect(app.query(`select * from ${table}`)).rejects.toMatchObject(refused)
  })
})

describe('the option shared.grants', () => {
  const granted = open({ boundary: 'role', shared: { grants: { signups: ['insert'] } } })
  const signUp = `insert into signups (email) values ('a@example.com')`

  test('is what tenants may write in the shared schema, and the rest is refused by PostgreSQL', async () => {
    await expect(byRole.run('acme', () => byRole.pool.query(signUp))).rejects.toMatchObject(refused)
    await granted.boundary.upgrade({ tenants: 'acme' })
    expect((await granted.run('acme', () => granted.pool.query(signUp))).rowCount).toBe(1)
    for (const text of [`update signups set email = 'b'`, 'delete from signups', `insert into plans values ('x')`])
      await expect(granted.run('acme', () => granted.pool.query(text))).rejects.toMatchObject(refused)
  })

  test('is applied by a run of shared migrations, and what it does not list is revoked', async () => {
    await byRole.migrations.run({ shared: true })
    await expect(byRole.run('acme', () => byRole.pool.query(signUp))).rejects.toMatchObject(refused)
  })

  test('with a table that does not exist is refused by name, before anything is changed', async () => {
    const wrong = open({ boundary: 'role', shared: { grants: { signup: ['insert'], plans: ['delete'] } } })
    const refusal = { code: 'INVALID_OPTION', details: { option: 'shared.grants.signup' } }
    await expect(wrong.boundary.upgrade()).rejects.toMatchObject(refusal)
    await expect(wrong.migrations.run()).rejects.toMatchObject(refusal)
    await expect(byRole.run('acme', () => byRole.pool.query('delete from plans'))).rejects.toMatchObject(refused)
  })
})

describe('work on a boundary', () => {
  test('is refused where the configuration says otherwise', async () => {
    await expect(byPath.boundary.upgrade()).rejects.toMatchObject({ code: 'INVALID_OPTION' })
    await expect(byRole.boundary.downgrade()).rejects.toMatchObject({ code: 'INVALID_OPTION' })
    const mixed = open({ boundary: { default: 'role', tenants: { acme: 'path' } } })
    await expect(mixed.boundary.upgrade({ tenants: 'acme' })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
    await expect(byRole.boundary.upgrade({ tenants: 'nothing' })).rejects.toMatchObject({ code: 'UNKNOWN_TENANT' })
    await expect(byRole.boundary.upgrade({ concurrency: 0 })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  })

  test('reports a tenant without a schema, and does the others', async () => {
    await admin.query('alter schema initech rename to moved')
    const report = await byRole.boundary.upgrade()
    expect(report).toMatchObject({ ok: false, entries: [{ target: 'initech', error: { code: 'SCHEMA_MISSING' } }] })
    await admin.query('alter schema moved rename to initech')
  })
})

describe('a fleet that goes from role to path', () => {
  test('serves processes of both configurations, until the last step drops the roles', async () => {
    await deploy.query(`create table public.invoices (tenant_id uuid); select partywall.protect('public.invoices')`)
    expect(await byPath.boundary.downgrade()).toMatchObject({ ok: true, entries: { length: 4 } })
    for (const schema of schemas) {
      expect(await role(byPath, schema)).toBe(logins.appRole)
      expect(await role(byRole, schema)).toBe(await roleOf(schema))
    }
    const acme = await roleOf('acme')
    expect(await byPath.boundary.downgrade({ finish: true })).toMatchObject({ ok: true })
    expect(await role(byPath, 'acme')).toBe(logins.appRole)
    const gone = [acme, ...(['tenants', 'granter', 'shared', 'catalog'] as const).map((fixed) => fixedRole(fixed, name))]
    expect((await admin.query('select rolname from pg_roles where rolname = any ($1)', [gone])).rows).toEqual([])
    expect((await admin.query('select polname from pg_policy')).rows).toEqual([{ polname: 'partywall_tenant' }])
    expect((await byPath.boundary.status()).counts).toEqual({ path: { ready: 4, unfinished: 0, lacking: 0 } })
  })
})

describe('tables that the login of the application owns', () => {
  test('are given to the deploy role where it may take them, and old processes go on', async () => {
    const other = await testDatabase()
    const own = await leastPrivilege(other.directUrl, other.url)
    const superuser = new Client(other.directUrl)
    await superuser.connect()
    onTestFinished(() => superuser.end())
    await superuser.query(
      `grant create on database "${other.name}" to ${own.appRole}; grant create on schema public to ${own.appRole}`,
    )
    const before = open({ database: own.app })
    await before.migrations.run()
    await before.tenants.create({ schema: 'acme' })
    const after = open({ database: { connectionString: own.app, deploy: own.deploy }, boundary: 'role' })
    await expect(after.boundary.upgrade()).rejects.toMatchObject({
      code: 'NOT_PERMITTED',
      message: expect.stringContaining('reassign'),
    })
    await superuser.query(`grant ${own.appRole} to ${own.deployRole}`)
    expect(await after.boundary.upgrade()).toMatchObject({ ok: true, entries: [{ target: 'acme' }], missingGuards: [] })
    expect(await role(before, 'acme')).toBe(own.appRole)
    expect(await role(after, 'acme')).toMatch(/^partywall_[0-9a-f]{32}$/)
    await superuser.query(`revoke ${own.appRole} from ${own.deployRole}`)
    expect(await after.boundary.upgrade({ finish: true })).toMatchObject({ ok: true })
    expect((await after.boundary.status()).counts).toEqual({ role: { ready: 1, unfinished: 0, lacking: 0 } })
    await expect(role(before, 'acme')).rejects.toBeDefined()
  })
})

test('tenants are created side by side: none waits for the group of all tenants while another one is migrated', async () => {
  const other = await testDatabase()
  const own = await leastPrivilege(other.directUrl, other.url)
  const folder = await folderForTest({
    'migrations/tenant/0001_wait.sql': `create table notes (id int);
      select case when current_schema() = 'slow' then pg_advisory_xact_lock(4711) end`,
  })
  const tenancy = open({ root: folder, database: { connectionString: own.app, deploy: own.deploy }, boundary: 'role' })
  const holder = new Client(own.deploy)
  await holder.connect()
  onTestFinished(() => holder.end())
  await holder.query('select pg_advisory_lock(4711)')
  const slow = tenancy.tenants.create({ schema: 'slow' })
  const waiting = `select count(*)::int as count from pg_locks where locktype = 'advisory' and objid = 4711 and not granted`
  await expect.poll(async () => (await holder.query(waiting)).rows[0].count, { timeout: 10_000 }).toBe(1)
  await tenancy.tenants.create({ schema: 'quick' })
  await holder.query('select pg_advisory_unlock(4711)')
  await slow
})
