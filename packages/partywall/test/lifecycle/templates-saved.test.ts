/** Templates that are saved from tenants, and templates under roles, for roles of little power, and in processes that are killed. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import { afterAll, expect, onTestFinished, test } from 'vitest'
import { createTenancy, type Config, type TemplateStatus, type Tenancy } from 'partywall'
import { testDatabase } from '../support/servers/database.ts'
import { leastPrivilege } from '../support/tenants/least-privilege.ts'
import { folderForTest, writeFiles } from '../support/tenants/registry.ts'

const { url, directUrl } = await testDatabase()
const admin = new Client({ connectionString: directUrl })
await admin.connect()
const opened: Tenancy<any, any>[] = []
afterAll(async () => {
  for (const tenancy of opened) await tenancy.close()
  await admin.end()
})

const files = {
  '0001_shop.sql': `
    create table plans (id int generated always as identity primary key, name text unique);
    create table customers (id serial primary key, plan_id int references plans, email text);`,
}

// The first one: the deploy role makes the catalog.
test('a tenant with a role reads and writes what was made from the template, and no tenant reads the template', async () => {
  const { app, deploy } = await leastPrivilege(directUrl, url)
  const { tenancy } = await open('byrole', { database: { connectionString: app, deploy }, boundary: 'role' }, app)
  await tenancy.tenants.create({ schema: 'role-1', kind: 'byrole' })
  await tenancy.tenants.create({ schema: 'role-2', kind: 'byrole' })
  expect(await tenancy.templates.list()).toMatchObject([{ kind: 'byrole', schema: 'partywall_template_byrole' }])
  const [own] = await tenancy.run('role-2', async () => {
    await tenancy.pool.query(`insert into plans (name) values ('x')`)
    return (await tenancy.pool.query('select name from plans')).rows
  })
  expect(own).toEqual({ name: 'x' })
  const read = (text: string): Promise<unknown> => tenancy.run('role-2', () => tenancy.pool.query(text))
  await expect(read('select * from partywall_template_byrole.plans')).rejects.toMatchObject({ code: '42501' })
  await expect(read('insert into partywall_migrations values (9)')).rejects.toMatchObject({ code: '42501' })
  await expect(tenancy.sharedPool.query('select * from partywall_template_byrole.plans')).rejects.toMatchObject({ code: '42501' })
  // The role of the catalog may not look into it.
  expect((await tenancy.migrations.run({ kinds: 'byrole' })).entries.map(({ target, state }) => [target, state])).toEqual([
    ['role-1', 'done'],
    ['role-2', 'done'],
    ['template:byrole', 'done'],
  ])
  // Both ways give the same rights.
  const rights = `select c.relname, regexp_replace(c.relacl::text, 'partywall_[0-9a-f]{32}', 'the tenant', 'g') as acl
    from pg_class c where c.relnamespace = $1::regnamespace order by 1`
  const [first, second] = [await admin.query(rights, ['"role-1"']), await admin.query(rights, ['"role-2"'])]
  expect(second.rows).toEqual(first.rows)
})

test('a template that is saved from a tenant gives new tenants its structure and the chosen rows, and is migrated with the fleet', async () => {
  const { tenancy, root } = await open('saved')
  const { tenants, templates, migrations } = tenancy
  await tenants.create({ schema: 'acme', kind: 'saved' })
  await admin.query(`
    insert into acme.plans (name) values ('free'), ('pro');
    insert into acme.customers (plan_id, email) values (1, 'secret@example.com');
    create index by_hand on acme.customers (email)`)
  const saved = await templates.save('demo', { from: 'acme', rows: ['plans'] })
  expect(saved).toMatchObject({ name: 'demo', kind: 'saved', rows: ['plans'] })
  expect(saved).not.toHaveProperty('unusable')
  const create = (schema: string): Promise<unknown> => tenants.create({ schema, kind: 'saved', template: 'demo' })
  await create('demo-1')
  expect(await rows('select id, name from "demo-1".plans order by id')).toEqual([
    { id: 1, name: 'free' },
    { id: 2, name: 'pro' },
  ])
  expect(await rows('select * from "demo-1".customers')).toEqual([])
  expect(await rows(`insert into "demo-1".plans (name) values ('more') returning id`)).toEqual([{ id: 3 }])
  expect(await rows(`insert into "demo-1".customers (email) values ('x') returning id`)).toEqual([{ id: 1 }])
  expect(await rows(`select 1 as found from pg_indexes where schemaname = 'demo-1' and indexname = 'by_hand'`)).toHaveLength(1)
  await writeFiles(root, { 'saved/0002_note.sql': 'alter table plans add column note text' })
  await expect(create('demo-2')).rejects.toMatchObject({ code: 'TEMPLATE_UNUSABLE', details: { template: 'demo' } })
  const report = await migrations.run({ kinds: 'saved' })
  expect(report.entries.map(({ target, state }) => [target, state])).toEqual([
    ['acme', 'done'],
    ['demo-1', 'done'],
    ['template:saved', 'done'],
    ['template:saved:demo', 'done'],
  ])
  await create('demo-2')
  expect(await rows('select id, name, note from "demo-2".plans where id = 2')).toEqual([{ id: 2, name: 'pro', note: null }])
  expect((await templates.list()).filter(({ kind }) => kind === 'saved').map(({ name }) => name)).toEqual([null, 'demo'])
  await expect(templates.save('demo', { from: 'acme' })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  await expect(templates.save('other', { from: 'acme', rows: ['nothing'] })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  await expect(templates.save('Other"; drop', { from: 'acme' })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  await templates.drop('demo')
  await templates.drop({ kind: 'saved' })
  await expect(create('demo-3')).rejects.toMatchObject({ code: 'UNKNOWN_TEMPLATE' })
  expect(await tenants.find('demo-3')).toBeUndefined()
  expect(await rows(`select nspname from pg_namespace where nspname ~ '^partywall_template_(saved|demo)'`)).toEqual([])
  expect(await rows(`select action from partywall.audit where action ~ '^template' order by id`)).toEqual([
    { action: 'template.saved' },
    { action: 'template.dropped' },
    { action: 'template.dropped' },
  ])
})

test('a template is saved from one state of a tenant, and from no other tenant that has its name', async () => {
  const { tenancy } = await open('held')
  await tenancy.tenants.create({ schema: 'held', kind: 'held' })
  await admin.query(`insert into held.plans (name) values ('free'), ('pro')`)
  const save = (name: string, from: Pick<Tenancy, 'templates'> = tenancy): Promise<TemplateStatus> =>
    from.templates.save(name, { from: 'held', rows: ['plans'] })
  await admin.query(`begin; select pg_advisory_xact_lock(hashtextextended('partywall: migrate held', 0))`)
  await expect(save('migrated')).rejects.toMatchObject({ code: 'TENANT_LOCKED' })
  // A table that is rewritten looks empty to a snapshot of before.
  await admin.query(`rollback; begin; alter table held.plans alter column name type varchar(10)`)
  const saving = save('rewritten')
  saving.catch(() => {})
  const other = new Client({ connectionString: directUrl })
  await other.connect()
  onTestFinished(() => other.end())
  const waits = `select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`
  await expect.poll(async () => (await other.query(waits)).rows.length, { interval: 5, timeout: 20_000 }).toBe(1)
  await admin.query('commit')
  const saved = await saving
  expect(saved).toMatchObject({ rows: ['plans'] })
  expect(await rows(`select name from "${saved.schema}".plans order by id`)).toEqual([{ name: 'free' }, { name: 'pro' }])
  // A process that keeps tenants for long.
  const { tenancy: keeping } = await open('held', { tenantCacheMs: 60_000 })
  await keeping.tenants.get('held')
  await admin.query('alter schema held rename to held_before; create schema held; create table held.plans (name text)')
  await expect(save('other', keeping)).rejects.toMatchObject({ code: 'TENANT_LOCKED' })
  expect((await tenancy.templates.list()).filter(({ kind }) => kind === 'held').map(({ name }) => name)).toEqual([
    null,
    'rewritten',
  ])
})

test(
  'a process that is killed while it creates or migrates leaves no tenant, and templates that the next run uses',
  { timeout: 60_000 },
  async () => {
    const { tenancy, root } = await open('killed')
    const script = fileURLToPath(new URL('template-work.ts', import.meta.url))
    await tenancy.migrations.run({ kinds: 'killed' })
    for (const [work, afterMs] of [
      ['create', 12],
      ['migrate', 20],
    ] as const) {
      if (work === 'migrate') await writeFiles(root, { [`killed/0002_${afterMs}.sql`]: `create table more_${afterMs} (id int)` })
      const child = spawn(process.execPath, [...process.execArgv, script, directUrl, root, work, `killed-${afterMs}`], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      await once(child.stdout, 'data')
      await sleep(afterMs)
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
    const orphans = await rows(`
    select nspname from pg_namespace
    where nspname ~ '^(killed|partywall_witness)' and nspname not in (select schema from partywall.tenants)`)
    expect(orphans).toEqual([])
    expect((await tenancy.migrations.run({ kinds: 'killed' })).ok).toBe(true)
    await tenancy.tenants.create({ schema: 'after', kind: 'killed' })
    expect(
      (await tenancy.templates.list()).filter(({ kind, unusable }) => kind === 'killed' && unusable === undefined),
    ).toHaveLength(1)
    expect(await rows('select * from after.more_20')).toEqual([])
  },
)

async function open(
  kind: string,
  config: Config<any> = {},
  database: string = directUrl,
): Promise<{ tenancy: Tenancy<any, any>; root: string }> {
  const root = await folderForTest(Object.fromEntries(Object.entries(files).map(([file, text]) => [`${kind}/${file}`, text])))
  const migrations = { shared: false, tenant: { default: false, [kind]: kind }, template: true } as const
  const tenancy = createTenancy<any>({ database, root, tenantCacheMs: 0, migrations, ...config })
  opened.push(tenancy)
  return { tenancy, root }
}

async function rows(text: string): Promise<unknown[]> {
  const result = await admin.query(text)
  return [result].flat().at(-1)!.rows
}
