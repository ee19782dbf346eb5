/**
 * A fleet that goes from path to role, to login, and back, on a server that checks passwords. Before the last step of each change, processes of the old and
 * of the new configuration serve the tenants; after it, only those of the new one.
 */
import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { createTenancy, type Config, type Tenancy } from '../../src/index.ts'
import { loginPassword } from '../../src/login-password.ts'
import { fixedRole, tenantRole } from '../../src/names/role-name.ts'
import { auditOf, lastEntry } from '../support/tenants/audit.ts'
import { writeFiles } from '../support/tenants/registry.ts'
import { passwordServer } from './login-server.ts'

const { app, deploy, appRole, admin, as } = await passwordServer({})
const loginKey = 'k'.repeat(40)
const schemas = ['acme', 'globex']
const opened: Tenancy[] = []
const root = await mkdtemp(join(tmpdir(), 'partywall-journey-'))
let tenantRoles: string[]

/** A process: it is told nothing of what others do. */
const open = (boundary: NonNullable<Config['boundary']>): Tenancy => {
  const tenancy = createTenancy({ root, database: { connectionString: app, deploy, loginKey }, boundary })
  opened.push(tenancy)
  return tenancy
}

beforeAll(async () => {
  await writeFiles(root, {
    'migrations/tenant/0001_notes.sql': 'create table notes (id serial primary key, text text)',
    'migrations/shared/0001_plans.sql': 'create table plans (name text)',
  })
  await admin.query('revoke temporary on database postgres from public')
  const first = open('path')
  await first.migrations.run()
  tenantRoles = []
  for (const schema of schemas) tenantRoles.push(tenantRole((await first.tenants.create({ schema })).id))
}, 30_000)
afterEach(() => Promise.all(opened.splice(0).map((tenancy) => tenancy.close())))
afterAll(async () => {
  await admin.end()
  await rm(root, { recursive: true })
})

type Who = { readonly session: string; readonly current: string }
const use = (tenancy: Tenancy, schema: string): Promise<Who> =>
  tenancy.run(schema, async () => {
    await tenancy.pool.query('insert into notes (text) values ($1)', [randomUUID()])
    return (await tenancy.pool.query('select session_user::text as session, current_user::text as current from notes limit 1'))
      .rows[0]
  })
const whoIs = { path: () => [appRole, appRole], role: (role: string) => [appRole, role], login: (role: string) => [role, role] }

async function expectServed(boundary: 'path' | 'role' | 'login', tenancy = open(boundary)): Promise<void> {
  for (const [index, schema] of schemas.entries()) {
    const { session, current } = await use(tenancy, schema)
    expect([session, current]).toEqual(whoIs[boundary](tenantRoles[index]!))
  }
}

async function change(from: 'path' | 'role' | 'login', to: 'path' | 'role' | 'login'): Promise<void> {
  const [old, now] = [open(from), open(to)]
  const verb = to === 'path' ? 'downgrade' : 'upgrade'
  await expectServed(from, old)
  expect(await now.boundary[verb]()).toMatchObject({ ok: true, entries: { length: 2 } })
  expect(await now.boundary[verb]()).toMatchObject({ ok: true, entries: [], unchanged: 2 })
  expect((await now.boundary.status()).counts).toEqual({ [to]: { ready: 0, unfinished: 2, lacking: 0 } })
  for (const [boundary, tenancy] of [
    [from, old],
    [to, now],
    [from, open(from)],
    [to, open(to)],
  ] as const)
    await expectServed(boundary, tenancy)
  expect(await now.boundary[verb]({ finish: true })).toMatchObject({ ok: true, entries: { length: 2 } })
  const last = await lastEntry(admin)
  expect(await now.boundary[verb]({ finish: true })).toMatchObject({ ok: true, entries: [], unchanged: 2 })
  expect(await auditOf(admin, last)).toEqual([])
  expect(await now.boundary.status()).toMatchObject({
    counts: { [to]: { ready: 2, unfinished: 0, lacking: 0 } },
    foreignGrants: [],
    notReady: [],
  })
  await expectServed(to, now)
  await expectServed(to)
  const { findings } = await now.doctor()
  expect(findings.filter(({ id, severity }) => /^PW-1[23]/.test(id) && severity !== 'info')).toEqual([])
  await expect(use(open(from), 'acme')).rejects.toBeDefined()
}

const mayCallSetConfig = `select has_function_privilege(rolname, 'pg_catalog.set_config(text, text, boolean)', 'execute') as may
  from pg_roles where rolname = any ($1)`

