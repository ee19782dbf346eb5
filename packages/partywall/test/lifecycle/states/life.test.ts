/** Rename, archive, restore, delete and purge, with the application's login apart from the deploy role, under the boundaries path and role. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { createTenancy, type Tenant, type TenancyEvents } from '../../../src/index.ts'
import { awaySchema } from '../../../src/names/identifier.ts'
import { tenantRole } from '../../../src/names/role-name.ts'
import { auditOf, lastEntry } from '../../support/tenants/audit.ts'
import { testDatabase } from '../../support/servers/database.ts'
import { leastPrivilege } from '../../support/tenants/least-privilege.ts'
import { writeFiles } from '../../support/tenants/registry.ts'

const { url, directUrl } = await testDatabase()
const own = await leastPrivilege(directUrl, url)
const root = await mkdtemp(join(tmpdir(), 'partywall-life-'))
await writeFiles(root, {
  'migrations/tenant/0001_notes.sql': `create table notes (id serial primary key, text text);
    create function count_notes() returns bigint language plpgsql set search_path from current as 'begin return (select count(*) from notes); end'`,
  'migrations/shared/0001_plans.sql': `create table plans (name text); create table invoices (tenant_id uuid, total int);
    select partywall.protect('public.invoices')`,
})
const admin = new Client(directUrl)
beforeAll(() => admin.connect())
afterAll(async () => {
  await admin.end()
  await rm(root, { recursive: true })
})

describe.each(['path', 'role'] as const)('under the boundary %s', (boundary) => {
  const config = { root, database: { connectionString: own.app, deploy: own.deploy }, boundary }
  const seenByHook: Tenant[] = []
  const hook: { error: Error | undefined } = { error: undefined }
  const tenancy = createTenancy({
    ...config,
    shared: { grants: { invoices: ['insert'] } },
    hooks: {
      beforeDelete(tenant) {
        if (hook.error !== undefined) throw hook.error
        seenByHook.push(tenant)
      },
    },
  })
  const { tenants } = tenancy
  const named = (name: string): string => `${boundary}_${name}`
  const create = async (name: string, domains: string[] = []): Promise<Tenant> => {
    const tenant = await tenants.create({ schema: named(name), domains })
    await tenancy.run(tenant, () => tenancy.pool.query('insert into notes (text) values ($1)', [name]))
    return tenant
  }
  const notesOf = (ref: string): Promise<string[]> =>
    tenancy.run(ref, async () => (await tenancy.pool.query('select text from notes')).rows.map(({ text }) => text))
  beforeAll(async () => {
    if (boundary === 'role') await tenancy.boundary.upgrade()
    await tenancy.migrations.run()
  })
  afterAll(() => tenancy.close())

  test('rename changes schema and name, keeps rows, history and functions, and is recorded and emitted', async () => {
    const before = await create('old')
    const since = await lastEntry(admin)
    const events: TenancyEvents['tenant.renamed'][] = []
    onTestFinished(tenancy.on('tenant.renamed', (event) => events.push(event)))
    const tenant = await tenants.rename(named('old'), { schema: named('new'), name: 'New' })
    expect(tenant).toMatchObject({ id: before.id, schema: named('new'), name: 'New', status: 'active' })
    expect(tenant.generation).toBeGreaterThan(before.generation)
    expect(events).toEqual([{ tenant, before: { schema: named('old'), name: named('old') } }])
    expect(await auditOf(admin, since)).toMatchObject([
      {
        action: 'tenant.renamed',
        object: named('new'),
        tenant_id: tenant.id,
        details: { before: named('old'), changed: ['schema', 'name'] },
      },
    ])
    expect(await notesOf(named('new'))).toEqual(['old'])
    expect(await tenants.find(named('old'))).toBeUndefined()
    expect((await tenancy.migrations.status({ tenants: named('new') }))[0]).toMatchObject({ applied: 1, pending: [] })
    await expect(tenancy.run(before, () => 1)).rejects.toMatchObject({ code: 'TENANT_CHANGED' })
    // Its search path has the schema as text.
    await create('old')
    await tenancy.run(named('old'), () => tenancy.pool.query('insert into notes (text) values (1), (2)'))
    const { rows } = await tenancy.run(named('new'), () => tenancy.pool.query('select count_notes()::int as notes'))
    expect(rows).toEqual([{ notes: 1 }])
  })

  test('rename refuses names as a creation does, names that are taken, and functions that name the schema', async () => {
    await create('one')
    await admin.query(`create schema ${named('by_hand')}`)
    for (const schema of ['Acme', 'pg_x', 'public', 'shared', 'partywall', 'a"b', '', awaySchema(crypto.randomUUID())])
      await expect(tenants.rename(named('one'), { schema })).rejects.toMatchObject({ code: 'INVALID_SCHEMA_NAME' })
    for (const schema of ['new', 'by_hand'].map(named))
      await expect(tenants.rename(named('one'), { schema })).rejects.toMatchObject({ code: 'SCHEMA_EXISTS', details: { schema } })
    await expect(tenants.rename(named('one'), {})).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
    await expect(tenants.rename(named('one'), { name: '' })).rejects.toMatchObject({ code: 'INVALID_TENANT_NAME' })
    await admin.query(`create function ${named('one')}.f() returns bigint language plpgsql as
      'begin return (select count(*) from "${named('one')}" . notes); end'`)
    await expect(tenants.rename(named('one'), { schema: named('two') })).rejects.toMatchObject({
      code: 'TENANT_REFERENCED',
      details: { references: [`${named('two')}.f()`] },
    })
    expect(await notesOf(named('one'))).toEqual(['one'])
    expect(await tenants.rename(named('one'), { schema: named('one'), name: named('one') })).toEqual(
      await tenants.get(named('one')),
    )
  })

  test('work that is bound to the old name fails, also when another tenant has taken the name', async () => {
    const before = await create('bound')
    const attempt = await tenancy.run(before, async () => {
      const client = await tenancy.pool.connect()
      await client.query('begin')
      await client.query('select 1')
      return { query: tenancy.bind(() => client.query('select text from notes')), release: () => client.release(true) }
    })
    onTestFinished(attempt.release)
    await tenants.rename(before, { schema: named('bound_2') })
    await create('bound')
    await expect(attempt.query()).rejects.toMatchObject({ code: 'TENANT_CHANGED' })
    expect(await notesOf(named('bound_2'))).toEqual(['bound'])
  })

  test('a statement that runs for long never meets another tenant that takes its name', async () => {
    const before = await create('long')
    await admin.query(`create function ${named('long')}.slow() returns bigint language plpgsql as
      'begin perform pg_sleep(0.6); return (select count(*) from notes); end'`)
    const running = tenancy.run(before, () => tenancy.pool.query('select slow()::int as notes'))
    running.catch(() => {})
    await expect
      .poll(
        async () =>
          (await admin.query(`select from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database()`)).rows
            .length,
      )
      .toBe(1)
    await tenants.rename(before, { schema: named('long_2') })
    const heir = await tenants.create({ schema: named('long') })
    await expect(running).rejects.toMatchObject({ code: '42P01' })
    expect(await notesOf(heir.id)).toEqual([])
  })

  test('two renames of one tenant at the same time, and two to one name: one of each succeeds', async () => {
    const [a, b] = [await create('twin_a'), await create('twin_b')]
    const outcomes = await Promise.allSettled([a, b].map((tenant) => tenants.rename(tenant, { schema: named('twins') })))
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
    expect(outcomes.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'SCHEMA_EXISTS' } })
    const schemas = await Promise.all([a, b].map(async ({ id }) => (await tenants.get(id)).schema))
    expect(schemas.filter((schema) => schema === named('twins'))).toHaveLength(1)
    await Promise.allSettled(['c', 'd'].map((name) => tenants.rename(a, { schema: named(`twin_${name}`) })))
    expect(await tenancy.run(a.id, async () => (await tenancy.pool.query('select text from notes')).rows)).toEqual([
      { text: 'twin_a' },
    ])
  })

  test('archive frees name and domains, is not migrated, and restore brings both back where they are free', async () => {
    const domains = ['b', 'a', 'c'].map((name) => `${name}.${boundary}.example.com`)
    const before = await create('gone', domains)
    const { login } = await tenancy.logins.create(before)
    const archived = await tenants.archive(named('gone'), { purgeAfterMs: 60_000 })
    expect(archived).toMatchObject({
      id: before.id,
      status: 'archived',
      schema: awaySchema(before.id),
      archivedSchema: named('gone'),
    })
    expect(archived.purgeAt!.getTime() - archived.archivedAt!.getTime()).toBe(60_000)
    expect(await tenants.find(named('gone'))).toBeUndefined()
    expect(await tenancy.domains.list(before.id)).toEqual([])
    await expect(tenancy.run(before.id, () => 1)).rejects.toMatchObject({
      code: 'TENANT_SUSPENDED',
      details: { status: 'archived' },
    })
    for (const move of ['activate', 'suspend', 'setMaintenance', 'archive'] as const)
      await expect(tenants[move](before.id)).rejects.toMatchObject({
        code: 'INVALID_TENANT_MOVE',
        details: { status: 'archived', move },
      })
    expect((await admin.query('select rolcanlogin from pg_roles where rolname = $1', [login.role])).rows).toEqual([
      { rolcanlogin: false },
    ])

    const heir = await create('gone', [domains[1]!])
    await expect(tenants.restore(before.id)).rejects.toMatchObject({ code: 'SCHEMA_EXISTS', details: { schema: named('gone') } })
    await expect(tenants.restore(before.id)).rejects.toThrow('{ schema }')
    const restored = await tenants.restore(named('gone'), { schema: named('back') })
    expect(restored).toMatchObject({
      tenant: { id: before.id, schema: named('back'), status: 'active' },
      takenDomains: [domains[1]],
      pending: [],
    })
    expect(restored.tenant).not.toHaveProperty('purgeAt')
    expect(restored.domains.map(({ domain, isPrimary }) => [domain, isPrimary])).toEqual([
      [domains[0], true],
      [domains[2], false],
    ])
    expect(await notesOf(named('back'))).toEqual(['gone'])
    expect(await notesOf(heir.id)).toEqual(['gone'])
    expect(
      (await admin.query('select rolcanlogin, rolconfig[1] as path from pg_roles where rolname = $1', [login.role])).rows,
    ).toEqual([{ rolcanlogin: true, path: `search_path=${named('back')}` }])
    await expect(tenants.restore(named('back'))).rejects.toMatchObject({ code: 'INVALID_TENANT_MOVE' })
  })

  test('domains that an archive keeps stay with the tenant; several that had one name are told apart by their ids', async () => {
    const domain = `kept.${boundary}.example.com`
    const first = await create('kept', [domain])
    await tenants.archive(named('kept'), { keepDomains: true, purgeAfterMs: null })
    const second = await create('kept')
    await tenants.archive(named('kept'))
    await expect(tenants.restore(named('kept'))).rejects.toThrow(second.id)
    expect(await tenants.get(domain)).toMatchObject({ id: first.id, status: 'archived' })
    expect((await tenants.restore(domain)).domains).toMatchObject([{ domain, isPrimary: true }])
    expect((await tenants.restore(second.id, { schema: named('kept_2') })).tenant.status).toBe('active')
  })

  test('delete needs the confirmation and the hook, and removes schema, roles, domains and row', async () => {
    const domain = `dead.${boundary}.example.com`
    const tenant = await create('dead', [domain])
    const { login } = await tenancy.logins.create(tenant)
    const since = await lastEntry(admin)
    await expect(tenants.delete(tenant, { confirm: 'dead' })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      details: { option: 'confirm' },
    })
    hook.error = new Error('the bill is not paid')
    await expect(tenants.delete(tenant, { confirm: named('dead') })).rejects.toMatchObject({
      code: 'HOOK_FAILED',
      cause: hook.error,
    })
    hook.error = undefined
    expect((await tenants.get(tenant)).status).toBe('active')
    seenByHook.length = 0
    expect(await tenants.delete(tenant, { confirm: named('dead') })).toMatchObject({ tenant: { id: tenant.id }, keptRoles: [] })
    expect(seenByHook).toEqual([tenant])
    expect((await auditOf(admin, since)).map(({ action }) => action)).toEqual([
      'domain.removed',
      'tenant.deleting',
      'tenant.deleted',
    ])
    expect(await tenants.find(tenant.id)).toBeUndefined()
    expect(await tenants.find(domain)).toBeUndefined()
    const { rows } = await admin.query(
      'select (select count(*) from pg_namespace where nspname = any ($1))::int + (select count(*) from pg_roles where rolname = any ($2))::int as left',
      [
        [named('dead'), awaySchema(tenant.id)],
        [tenantRole(tenant.id), login.role],
      ],
    )
    expect(rows).toEqual([{ left: 0 }])
    await expect(tenants.delete(tenant, { confirm: named('dead') })).rejects.toMatchObject({ code: 'UNKNOWN_TENANT' })
  })

  test('delete refuses what shared objects need, by name, and does not guess what becomes of shared rows', async () => {
    const tenant = await create('used')
    const bystander = await create('bystander')
    const schema = named('used')
    await admin.query(`
      create view public.${schema}_view as select * from ${schema}.notes;
      create table public.${schema}_child (note int references ${schema}.notes (id));
      create table public.${schema}_seq (id int default nextval('${schema}.notes_id_seq'))`)
    const plan = await tenants.deletePlan(tenant)
    expect(plan).toMatchObject({ schema, tables: 2, sharedRows: [] })
    expect(plan.references.join('\n')).toMatch(
      new RegExp(`constraint .*${schema}_child[\\s\\S]*${schema}_seq[\\s\\S]*${schema}_view`),
    )
    await expect(tenants.delete(tenant, { confirm: schema })).rejects.toMatchObject({
      code: 'TENANT_REFERENCED',
      details: { references: plan.references },
    })
    await admin.query(`drop view public.${schema}_view; drop table public.${schema}_child, public.${schema}_seq`)
    for (const one of [tenant, bystander])
      await tenancy.run(one, () => tenancy.pool.query('insert into public.invoices (total) values (1), (2)'))
    const tables = [{ table: 'public.invoices', rows: 2 }]
    await expect(tenants.delete(tenant, { confirm: schema })).rejects.toMatchObject({
      code: 'TENANT_REFERENCED',
      details: { tables },
    })
    expect((await tenants.deletePlan(tenant)).sharedRows).toEqual([{ table: 'public.invoices', column: 'tenant_id', rows: 2 }])
    expect(await notesOf(schema)).toEqual(['used'])
    await tenants.delete(tenant, { confirm: schema, sharedRows: 'delete' })
    const { rows } = await admin.query('select distinct tenant_id from public.invoices')
    expect(rows).toEqual([{ tenant_id: bystander.id }])
    await tenants.delete(bystander, { confirm: named('bystander'), sharedRows: 'keep' })
    expect((await admin.query('select count(*)::int as rows from public.invoices')).rows).toEqual([{ rows: 2 }])
    await admin.query('delete from public.invoices')
  })

  test('purge tells first, archives or deletes what is over by the clock of the server, and keeps the rest', async () => {
    const past = new Date(Date.now() - 1000)
    const demo = await tenants.create({ schema: named('demo'), expiresAt: past })
    await tenants.create({ schema: named('demo_2'), expiresAt: new Date(Date.now() + 60_000) })
    const old = await create('past')
    await tenants.archive(old, { purgeAfterMs: 0 })
    await tenants.archive(await create('later'))
    expect((await tenants.get(demo)).expiresAt).toEqual(past)
    const entries = (state: string, action = 'delete'): object[] => [
      { schema: named('demo'), tenantId: demo.id, action, state },
      { schema: named('past'), tenantId: old.id, action: 'delete', state },
    ]
    const all = { expired: true, archived: true }
    expect(await tenants.purge({ ...all, dryRun: true })).toEqual({ ok: true, entries: entries('planned') })
    await expect(tenants.purge({})).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
    expect(await tenants.purge({ expired: true, archive: true })).toEqual({
      ok: true,
      entries: [{ ...entries('done', 'archive')[0] }],
    })
    await tenants.restore(demo.id)
    expect((await tenants.update(demo, { expiresAt: null })).expiresAt).toBeUndefined()
    await tenants.update(demo, { expiresAt: past })
    expect(await tenants.purge(all)).toEqual({ ok: true, entries: entries('done') })
    expect(await tenants.purge(all)).toEqual({ ok: true, entries: [] })
    await expect(tenants.update(named('demo_2'), { expiresAt: 5 as never })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  })

  test('a role without the right names it, and nothing is half-made', async () => {
    const tenant = await create('weak')
    const weak = createTenancy({ ...config, database: own.app, boundary: 'path' })
    onTestFinished(() => weak.close())
    const attempts = [
      weak.tenants.rename(tenant, { schema: named('weak_2') }),
      weak.tenants.archive(tenant),
      weak.tenants.delete(tenant, { confirm: named('weak') }),
    ]
    for (const outcome of await Promise.allSettled(attempts))
      expect(outcome).toMatchObject({ reason: { code: expect.stringMatching(/^(NOT_PERMITTED|CATALOG_MISSING)$/) } })
    expect(await notesOf(named('weak'))).toEqual(['weak'])
    expect((await tenants.get(tenant)).status).toBe('active')
  })
})
