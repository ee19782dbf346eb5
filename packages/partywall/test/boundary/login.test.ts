/** The boundary `login`: a tenant is served by connections that log in as its own role, with a password that nothing stores. */
import { readFile } from 'node:fs/promises'
import { inspect } from 'node:util'
import { Client } from 'pg'
import Cursor from 'pg-cursor'
import postgres from 'postgres'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { broken } from '../../src/attack/report.ts'
import { createTenancy, tenancyErrorOf, type Config } from '../../src/index.ts'
import { loginPassword } from '../../src/login-password.ts'
import { tenantRole } from '../../src/names/role-name.ts'
import { tenantPostgresJs } from '../../src/orm/postgres-js/tenant-postgres-js.ts'
import { passwordServer } from './login-server.ts'

const { app, deploy, appRole, deployRole, admin, as } = await passwordServer({ log_statement: 'all', log_connections: 'on' })
const [key, newKey] = ['k'.repeat(40), 'n'.repeat(40)]

const open = (changes: Partial<Config> & { loginKey?: string | string[] } = {}) => {
  const { loginKey = key, ...others } = changes
  return createTenancy({
    database: { connectionString: app, deploy, loginKey },
    boundary: { default: 'login', tenants: { roley: 'role' } },
    migrations: { shared: false, tenant: false },
    pool: { loginMax: 2, connectionTimeoutMillis: 3000 },
    ...others,
  })
}
const tenancy = open()
const roles: Record<string, string> = {}
const names = ['acme', 'globex', 'initech', 'umbrella']

beforeAll(async () => {
  for (const schema of [...names, 'roley']) roles[schema] = tenantRole((await tenancy.tenants.create({ schema })).id)
  const owner = new Client(deploy)
  await owner.connect()
  for (const schema of [...names, 'roley']) {
    await owner.query(`create table ${schema}.items (id serial primary key, owner text)`)
    await owner.query(`insert into ${schema}.items (owner) values ('${schema}')`)
  }
  await owner.end()
}, 120_000)
afterAll(async () => {
  await tenancy.close()
  await admin.end()
})

const whoami = (on = tenancy, schema = 'acme'): Promise<string> =>
  on.run(schema, async () => (await on.pool.query('select session_user as who, owner from items')).rows[0].who)

const openSessions = async (): Promise<string[]> =>
  (
    await admin.query(`select usename::text as who from pg_stat_activity where usename = any ($1) order by 1`, [
      Object.values(roles),
    ])
  ).rows.map(({ who }) => who)

const sessionsOf = async (role: string): Promise<number> =>
  (await admin.query('select count(*)::int as n from pg_stat_activity where usename = $1', [role])).rows[0].n

test('every door of the pool reaches the server as the role of the tenant', async () => {
  expect(await whoami()).toBe(roles['acme'])
  await tenancy.run('acme', async () => {
    const { pool } = tenancy
    const client = await pool.connect()
    await client.query('begin')
    await client.query(`insert into items (owner) values ('acme')`)
    const cursor = client.query(new Cursor('select session_user as who from items'))
    expect(await cursor.read(1)).toEqual([{ who: roles['acme'] }])
    await cursor.close()
    await client.query('rollback')
    client.release()
    const byCallback = await new Promise((resolve, reject) =>
      pool.query('select session_user as who', (error, result) => (error ? reject(error) : resolve(result.rows[0].who))),
    )
    expect(byCallback).toBe(roles['acme'])
    expect((await pool.query('select 1; select session_user as who')) as unknown).toMatchObject([
      {},
      { rows: [{ who: roles['acme'] }] },
    ])
  })
  const who = await tenancy.session(
    'acme',
    async (client) => (await client.query('select session_user as who from items')).rows[0].who,
  )
  expect(who).toBe(roles['acme'])
})

test('a role of a tenant logs in with its password and no other, and the application cannot become it', async () => {
  const tryAs = async (password: string): Promise<void> => {
    const client = new Client(as(roles['acme']!, password))
    await client.connect()
    await client.end()
  }
  await tryAs(loginPassword(key, roles['acme']!, 1))
  await expect(tryAs(loginPassword(newKey, roles['acme']!, 1))).rejects.toMatchObject({ code: '28P01' })
  await expect(tryAs('app')).rejects.toMatchObject({ code: '28P01' })
  const asApp = new Client(app)
  await asApp.connect()
  await expect(asApp.query(`set role ${roles['acme']}`)).rejects.toMatchObject({ code: '42501' })
  await asApp.end()
})

