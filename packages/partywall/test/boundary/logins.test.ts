/** `tenancy.logins`: a login for a customer's own tool reads the schema of one tenant, and nothing else. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { createTenancy, type CreatedLogin } from '../../src/index.ts'
import { leastPrivilege } from '../support/tenants/least-privilege.ts'
import { testDatabase } from '../support/servers/database.ts'
import { writeFiles } from '../support/tenants/registry.ts'

const { url, directUrl } = await testDatabase()
const own = await leastPrivilege(directUrl, url)
const root = await mkdtemp(join(tmpdir(), 'partywall-logins-'))
await writeFiles(root, {
  'migrations/tenant/0001_notes.sql':
    'create table notes (id serial primary key, text text); create view recent as select * from notes',
  'migrations/shared/0001_plans.sql': `create table plans (name text); insert into plans values ('free')`,
})
const admin = new Client(directUrl)
const deploy = new Client(own.deploy)
beforeAll(async () => {
  await Promise.all([admin.connect(), deploy.connect()])
})
afterAll(async () => {
  await Promise.all([admin.end(), deploy.end()])
  await rm(root, { recursive: true })
})

async function connect({ login, password }: CreatedLogin): Promise<Client> {
  const reader = new URL(directUrl)
  reader.username = login.role
  reader.password = password
  const client = new Client(reader.href)
  client.on('error', () => {})
  await client.connect()
  onTestFinished(() => client.end().catch(() => {}))
  return client
}

describe.each(['path', 'role'] as const)('a login of a customer, with the boundary %s', (boundary) => {
  const tenancy = createTenancy({ root, database: { connectionString: own.app, deploy: own.deploy }, boundary })
  const [mine, other] = [`${boundary}_acme`, `${boundary}_globex`]
  afterAll(() => tenancy.close())
  beforeAll(async () => {
    // What another boundary had installed may lack the rights of this one.
    if (boundary === 'role') await tenancy.boundary.upgrade({ dryRun: true })
    await tenancy.migrations.run()
    for (const schema of [mine, other]) {
      await tenancy.tenants.create({ schema })
      await tenancy.run(schema, () => tenancy.pool.query('insert into notes (text) values ($1)', [schema]))
    }
  })

  test('reads its own schema, present tables and later ones', async () => {
    const client = await connect(await tenancy.logins.create(mine))
    expect((await client.query('select text from notes')).rows).toEqual([{ text: mine }])
    await deploy.query(`create table ${mine}.later (id int)`)
    expect(
      (await client.query('select (select count(*) from recent)::int as recent, (select count(*) from later)::int as later'))
        .rows,
    ).toEqual([{ recent: 1, later: 0 }])
  })

  test('writes nothing, and reads no other tenant, no shared table and no catalog, whatever it sets', async () => {
    const client = await connect(await tenancy.logins.create(mine))
    await client.query('set default_transaction_read_only to off')
    for (const text of [
      `insert into notes (text) values ('x')`,
      'delete from notes',
      `select nextval('notes_id_seq')`,
      'create table mine (id int)',
      `select * from ${other}.notes`,
      'select * from public.plans',
      'select * from partywall.tenants',
      `set role ${own.appRole}`,
    ])
      await expect(client.query(text)).rejects.toMatchObject({ code: '42501' })
  })

  test('has its limits, and its password is nowhere', async () => {
    const made = await tenancy.logins.create(mine, {
      name: 'Analytics',
      connections: 1,
      statementTimeoutMs: 1234,
      expiresInMs: 86_400_000,
      shared: true,
    })
    expect(made.login).toMatchObject({ name: 'Analytics', schema: mine, state: 'active' })
    expect(made.notSet).toEqual(['temp_file_limit'])
    expect(made.password.length).toBeGreaterThanOrEqual(32)
    expect(made.url).toContain(made.password)
    const { rows } = await admin.query(`select * from pg_authid where rolname = $1`, [made.login.role])
    expect(rows[0]).toMatchObject({
      rolconnlimit: 1,
      rolinherit: false,
      rolpassword: expect.stringMatching(/^SCRAM-SHA-256\$4096:/),
    })
    expect(Math.round((rows[0].rolvaliduntil.getTime() - Date.now()) / 3_600_000)).toBe(24)
    const client = await connect(made)
    expect((await client.query('show statement_timeout')).rows[0].statement_timeout).toBe('1234ms')
    expect((await client.query('select name from plans')).rows).toEqual([{ name: 'free' }])
    await expect(client.query('create table x (id int)')).rejects.toMatchObject({ code: '25006' })
    const listed = await tenancy.logins.list(mine)
    expect(JSON.stringify(listed)).not.toContain(made.password)
    expect(listed.find(({ role }) => role === made.login.role)).toMatchObject({ sessions: 1, connections: 1, shared: true })
  })

  test('is revoked with its sessions, also when its tenant is gone', async () => {
    const made = await tenancy.logins.create(other)
    const client = await connect(made)
    await admin.query('delete from partywall.tenants where schema = $1', [other])
    await expect
      .poll(async () => (await tenancy.logins.list()).find(({ role }) => role === made.login.role)?.state)
      .toBe('orphaned')
    expect(await tenancy.logins.revoke(made.login.role)).toMatchObject({ role: made.login.role, state: 'orphaned' })
    await expect(client.query('select 1')).rejects.toBeDefined()
    expect((await admin.query('select from pg_roles where rolname = $1', [made.login.role])).rows).toEqual([])
    for (const name of [made.login.role, own.appRole, 'postgres', '"; drop role x'])
      await expect(tenancy.logins.revoke(name)).rejects.toMatchObject({ code: 'UNKNOWN_LOGIN' })
  })

  test('is no foreign grant of its tenant', async () => {
    const { foreignGrants } = await tenancy.boundary.status()
    expect(foreignGrants.filter(({ schema }) => schema === mine)).toEqual([])
  })

  test.each([
    { name: '' },
    { name: 'a\nb' },
    { expiresInMs: 1 },
    { connections: 0 },
    { statementTimeoutMs: 0 },
    { shared: 'yes' },
    { nam: 'x' },
  ])('with %o is refused', async (options) => {
    await expect(tenancy.logins.create(mine, options as object)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  })
})
