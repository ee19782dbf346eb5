/** Rights that others have changed, other databases with the same tenants, and runs that disturb each other. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { createTenancy, type Config, type Tenancy } from '../../src/index.ts'
import { identifier } from '../../src/names/identifier.ts'
import { fixedRole, tenantRole } from '../../src/names/role-name.ts'
import { leastPrivilege } from '../support/tenants/least-privilege.ts'
import { testDatabase } from '../support/servers/database.ts'
import { writeFiles } from '../support/tenants/registry.ts'

const [one, copy] = [await testDatabase(), await testDatabase()]
const logins = await leastPrivilege(one.directUrl, one.url)
const root = await mkdtemp(join(tmpdir(), 'partywall-grants-'))
const [admin, adminOfCopy] = [new Client(one.directUrl), new Client(copy.directUrl)]
const opened: Tenancy[] = []
const inCopy = (url: string): string => url.replace(`/${one.name}`, `/${copy.name}`)
const open = (config: Config, at: (url: string) => string = (url) => url): Tenancy => {
  const database = { connectionString: at(logins.app), deploy: at(logins.deploy), loginKey: 'k'.repeat(40) }
  const tenancy = createTenancy({ root, database, ...config })
  opened.push(tenancy)
  return tenancy
}
const [byPath, byRole] = [open({ boundary: 'path' }), open({ boundary: 'role' })]
const schemas = ['acme', 'globex']
const roles: string[] = []
const outsider = `${logins.appRole}_outsider`

beforeAll(async () => {
  await writeFiles(root, {
    'migrations/tenant/0001_notes.sql': 'create table notes (id serial primary key, text text)',
    'migrations/shared/0001_plans.sql': 'create table plans (name text)',
  })
  await Promise.all([admin.connect(), adminOfCopy.connect()])
  await byRole.migrations.run()
  for (const schema of schemas) roles.push(tenantRole((await byRole.tenants.create({ schema })).id))
  await admin.query(`create role ${outsider}`)
}, 30_000)
afterAll(async () => {
  await Promise.all(opened.map((tenancy) => tenancy.close()))
  await admin.query(`drop owned by ${outsider}; drop role ${outsider}`)
  await Promise.all([admin.end(), adminOfCopy.end()])
  await rm(root, { recursive: true })
})

const use = (tenancy: Tenancy, schema: string): Promise<unknown> =>
  tenancy.run(schema, () => tenancy.pool.query(`insert into notes (text) values ('x')`))

const asDeploy = (text: string): string => `set role ${logins.deployRole}; ${text}; reset role`

describe('a right that was granted by hand', () => {
  const [acme, globex] = [() => roles[0]!, () => roles[1]!]

  test.each([
    ['columns of a table to another tenant', () => `grant select (text) on acme.notes to ${globex()}`],
    ['new tables to another tenant', () => `alter default privileges in schema acme grant select on tables to ${globex()}`],
    ['new sequences to everyone', () => 'alter default privileges in schema acme grant usage on sequences to public'],
    [
      'a table to the group of all tenants, with the grant option',
      () => `grant select on acme.notes to ${fixedRole('tenants', one.name)} with grant option`,
    ],
    ['the schema to a role of another program', () => `grant usage on schema acme to ${outsider}`],
    ['the role of a tenant to another tenant', () => `grant ${acme()} to ${globex()}`],
    ['the role of a tenant to a role of another program', () => `grant ${acme()} to ${outsider}`],
  ])('%s is found by the status, and revoked by the SQL that it shows', async (_, text) => {
    await admin.query(asDeploy(text()))
    const { foreignGrants } = await byRole.boundary.status()
    expect(foreignGrants.length).toBeGreaterThan(0)
    expect(await byRole.boundary.upgrade()).toMatchObject({ ok: true })
    expect((await byRole.boundary.status()).foreignGrants).toEqual(foreignGrants)
    await admin.query(asDeploy(foreignGrants.map(({ fix }) => fix).join(' ')))
    expect((await byRole.boundary.status()).foreignGrants).toEqual([])
  })

  test.each([
    ['columns of the history', () => `grant update (checksum) on acme.partywall_migrations to ${acme()}`],
    ['columns with the grant option', () => `grant select (text) on acme.notes to ${acme()} with grant option`],
    ['a table with the grant option', () => `grant select on acme.notes to ${acme()} with grant option`],
    ['new tables with too many rights', () => `alter default privileges in schema acme grant truncate on tables to ${acme()}`],
    [
      'new tables with the grant option',
      () => `alter default privileges in schema acme grant select on tables to ${acme()} with grant option`,
    ],
    [
      'new routines with the grant option',
      () => `alter default privileges in schema acme grant execute on routines to ${acme()} with grant option`,
    ],
    [
      'a routine with the grant option',
      () =>
        `create or replace function acme.one() returns int language sql as 'select 1'; grant execute on function acme.one() to ${acme()} with grant option`,
    ],
  ])('to the tenant itself is taken by an upgrade: %s', async (_, text) => {
    await admin.query(asDeploy(text()))
    expect((await byRole.boundary.status()).counts.role).toMatchObject({ lacking: 1 })
    expect(await byRole.boundary.upgrade()).toMatchObject({ ok: true, entries: [{ target: 'acme' }] })
    expect((await byRole.boundary.status()).counts.role).toMatchObject({ lacking: 0 })
    await use(byRole, 'acme')
  })

  test('and was passed on by the tenant stops the upgrade of this tenant alone, with what depends on it', async () => {
    await admin.query(asDeploy(`grant select on acme.notes to ${acme()} with grant option`))
    await admin.query(`set role ${acme()}; grant select on acme.notes to ${outsider}; reset role`)
    const report = await byRole.boundary.upgrade()
    expect(report).toMatchObject({ ok: false, entries: [{ target: 'acme', error: { code: 'NOT_PERMITTED' } }] })
    expect(String(report.entries[0]!.error)).toMatch(/depend/)
    const { foreignGrants } = await byRole.boundary.status()
    expect(foreignGrants).toMatchObject([{ object: 'table acme.notes', grantee: outsider, privileges: 'select' }])
    await admin.query(`set role ${acme()}; ${foreignGrants[0]!.fix}; reset role`)
    expect(await byRole.boundary.upgrade()).toMatchObject({ ok: true, entries: [{ target: 'acme', state: 'done' }] })
  })

  test('to columns for the login of the application is taken by the last step', async () => {
    await admin.query(asDeploy(`grant select (text) on acme.notes to ${logins.appRole}`))
    expect((await byRole.boundary.status()).counts.role).toMatchObject({ unfinished: 1 })
    expect(await byRole.boundary.upgrade({ finish: true })).toMatchObject({ ok: true })
    expect((await byRole.boundary.status()).counts).toEqual({ role: { ready: 2, unfinished: 0, lacking: 0 } })
  })

  test('by another role is not reported as taken', async () => {
    await admin.query(
      `grant usage on schema acme to ${outsider}; grant all on acme.notes to ${outsider} with grant option; set role ${outsider}; grant truncate on acme.notes to ${acme()}; reset role`,
    )
    const report = await byRole.boundary.upgrade()
    expect(report).toMatchObject({ ok: false, entries: [{ target: 'acme', state: 'failed', error: { code: 'NOT_PERMITTED' } }] })
    await admin.query(`revoke all on acme.notes from ${outsider} cascade; revoke all on schema acme from ${outsider}`)
    expect(await byRole.boundary.upgrade()).toMatchObject({ ok: true })
  })
})

test('two copies of an upgrade at the same time do each tenant once, and both report success', async () => {
  for (let index = 0; index < 12; index++) await byPath.tenants.create({ schema: `many${index}` })
  const reports = await Promise.all(
    [open({ boundary: 'role' }), open({ boundary: 'role' })].map((tenancy) => tenancy.boundary.upgrade()),
  )
  expect(reports.flatMap(({ entries }) => entries.filter(({ state }) => state === 'failed'))).toEqual([])
  expect((await byRole.boundary.status()).counts.role).toMatchObject({ lacking: 0 })
})

/** The copy as an operator runs it who gives it a login of its own. */
const copyWithOwnLogin = async (): Promise<Tenancy> => {
  const own = await leastPrivilege(copy.directUrl, copy.url)
  const database = { connectionString: own.app, deploy: inCopy(logins.deploy) }
  const tenancy = createTenancy({ root, database, boundary: 'role' })
  onTestFinished(() => tenancy.close())
  return tenancy
}

