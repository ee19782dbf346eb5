import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import pg from 'pg'
import { afterAll, describe, expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { byHeader, byHost, createTenancy, isTenancyError, type Tenant } from 'partywall'
import { testDatabase } from '../support/servers/database.ts'

const { url } = await testDatabase()
const root = await mkdtemp(join(tmpdir(), 'partywall-tenancy-'))
await mkdir(join(root, 'migrations/tenant'), { recursive: true })
await mkdir(join(root, 'migrations/shared'), { recursive: true })
await writeFile(
  join(root, 'migrations/shared/0001_plans.sql'),
  `create table plans (name text primary key); insert into plans values ('gold')`,
)
await writeFile(
  join(root, 'migrations/tenant/0001_projects.sql'),
  'create table projects (id int generated always as identity primary key, name text not null, plan text references plans)',
)

const tenancy = createTenancy({
  database: url,
  root,
  tenant: { attributes: z.object({ seats: z.number().int().default(5) }) },
  resolve: [byHost({ base: 'example.com' }), byHeader('x-tenant-id', { trusted: true })],
})
afterAll(async () => {
  await tenancy.close()
  await rm(root, { recursive: true, force: true })
})

await tenancy.migrations.run()
const acme = await tenancy.tenants.create({ schema: 'acme', name: 'Acme', domains: ['acme.test'] })
const bolt = await tenancy.tenants.create({ schema: 'bolt', attributes: { seats: 9 } })

const addProject = (name: string): Promise<unknown> =>
  tenancy.pool.query('insert into projects (name, plan) values ($1, $2)', [name, 'gold'])
const projects = async (): Promise<string[]> =>
  (await tenancy.pool.query('select name from projects order by id')).rows.map((row) => row.name)

test('tenancy.pool serves two tenants with the same ids, and joins their tables with a shared table', async () => {
  await tenancy.run('acme', () => addProject('anvil'))
  await tenancy.run(bolt, () => addProject('battery'))
  const joined = 'select projects.id, projects.name, plans.name as plan from projects join plans on plans.name = projects.plan'
  expect((await tenancy.run(acme.id, () => tenancy.pool.query(joined))).rows).toEqual([{ id: 1, name: 'anvil', plan: 'gold' }])
  expect((await tenancy.run({ schema: 'bolt' }, () => tenancy.pool.query(joined))).rows).toEqual([
    { id: 1, name: 'battery', plan: 'gold' },
  ])
  expect(await tenancy.run({ domain: 'ACME.test' }, projects)).toEqual(['anvil'])
})

test('tenancy.pool and tenancy.sharedPool are instances of pg.Pool', () => {
  expect(tenancy.pool).toBeInstanceOf(pg.Pool)
  expect(tenancy.sharedPool).toBeInstanceOf(pg.Pool)
  expect(tenancy.pool.constructor.name).toContain('Pool')
})

test('tenancy.sharedPool and tenancy.runShared see only the shared schema, in any scope', async () => {
  const plans = 'select name from plans'
  expect((await tenancy.sharedPool.query(plans)).rows).toEqual([{ name: 'gold' }])
  expect((await tenancy.run(acme, () => tenancy.sharedPool.query(plans))).rows).toEqual([{ name: 'gold' }])
  expect((await tenancy.runShared(() => tenancy.pool.query(plans))).rows).toEqual([{ name: 'gold' }])
  await expect(tenancy.run(acme, () => tenancy.sharedPool.query('select * from projects'))).rejects.toMatchObject({
    code: '42P01',
  })
  await expect(tenancy.pool.query(plans)).rejects.toMatchObject({ code: 'NO_TENANT' })
})

/** A lazy query, as query builders make it: nothing is sent before it is awaited. */
function builder(): PromiseLike<string[]> {
  // oxlint-disable-next-line unicorn/no-thenable -- a lazy thenable is what this is about
  return { then: (resolve, reject) => projects().then(resolve, reject) }
}

describe('the scope of tenancy.run', () => {
  test('holds inside the function and everything that it starts, and nowhere else', async () => {
    expect([tenancy.tryCurrent(), tenancy.scope()]).toEqual([undefined, undefined])
    await tenancy.run(acme, async (tenant) => {
      expect(tenant).toBe(tenancy.current())
      expect(tenancy.scope()).toEqual({ kind: 'tenant', tenant })
      await new Promise((resolve) => setTimeout(resolve, 5))
      expect(tenancy.current().schema).toBe('acme')
      await tenancy.run(bolt, async () => expect(tenancy.current().schema).toBe('bolt'))
      await tenancy.runShared(() => expect([tenancy.tryCurrent(), tenancy.scope()]).toEqual([undefined, { kind: 'shared' }]))
      expect(tenancy.current().schema).toBe('acme')
    })
    expect(() => tenancy.current()).toThrow(expect.objectContaining({ code: 'NO_TENANT' }))
  })

  test('ends when the function throws', async () => {
    await expect(tenancy.run(acme, () => Promise.reject(new Error('mine')))).rejects.toThrow('mine')
    expect(tenancy.tryCurrent()).toBeUndefined()
  })

  test('holds for a lazy query builder, which sends its statement only when it is awaited', async () => {
    expect(await tenancy.run('bolt', builder)).toEqual(['battery'])
    await tenancy.run('acme', async () => {
      expect(await tenancy.run('bolt', builder)).toEqual(['battery'])
      await expect(tenancy.runShared(builder)).rejects.toMatchObject({ code: '42P01' })
      const { entries } = await tenancy.forEach(builder)
      expect(entries.map(({ value }) => value)).toEqual([['anvil'], ['battery']])
    })
  })

  test('is kept by a function of tenancy.bind', async () => {
    const bound = await tenancy.run(acme, () => tenancy.bind(() => tenancy.current().schema))
    expect(await tenancy.run(bolt, () => bound())).toBe('acme')
  })

  test('is refused for a suspended tenant or one in maintenance, unless allowInactive is set', async () => {
    await tenancy.tenants.suspend('bolt')
    onTestFinished(async () => void (await tenancy.tenants.activate('bolt')))
    await expect(tenancy.run('bolt', projects)).rejects.toMatchObject({ code: 'TENANT_SUSPENDED' })
    expect(await tenancy.run('bolt', projects, { allowInactive: true })).toEqual(['battery'])
    await tenancy.tenants.setMaintenance('bolt')
    await expect(tenancy.run('bolt', projects)).rejects.toMatchObject({ code: 'TENANT_MAINTENANCE' })
  })
})

describe('tenancy.resolve', () => {
  test.each([
    [{ host: 'acme.example.com:443' }, { outcome: 'resolved', tenant: { schema: 'acme' } }],
    [{ host: 'acme.test' }, { outcome: 'resolved', tenant: { schema: 'acme' } }],
    [
      { host: 'example.com', headers: { 'x-tenant-id': 'bolt' } },
      { outcome: 'resolved', tenant: { schema: 'bolt' } },
    ],
    [
      { host: 'example.com', headers: { 'x-tenant-id': bolt.id } },
      { outcome: 'resolved', tenant: { schema: 'bolt' } },
    ],
    [{ host: 'acme.example.com', headers: { 'x-tenant-id': 'bolt' } }, { outcome: 'ambiguous' }],
    [{ host: 'unknown.example.com', headers: { 'x-tenant-id': 'bolt' } }, { outcome: 'unknown' }],
    [{ host: `a'; drop schema acme;--.example.com` }, { outcome: 'invalid' }],
    [{ host: 'example.com', headers: { 'x-tenant-id': `' or 1=1 --` } }, { outcome: expect.stringMatching(/unknown|invalid/) }],
    [{ host: 'example.com' }, { outcome: 'none' }],
  ])('returns the expected outcome for %j', async (facts, expected) => {
    expect(await tenancy.resolve(facts)).toMatchObject(expected)
  })

  test('sees a suspension by the same process at once', async () => {
    await tenancy.tenants.suspend('bolt')
    expect(await tenancy.resolve({ host: 'bolt.example.com' })).toMatchObject({ outcome: 'suspended' })
    await tenancy.tenants.activate('bolt')
    expect(await tenancy.resolve({ host: 'bolt.example.com' })).toMatchObject({ outcome: 'resolved' })
  })
})

describe('tenancy.forEach', () => {
  test('calls the function in every active tenant and reports the value of each', async () => {
    const report = await tenancy.forEach(projects, { concurrency: 2 })
    expect(report).toMatchObject({
      ok: true,
      entries: [
        { target: 'acme', value: ['anvil'] },
        { target: 'bolt', value: ['battery'] },
      ],
    })
  })

  test("continues after a failure, or stops with onFailure: 'stop', and refuses a concurrency of 0", async () => {
    const work = (tenant: Tenant<{ seats: number }>): Promise<unknown> =>
      tenancy.pool.query(tenant.schema === 'acme' ? 'select broken' : 'select 1')
    const report = await tenancy.forEach(work, { concurrency: 1 })
    expect(report).toMatchObject({ ok: false, entries: [{ state: 'failed', error: { code: '42703' } }, { state: 'done' }] })
    const stopped = await tenancy.forEach(work, { concurrency: 1, onFailure: 'stop' })
    expect(stopped.entries.map((entry) => entry.state)).toEqual(['failed', 'skipped'])
    await expect(tenancy.forEach(work, { concurrency: 0 })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  })
})

describe('tenancy.session', () => {
  test('runs VACUUM in the schema of its tenant', async () => {
    await tenancy.session('acme', async (client) => {
      await client.query('vacuum (analyze) projects')
      expect(tenancy.current().schema).toBe('acme')
    })
  })
})

describe('events', () => {
  test('carry the tenant to listeners and to the diagnostics channel', async () => {
    const heard: string[] = []
    const off = tenancy.on('tenant.updated', ({ tenant }) => heard.push(`listener ${tenant.attributes.seats}`))
    const channel = (message: unknown): void => void heard.push(`channel ${(message as { tenant: Tenant }).tenant.schema}`)
    subscribe('partywall:tenant.updated', channel)
    await tenancy.tenants.update('acme', { attributes: { seats: 7 } })
    off()
    unsubscribe('partywall:tenant.updated', channel)
    await tenancy.tenants.update('acme', { attributes: { seats: 5 } })
    expect(heard).toEqual(['channel acme', 'listener 7'])
  })

  test('report a listener that throws as a warning, and do not fail the call', async () => {
    const warned = new Promise<Error>((resolve) => process.once('warning', resolve))
    const off = tenancy.on('tenant.updated', () => {
      throw new Error('mine')
    })
    await tenancy.tenants.update('acme', { name: 'Acme Inc.' })
    off()
    expect((await warned).message).toContain('mine')
  })
})

describe('a database that cannot be reached', () => {
  test.each([
    ['nothing listens', 'postgres://me:secret@127.0.0.1:1/none', 'Nothing listens'],
    ['an unknown host', 'postgres://me:secret@host.invalid:5432/none', 'host name'],
    ['an unknown database', Object.assign(new URL(url), { pathname: '/no_such_database' }).href, 'does not exist'],
  ])('is reported as DATABASE_UNREACHABLE without the password: %s', async (_, database, message) => {
    await using other = createTenancy({ database })
    const error: unknown = await other.tenants.list().catch((reason: unknown) => reason)
    expect(isTenancyError(error, 'DATABASE_UNREACHABLE')).toBe(true)
    expect(String(error)).toContain(message)
    expect(JSON.stringify(error) + String(error)).not.toContain('secret')
  })

  test('is reported as DATABASE_UNREACHABLE after connectionTimeoutMillis when the server accepts and sends nothing', async () => {
    const { createServer } = await import('node:net')
    const silent = createServer(() => {}).listen(0, '127.0.0.1')
    onTestFinished(() => void silent.close())
    await new Promise((resolve) => silent.once('listening', resolve))
    const { port } = silent.address() as { port: number }
    const other = createTenancy({ database: `postgres://me@127.0.0.1:${port}/x`, pool: { connectionTimeoutMillis: 200 } })
    await expect(other.ready()).rejects.toMatchObject({ code: 'DATABASE_UNREACHABLE' })
    await other.close()
  })
})

test.each(['run', 'runShared', 'bind', 'session', 'forEach'] as const)(
  'tenancy.%s refuses work that is no function, and says when it is a promise',
  async (name) => {
    const call = async (work: unknown) => {
      const given = name === 'run' || name === 'session' ? ['acme', work] : [work]
      return (tenancy[name] as (...args: unknown[]) => unknown)(...given)
    }
    await expect(call(Promise.resolve())).rejects.toMatchObject(refusedWork(/it got a promise\. .* write \(\) => … around it/))
    await expect(call(undefined)).rejects.toMatchObject(refusedWork(/it got undefined/))
    await expect(call('acme')).rejects.toMatchObject(refusedWork(/it got text/))
  },
)

function refusedWork(seen: RegExp) {
  return { code: 'INVALID_ARGUMENT', message: expect.stringMatching(seen) }
}

test('createTenancy does no I/O, and tenancy.close can be called twice', async () => {
  const idle = createTenancy({ database: 'postgres://127.0.0.1:1/none' })
  await idle.close()
  await idle.close()
})

test('createTenancy refuses a connection string that cannot be parsed, without showing it', () => {
  expect(() => createTenancy({ database: 'postgres://me:s#cret@host:port/db' })).toThrow(
    expect.objectContaining({ code: 'INVALID_OPTION' }),
  )
  expect(() => createTenancy({ database: 'postgres://me:s#cret@host:port/db' })).not.toThrow(/cret/)
})

test('tenancy.ready refuses the pipelining of pg, in which the state of a transaction is not known', async () => {
  await using piped = createTenancy({ database: { connectionString: url, pipeline: true } })
  await expect(piped.ready()).rejects.toMatchObject({ code: 'INVALID_OPTION' })
})

test('a tenancy works with a role that may not create schemas or tables', async () => {
  const admin = new pg.Client(url)
  await admin.connect()
  await admin.query(`
    drop role if exists partywall_runtime;
    create role partywall_runtime login;
    grant usage on schema acme, bolt, partywall to partywall_runtime;
    grant select on all tables in schema partywall, public to partywall_runtime;
    grant select, insert on all tables in schema acme to partywall_runtime;
    grant usage on all sequences in schema acme to partywall_runtime;
  `)
  onTestFinished(async () => {
    await admin.query('drop owned by partywall_runtime; drop role partywall_runtime')
    await admin.end()
  })
  await using runtime = createTenancy({ database: Object.assign(new URL(url), { username: 'partywall_runtime' }).href, root })
  expect((await runtime.run('acme', () => runtime.pool.query('select count(*)::int as n from projects'))).rows).toEqual([
    { n: 1 },
  ])
  await expect(runtime.run('bolt', () => runtime.pool.query('select * from projects'))).rejects.toMatchObject({ code: '42501' })
  await expect(runtime.run('acme', () => runtime.pool.query('create table x ()'))).rejects.toMatchObject({ code: '42501' })
  await expect(runtime.tenants.create({ schema: 'corp' })).rejects.toSatisfy((error: unknown) => isTenancyError(error))
})

test('a migration in code that runs in tenants.create does not run in the scope of the caller', async () => {
  const elsewhere = await mkdtemp(join(tmpdir(), 'partywall-code-'))
  await mkdir(join(elsewhere, 'migrations/tenant'), { recursive: true })
  const code = `export async function up({ client }) {
    await client.query('create table notes (body text)')
    await globalThis.partywallPool.query("insert into projects (name) values ('outside')")
  }`
  await writeFile(join(elsewhere, 'migrations/tenant/0001_notes.mjs'), code)
  const migrations = { shared: false, tenant: { default: false, code: 'migrations/tenant' } } as const
  await using other = createTenancy({ database: url, root: elsewhere, migrations })
  Object.assign(globalThis, { partywallPool: other.pool })
  onTestFinished(() => rm(elsewhere, { recursive: true, force: true }))
  const creation = other.run('acme', () => other.tenants.create({ schema: 'inside', kind: 'code' }))
  await expect(creation).rejects.toMatchObject({ code: 'MIGRATION_FAILED', cause: { code: 'NO_TENANT' } })
  expect(await tenancy.run('acme', projects)).toEqual(['anvil'])
  expect(await other.tenants.find('inside')).toBeUndefined()
})

test('tenancy.run refuses an unknown option, and an object that only looks like a tenant is looked up', async () => {
  await expect(tenancy.run('acme', projects, { allowInctive: true } as never)).rejects.toThrow('Did you mean "allowInactive"?')
  const stranger = Object.freeze({ ...acme, schema: 'bolt' })
  expect(await tenancy.run(stranger, () => tenancy.current().schema)).toBe('acme')
})