const hostile = [
  'select owner from globex.items',
  `update globex.items set owner = 'x' returning owner`,
  'reset role; select owner from globex.items',
  'set session authorization default; select owner from globex.items',
  `set session authorization ROLE_OF_GLOBEX; select owner from globex.items`,
  'set role ROLE_OF_GLOBEX; select owner from globex.items',
  `set role ${appRole}; select owner from globex.items`,
  `select query_to_xml('select owner from globex.items', true, false, '') where set_config('role', 'ROLE_OF_GLOBEX', false) is not null`,
  `do $$ begin execute 'set role ROLE_OF_GLOBEX'; perform owner from globex.items; end $$`,
  `create function pg_temp.peek() returns text language sql as 'select owner from globex.items'; select pg_temp.peek()`,
  `create function pg_temp.deep() returns text language plpgsql as $$ begin set role ROLE_OF_GLOBEX; return (select owner from globex.items); end $$; select pg_temp.deep()`,
  `commit; set search_path to globex; select owner from items`,
  `alter role ROLE_OF_GLOBEX password 'x'`,
  `grant ROLE_OF_GLOBEX to ROLE_OF_ACME`,
  'select * from partywall.tenants',
  'select rolpassword from pg_authid',
]

test.each(hostile)('hostile SQL of a tenant is refused: %s', async (text) => {
  const sql = text.replaceAll('ROLE_OF_GLOBEX', roles['globex']!).replaceAll('ROLE_OF_ACME', roles['acme']!)
  const answer = await tenancy.run('acme', () => tenancy.pool.query(sql)).catch((error: unknown) => error)
  expect(answer).toBeInstanceOf(Error)
  expect(inspect(answer)).not.toMatch(/rows: \[ /)
  expect((await admin.query('select owner from globex.items')).rows).toEqual([{ owner: 'globex' }])
})

test('hostile SQL of a tenant with the boundary role does not become a tenant that logs in itself', async () => {
  const text = `reset role; set role ${roles['globex']}; select owner from globex.items`
  await expect(tenancy.run('roley', () => tenancy.pool.query(text))).rejects.toMatchObject({ code: '42501' })
  expect(await tenancy.run('roley', async () => (await tenancy.pool.query('select current_user as who')).rows)).toEqual([
    { who: roles['roley'] },
  ])
})

test('what a tenant does to its own session meets no other tenant, and not itself', async () => {
  await tenancy.run('acme', () => tenancy.pool.query(`select set_config('search_path', 'pg_catalog', false)`)).catch(() => {})
  expect(await whoami()).toBe(roles['acme'])
  expect(await whoami(tenancy, 'globex')).toBe(roles['globex'])
})

test('no more connections than loginMax are open, and the tenant that was used least recently gives up its own', async () => {
  await Promise.all([...names, ...names, ...names].map((schema) => whoami(tenancy, schema)))
  expect((await openSessions()).length).toBeLessThanOrEqual(2)
  await whoami(tenancy, 'acme')
  await whoami(tenancy, 'globex')
  await whoami(tenancy, 'acme')
  await whoami(tenancy, 'initech')
  await expect.poll(openSessions).toEqual([roles['acme'], roles['initech']].toSorted())
})

test('a waiting tenant gets its turn before the other callers of a busy one, and is told when there is none', async () => {
  const short = open({ pool: { loginMax: 1, connectionTimeoutMillis: 500 } })
  const client = await short.run('acme', () => short.pool.connect())
  const order: string[] = []
  await expect(whoami(short, 'globex')).rejects.toMatchObject({ code: 'POOL_EXHAUSTED', details: { max: 1 } })
  const waiting = ['acme', 'acme', 'acme', 'globex'].map((schema) => whoami(short, schema).then(() => order.push(schema)))
  client.release()
  await Promise.all(waiting)
  expect(order.at(-1)).toBe('acme')
  await short.close()
})

test('one tenant holds no more than maxPerTenant', async () => {
  const limited = open({ pool: { loginMax: 2, maxPerTenant: 1, connectionTimeoutMillis: 500 } })
  const client = await limited.run('acme', () => limited.pool.connect())
  await expect(whoami(limited)).rejects.toMatchObject({ code: 'TENANT_BUSY' })
  expect(await whoami(limited, 'globex')).toBe(roles['globex'])
  client.release()
  await limited.close()
})

test('a listener that prepares new connections prepares those of tenants, too, and what it leaves stays', async () => {
  const other = open()
  other.pool.on('connect', async (client) => {
    await client.query('select 1')
    await client.query(`set application_name = 'prepared'`)
  })
  const { rows } = await other.run('acme', () =>
    other.pool.query(`select current_setting('application_name') as name, session_user as who`),
  )
  expect(rows).toEqual([{ name: 'prepared', who: roles['acme'] }])
  await other.close()
})

test('the idle connections of a tenant are closed when it is suspended, and another process hears of it', async () => {
  const other = open()
  const watching = new Promise((resolve) => other.on('lookups.watching', resolve))
  await whoami(other)
  await whoami()
  await watching
  await tenancy.tenants.suspend('acme')
  await expect.poll(() => sessionsOf(roles['acme']!), { timeout: 5000 }).toBe(0)
  await tenancy.tenants.activate('acme')
  expect(await whoami()).toBe(roles['acme'])
  await other.close()
})

test('a rotation changes the password online, and a process with the old one reads the catalog once more', async () => {
  const other = open({ tenantCacheMs: 60_000, pool: { loginMax: 2, idleTimeoutMillis: 1 } })
  const kept = await other.tenants.get('globex')
  const held = await other.run(kept, () => other.pool.connect())
  const report = await tenancy.boundary.rotate({ tenants: 'globex' })
  expect(report).toMatchObject({ ok: true, entries: [{ target: 'globex', state: 'done', value: { generation: 2 } }] })
  expect((await held.query('select session_user as who')).rows).toEqual([{ who: roles['globex'] }])
  const stale = new Client(as(roles['globex']!, loginPassword(key, roles['globex']!, 1)))
  await expect(stale.connect()).rejects.toMatchObject({ code: '28P01' })
  expect(await other.run(kept, async () => (await other.pool.query('select session_user as who')).rows)).toEqual([
    { who: roles['globex'] },
  ])
  held.release()
  await other.close()
})

test('a rotation is resumed by its time, and may end the connections of the old password', async () => {
  const since = new Date()
  const first = await tenancy.boundary.rotate({ tenants: ['acme', 'globex'] })
  expect(first.entries.map(({ value }) => value)).toEqual([{ generation: 2 }, { generation: 3 }])
  const again = await tenancy.boundary.rotate({ tenants: ['acme', 'globex', 'initech'], notSince: since })
  expect(again.entries.map(({ value }) => value)).toEqual([
    { generation: undefined },
    { generation: undefined },
    { generation: 2 },
  ])
  const entries = await admin.query(
    `select object, details ->> 'generation' as generation from partywall.audit where action = 'tenant.password' order by id desc limit 1`,
  )
  expect(entries.rows).toEqual([{ object: 'initech', generation: '2' }])
  const held = await tenancy.run('acme', () => tenancy.pool.connect())
  expect(await tenancy.boundary.rotate({ tenants: 'acme', endConnections: true })).toMatchObject({
    entries: [{ state: 'failed', error: { code: 'NOT_PERMITTED' } }],
  })
  await admin.query(`grant pg_signal_backend to ${deployRole}`)
  expect(await tenancy.boundary.rotate({ tenants: 'acme', endConnections: true })).toMatchObject({ ok: true })
  await expect(held.query('select 1')).rejects.toThrow(/terminat|connection error/i)
  held.release()
  expect(await tenancy.boundary.rotate({ tenants: 'roley' })).toMatchObject({
    entries: [{ error: { code: 'INVALID_ARGUMENT' } }],
  })
  expect(await whoami()).toBe(roles['acme'])
})

test('a new master key is the first of the list until all passwords are made with it, and then the only one', async () => {
  const both = open({ loginKey: [newKey, key] })
  expect(await whoami(both, 'initech')).toBe(roles['initech'])
  await both.boundary.rotate({ tenants: 'initech' })
  const onlyNew = open({ loginKey: newKey })
  expect(await whoami(onlyNew, 'initech')).toBe(roles['initech'])
  const error = await whoami(tenancy, 'initech').catch((caught: unknown) => caught)
  // The connection that this process has open lives on; it is closed for another tenant.
  if (!(error instanceof Error)) {
    await Promise.all([whoami(tenancy, 'acme'), whoami(tenancy, 'globex'), whoami(tenancy, 'umbrella')])
  }
  const refused = await whoami(tenancy, 'initech').catch((caught: unknown) => caught)
  expect(tenancyErrorOf(refused, 'LOGIN_REFUSED')!.details).toEqual({ schema: 'initech', reason: 'password' })
  await both.close()
  await onlyNew.close()
})

test('a password that was changed by hand is refused, and a rotation puts it right', async () => {
  await tenancy.run('umbrella', () => tenancy.pool.query(`alter role current_user password 'mine'`))
  const other = open()
  await expect(whoami(other, 'umbrella')).rejects.toMatchObject({ code: 'LOGIN_REFUSED', details: { reason: 'password' } })
  await tenancy.boundary.rotate({ tenants: 'umbrella' })
  expect(await whoami(other, 'umbrella')).toBe(roles['umbrella'])
  await other.close()
})

test('a tenant that has no login yet is refused, and gets one by a rotation', async () => {
  const late = open({ boundary: { default: 'login' } })
  await expect(late.run('roley', () => late.pool.query('select 1'))).rejects.toMatchObject({
    code: 'LOGIN_REFUSED',
    details: { schema: 'roley', reason: 'no login' },
  })
  await late.boundary.rotate({ tenants: 'roley' })
  expect(await whoami(late, 'roley')).toBe(roles['roley'])
  await late.close()
})

test('a role that may not log in, or whose session is another one, is refused', async () => {
  const other = open()
  await admin.query(`alter role ${roles['acme']} nologin`)
  await expect(whoami(other)).rejects.toMatchObject({ code: 'LOGIN_REFUSED', details: { reason: 'forbidden' } })
  await admin.query(`alter role ${roles['acme']} login`)
  const { rows } = await admin.query(`select 'partywall_tenants_' || current_database() as name`)
  await admin.query(`alter role ${roles['acme']} set role = ${rows[0].name}`)
  await expect(whoami(other)).rejects.toMatchObject({ code: 'LOGIN_REFUSED', details: { reason: 'other login' } })
  await admin.query(`alter role ${roles['acme']} reset role`)
  expect(await whoami(other)).toBe(roles['acme'])
  await other.close()
})

test('connections that a library opens itself serve no tenant with a login of its own', async () => {
  const { Client: Made, ...options } = tenancy.pool.options as never as { Client: new (options: object) => Client }
  const free = new Made({ ...options, ...tenancy.pool.options, connectionString: app })
  await free.connect()
  await expect(tenancy.run('acme', () => free.query('select 1'))).rejects.toMatchObject({ code: 'LOGIN_REFUSED' })
  await free.end()
  const own = postgres(app)
  const sql = tenantPostgresJs(tenancy, own)
  await expect(tenancy.run('acme', async () => await sql`select 1`)).rejects.toMatchObject({ code: 'LOGIN_REFUSED' })
  await expect(tenancy.run('acme', () => sql.begin((inner) => inner`select 1`))).rejects.toMatchObject({ code: 'LOGIN_REFUSED' })
  await own.end()
})

test('partywall attack finds nothing open that the boundary promises to hold', async () => {
  await admin.query('create extension dblink; create extension postgres_fdw')
  const other = open({ boundary: 'login' })
  const report = await other.attack()
  expect(broken(report)).toEqual([])
  expect(report).toMatchObject({ ok: true, boundary: 'login' })
  expect(report.attacks.filter(({ state }) => state === 'not tried').map(({ id }) => id)).toEqual(['catalogs/statements'])
  await other.close()
}, 60_000)

test('no password is printed, kept on a client, or written into the log of the server', async () => {
  const client = await tenancy.run('acme', () => tenancy.pool.connect())
  const { rows } = await tenancy.pool
    .query('select 1')
    .catch(() => admin.query('select login_generation as generation from partywall.tenants where schema = $1', ['acme']))
  const password = loginPassword(key, roles['acme']!, rows[0].generation)
  const seen = [client, tenancy, tenancy.pool, tenancy.options, tenancy.pool.options].map((one) =>
    inspect(one, { depth: 12, showHidden: true }),
  )
  for (const text of seen) expect(text.includes(password) || text.includes(key)).toBe(false)
  expect(client).toMatchObject({ password: null })
  client.release()
  const directory = (await admin.query(`select current_setting('data_directory') as at`)).rows[0].at
  const log = await readFile(`${directory}/../server.log`, 'utf8').catch(() => readFile(`${directory}/../postgres.log`, 'utf8'))
  expect(log).toContain('alter role')
  expect(log.includes(password) || log.includes(key)).toBe(false)
})

test('a tenant whose boundary changes to role loses the group that may call set_config, and one that changes back is in it', async () => {
  const set = async (boundary: NonNullable<Config['boundary']>, tenants?: string) => {
    const work = open({ boundary })
    const report = await work.boundary[boundary === 'path' ? 'downgrade' : 'upgrade']({
      finish: true,
      ...(tenants && { tenants }),
    })
    expect(report.entries.filter(({ error }) => error !== undefined)).toEqual([])
    await work.close()
  }
  const toRole = open({ boundary: { default: 'login', tenants: { acme: 'role' } } })
  await set({ default: 'login', tenants: { acme: 'role' } }, 'acme')
  const escape = `select set_config('role', '${roles['roley']}', true)`
  await expect(toRole.run('acme', () => toRole.pool.query(escape))).rejects.toMatchObject({ code: '42501' })
  await toRole.close()
  // The roles, and the one that makes them members, are dropped and made again.
  await set('path')
  const created = open({ boundary: 'path' })
  await created.tenants.create({ schema: 'pathy' })
  await created.close()
  await set('login')
  const again = open({ boundary: 'login' })
  expect(await whoami(again)).toBe(roles['acme'])
  expect((await again.run('pathy', () => again.pool.query('select session_user as who'))).rows).toHaveLength(1)
  await again.close()
})