describe('a copy of the database on the same server', () => {
  const [copyByRole, copyByPath, copyByLogin] = (['role', 'path', 'login'] as const).map((boundary) => open({ boundary }, inCopy))
  beforeAll(async () => {
    const [app, deploy] = [logins.appRole, logins.deployRole].map(identifier)
    await adminOfCopy.query(`grant connect, create on database "${copy.name}" to ${deploy}; grant create on schema public to ${deploy};
      revoke execute on function pg_catalog.set_config(text, text, boolean) from public;
      grant execute on function pg_catalog.set_config(text, text, boolean) to ${app}; grant execute on function pg_catalog.set_config(text, text, boolean) to ${deploy} with grant option`)
    await copyByPath!.migrations.run()
    for (const schema of schemas) await copyByPath!.tenants.create({ schema })
    // As a dump has it.
    const { rows } = await admin.query('select id, schema from partywall.tenants where schema = any ($1)', [schemas])
    for (const { id, schema } of rows)
      await adminOfCopy.query('update partywall.tenants set id = $1 where schema = $2', [id, schema])
  })

  test('gets rights for the roles of its tenants, and takes only those', async () => {
    expect(await copyByRole!.boundary.upgrade()).toMatchObject({ ok: true, entries: { length: 2 } })
    for (const schema of schemas) for (const tenancy of [copyByRole!, byRole]) await use(tenancy, schema)
    expect(await copyByRole!.boundary.upgrade({ finish: true })).toMatchObject({ ok: true })
    for (const schema of schemas) await use(byRole, schema)
  })

  test('does not let the roles log in, nor lets another login take them', async () => {
    for (const tenancy of [copyByLogin!, await copyWithOwnLogin()]) {
      const report = await tenancy.boundary.upgrade()
      expect(report.entries).toMatchObject(
        schemas.map((schema) => ({ target: schema, state: 'failed', error: { code: 'ROLE_EXISTS' } })),
      )
      expect(String(report.entries[0]!.error)).toContain(JSON.stringify(one.name))
    }
    const { rows } = await admin.query('select rolcanlogin from pg_roles where rolname = any ($1)', [roles])
    expect(rows).toEqual([{ rolcanlogin: false }, { rolcanlogin: false }])
    for (const schema of schemas) await use(byRole, schema)
  })

  test('goes back to path without dropping roles that the other database uses, and says so', async () => {
    const report = await copyByPath!.boundary.downgrade({ finish: true })
    expect(report).toMatchObject({ ok: true, entries: schemas.map((target) => ({ target, usedBy: [one.name] })) })
    expect((await copyByPath!.boundary.status()).counts).toEqual({ path: { ready: 2, unfinished: 0, lacking: 0 } })
    for (const schema of schemas) await use(copyByPath!, schema)
    for (const schema of schemas) await use(byRole, schema)
    expect((await byRole.boundary.status()).counts.role).toMatchObject({ lacking: 0 })
    await expect(byRole.run('acme', () => byRole.pool.query('select * from globex.notes'))).rejects.toMatchObject({
      code: '42501',
    })
  })
})