test('from path to role', () => change('path', 'role'))

test('from role to login, and the password of each tenant is what lets it in', async () => {
  await change('role', 'login')
  const client = new Client(as(tenantRoles[0]!, loginPassword(loginKey, tenantRoles[0]!, 1)))
  await client.connect()
  await client.end()
})

test('from login to role, after which a tenant may neither log in nor call set_config', async () => {
  await change('login', 'role')
  expect((await admin.query(mayCallSetConfig, [tenantRoles])).rows).toEqual([{ may: false }, { may: false }])
  const client = new Client(as(tenantRoles[0]!, loginPassword(loginKey, tenantRoles[0]!, 1)))
  await expect(client.connect()).rejects.toMatchObject({ code: '28P01' })
})

test('from role to login again, with the next password', async () => {
  await change('role', 'login')
  const client = new Client(as(tenantRoles[0]!, loginPassword(loginKey, tenantRoles[0]!, 2)))
  await client.connect()
  await client.end()
})

test('from login to path, which drops the roles', async () => {
  await change('login', 'path')
  // A process of the old configuration was started after the last step, and has made the roles of the database once more.
  await open('path').boundary.downgrade({ finish: true })
  const {
    rows: [database],
  } = await admin.query('select current_database() as name')
  const gone = [
    ...tenantRoles,
    ...(['tenants', 'granter', 'shared', 'catalog'] as const).map((one) => fixedRole(one, database.name)),
  ]
  expect((await admin.query('select rolname from pg_roles where rolname = any ($1)', [gone])).rows).toEqual([])
})

test('from path to login, with roles that are made once more', () => change('path', 'login'))

test('from login to path to role, without a last step between', async () => {
  const byPath = open('path')
  expect(await byPath.boundary.downgrade()).toMatchObject({ ok: true })
  const byRole = open('role')
  expect(await byRole.boundary.upgrade()).toMatchObject({ ok: true })
  for (const boundary of ['path', 'role', 'login'] as const) await expectServed(boundary)
  expect(await byRole.boundary.upgrade({ finish: true })).toMatchObject({ ok: true })
  expect((await byRole.boundary.status()).counts).toEqual({ role: { ready: 2, unfinished: 0, lacking: 0 } })
  await expectServed('role')
  for (const boundary of ['path', 'login'] as const) await expect(use(open(boundary), 'acme')).rejects.toBeDefined()
  expect((await admin.query(mayCallSetConfig, [tenantRoles])).rows).toEqual([{ may: false }, { may: false }])
})

test('two copies of an upgrade to login at the same time give each tenant one password', async () => {
  const before = await generations()
  const reports = await Promise.all([open('login'), open('login')].map((tenancy) => tenancy.boundary.upgrade()))
  expect(reports.map(({ ok }) => ok)).toEqual([true, true])
  expect(await generations()).toEqual(before.map((generation) => generation + 1))
  await expectServed('login')
})

test('each change of a boundary, a login and a password is in the audit, with its actor and without secrets', async () => {
  const since = await lastEntry(admin)
  const [byRole, byLogin] = [open('role'), open('login')]
  const made = await byRole.actingAs('user:42', async () => {
    const { login, password } = await byRole.logins.create('acme', {})
    await byRole.logins.revoke(login.role)
    await byLogin.boundary.upgrade({ finish: true })
    await byLogin.boundary.rotate({ tenants: 'acme' })
    return { login, password }
  })
  const entries = await auditOf(admin, since)
  expect(entries.map(({ action, object }) => `${action} ${object ?? 'of the database'}`).toSorted()).toEqual([
    'boundary.upgraded acme',
    'boundary.upgraded globex',
    'boundary.upgraded of the database',
    `login.created ${made.login.role}`,
    `login.revoked ${made.login.role}`,
    'tenant.password acme',
  ])
  expect(new Set(entries.map(({ actor }) => actor))).toEqual(new Set(['user:42']))
  const { rows } = await admin.query('select rolpassword from pg_authid where rolpassword is not null')
  const secrets = [made.password, loginKey, 'SCRAM-SHA-256', loginPassword(loginKey, tenantRoles[0]!, (await generations())[0]!)]
  for (const secret of [...secrets, ...rows.map(({ rolpassword }) => rolpassword)])
    expect(JSON.stringify(entries)).not.toContain(secret)
})

async function generations(): Promise<number[]> {
  const { rows } = await admin.query(
    'select coalesce(login_generation, 0)::int as generation from partywall.tenants order by schema',
  )
  return rows.map(({ generation }) => generation)
}
