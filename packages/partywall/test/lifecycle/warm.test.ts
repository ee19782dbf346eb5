/** Ready schemas: made, given to new tenants, migrated with them, and refused after every edit. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import { afterAll, describe, expect, onTestFinished, test } from 'vitest'
import { createTenancy, type Config, type Tenancy } from 'partywall'
import { readBlueprint } from '../../src/blueprint/read-blueprint.ts'
import { testDatabase } from '../support/servers/database.ts'
import { leastPrivilege } from '../support/tenants/least-privilege.ts'
import { folderForTest, writeFiles } from '../support/tenants/registry.ts'

const { url, directUrl } = await testDatabase()
const admin = new Client({ connectionString: directUrl })
await admin.connect()
afterAll(() => admin.end())

const shop = `
  create type mood as enum ('sad', 'glad');
  create table moods (id serial primary key, mood mood not null);
  insert into moods (mood) values ('glad'), ('sad');
  create table orders (id bigint generated always as identity primary key, mood_id int references moods, total numeric);
  create function cheapest() returns numeric language sql stable as 'select min(total) from orders';
  create function found() returns regclass language plpgsql set search_path from current as $$ begin return 'orders'::regclass; end $$;
  create view open_orders as select id, cheapest() as least from orders;`

// The first one: the deploy role makes the catalog.
describe.each(['role', 'path', 'login'] as const)('under the boundary %s', (boundary) => {
  test('a tenant from a ready schema has the rights of one from its migrations, and no tenant reads a ready schema', async () => {
    const { app, deploy } = await (least ??= leastPrivilege(directUrl, directUrl))
    const kind = `by_${boundary}`
    const database = { connectionString: app, deploy, loginKey: 'x'.repeat(32) }
    const { tenancy } = await open(kind, { '0001_a.sql': shop }, { database, boundary })
    await tenancy.tenants.create({ schema: `${kind}_1`, kind })
    await tenancy.warm.fill()
    const [ready] = await schemas(kind)
    const oid = await oidOf(ready!)
    const tenant = await tenancy.tenants.create({ schema: `${kind}_2`, kind, domains: [`${boundary}.example.com`] })
    expect(await oidOf(`${kind}_2`)).toBe(oid)
    expect(await rights(`${kind}_2`)).toEqual(await rights(`${kind}_1`))
    expect((await tenancy.drift({ tenants: tenant })).ok).toBe(true)
    const rows = await tenancy.run(tenant, async () => {
      await tenancy.pool.query('insert into orders (mood_id, total) values (1, 7)')
      return (await tenancy.pool.query('select least, found()::text from open_orders')).rows
    })
    expect(rows).toEqual([{ least: '7', found: 'orders' }])
    await tenancy.warm.fill()
    const [other] = await schemas(kind)
    const hidden = tenancy.run(tenant, () => tenancy.pool.query(`select * from ${other}.orders`))
    await expect(hidden).rejects.toMatchObject({ code: '42501' })
    await expect(tenancy.run(tenant, () => tenancy.pool.query('delete from partywall_migrations'))).rejects.toMatchObject({
      code: '42501',
    })
  })
})

test.each(['path', 'role'] as const)('a kind whose migrations take rights from a role has none under %s', async (boundary) => {
  const { app, deploy, appRole } = await (least ??= leastPrivilege(directUrl, directUrl))
  const kind = `taking_${boundary}`
  const text = `create table secrets (id int); do $$ declare one record; begin
    for one in select distinct grantee::regrole as name from pg_class, aclexplode(relacl) where oid = 'secrets'::regclass and grantee <> relowner loop
      execute 'revoke all on secrets from ' || one.name;
    end loop; end $$; ${boundary === 'path' ? `revoke all on secrets from ${appRole}` : ''}`
  const { tenancy } = await open(kind, { '0001_a.sql': text }, { database: { connectionString: app, deploy }, boundary })
  expect(await tenancy.warm.fill()).toEqual([
    expect.objectContaining({ made: 0, unusable: expect.stringMatching(/take rights/) }),
  ])
})

let least: ReturnType<typeof leastPrivilege> | undefined

test('a ready schema is no tenant: it is not listed, entered, adopted, or a name for a tenant', async () => {
  const { tenancy } = await open('hidden', { '0001_a.sql': shop })
  expect(await tenancy.warm.fill()).toContainEqual({ kind: 'hidden', size: 2, ready: 2, others: 0, made: 2 })
  const [schema] = await schemas('hidden')
  expect(await tenancy.tenants.list()).not.toContainEqual(expect.objectContaining({ schema }))
  expect(await tenancy.tenants.find(schema!)).toBeUndefined()
  await expect(tenancy.tenants.create({ schema: schema!, kind: 'hidden' })).rejects.toMatchObject({ code: 'INVALID_SCHEMA_NAME' })
  await expect(tenancy.tenants.adopt({ schema: schema!, kind: 'hidden' })).rejects.toMatchObject({ code: 'INVALID_SCHEMA_NAME' })
  await expect(admin.query(`insert into partywall.tenants (schema, name) values ('${schema}', 'x')`)).rejects.toThrow(
    /tenants_schema_is_not_ready/,
  )
  expect((await tenancy.migrations.status()).map(({ target }) => target)).not.toContain(schema)
  const { findings } = await tenancy.doctor()
  expect(findings.filter(({ id, seen }) => id === 'PW-107' && seen.includes('partywall_'))).toEqual([])
  expect(await tenancy.warm.drop({ kind: 'hidden' })).toBe(2)
  expect(await tenancy.warm.list()).toContainEqual({ kind: 'hidden', size: 2, ready: 0, others: 0 })
  expect(await schemas('hidden')).toEqual([])
})

test('a tenant from a ready schema is what one from the migrations is, also its sequences and functions', async () => {
  const { tenancy } = await open('alike', { '0001_a.sql': shop })
  await tenancy.tenants.create({ schema: 'alike_1', kind: 'alike' })
  await tenancy.warm.fill()
  const drained: unknown[] = []
  tenancy.on('warm.drained', ({ kind }) => drained.push(kind))
  for (const schema of ['alike_2', 'alike_3', 'alike_4']) await tenancy.tenants.create({ schema, kind: 'alike' })
  expect(drained).toEqual(['alike'])
  for (const schema of ['alike_2', 'alike_3', 'alike_4']) {
    expect(await contents(schema)).toEqual(await contents('alike_1'))
    expect(await structure(schema)).toEqual(await structure('alike_1'))
  }
  const { rows } = await admin.query(`select alike_2.found()::text as found`)
  expect(rows).toEqual([{ found: 'alike_2.orders' }])
})

test('ready schemas are migrated with the fleet, and given to tenants of the new files alone', async () => {
  const { tenancy, root } = await open('moving', { '0001_a.sql': shop })
  await tenancy.tenants.create({ schema: 'moving_1', kind: 'moving' })
  await tenancy.warm.fill()
  const [first] = await schemas('moving')
  const oid = await oidOf(first!)
  await writeFiles(root, {
    'moving/0002_b.sql': `alter table orders add column note text default 'x'; insert into moods (mood) values ('sad')`,
  })
  await tenancy.tenants.create({ schema: 'moving_2', kind: 'moving' })
  expect(await oidOf(first!)).toBe(oid)
  const report = await tenancy.migrations.run({ kinds: 'moving' })
  expect(report.ok).toBe(true)
  expect(report.entries).toContainEqual(expect.objectContaining({ target: first, state: 'done', applied: ['0002_b'] }))
  await tenancy.tenants.create({ schema: 'moving_3', kind: 'moving' })
  expect(await oidOf('moving_3')).toBe(oid)
  expect(await contents('moving_3')).toEqual(await contents('moving_2'))
  expect(await structure('moving_3')).toEqual(await structure('moving_1'))
})

test('a ready schema that cannot be migrated is dropped, and the run is none that failed', async () => {
  const { tenancy, root } = await open('failing', { '0001_a.sql': shop })
  await tenancy.warm.fill()
  const [first] = await schemas('failing')
  // The lock of a person who looks at it.
  const other = new Client({ connectionString: directUrl })
  await other.connect()
  onTestFinished(() => other.end())
  await other.query(`begin; select * from ${first}.orders`)
  await writeFiles(root, { 'failing/0002_b.sql': 'alter table orders add column note text' })
  tenancy.on('migrations.schema.ended', ({ entry }) => entry.target === first && other.query('rollback'))
  const report = await tenancy.migrations.run({ kinds: 'failing', retries: 0, lockTimeoutMs: 50 })
  expect(report.ok).toBe(true)
  expect(report.entries.find(({ target }) => target === first)).toMatchObject({
    state: 'done',
    note: expect.stringMatching(/dropped/),
  })
  expect(await schemas('failing')).not.toContain(first)
})

test.each([
  ['drops a column', 'alter table {s}.orders drop column total cascade'],
  [
    'adds a trigger',
    'create trigger t before insert on {s}.orders for each row execute function suppress_redundant_updates_trigger()',
  ],
  ['inserts a row', 'insert into {s}.orders default values'],
  ['drops a sequence', 'drop sequence {s}.moods_id_seq cascade'],
  ['swaps it', 'drop schema {s} cascade; create schema {s}'],
])('a ready schema is never given to a tenant after someone %s', async (_, edit) => {
  const kind = 'edited'
  const { tenancy } = await open(kind, { '0001_a.sql': shop }, {}, 1)
  await tenancy.warm.drop({ kind })
  await tenancy.warm.fill()
  const [schema] = await schemas(kind)
  const oid = await oidOf(schema!)
  await admin.query(edit.replaceAll('{s}', schema!))
  const told = warnings()
  const name = `edited_${oid}`
  await tenancy.tenants.create({ schema: name, kind })
  expect(await oidOf(name)).not.toBe(oid)
  expect((await tenancy.drift({ tenants: name })).ok).toBe(true)
  expect((await admin.query(`select * from ${name}.orders`)).rows).toEqual([])
  expect(await told()).toMatch(new RegExp(`${schema}.*was not given`))
  expect((await admin.query(`select from partywall.ready_schemas where schema = '${schema}'`)).rows).toEqual([])
  await admin.query(`drop schema if exists ${schema} cascade`)
})

test('an edit before a run is not hidden by the run: the ready schema is dropped', async () => {
  const { tenancy, root } = await open('before_run', { '0001_a.sql': shop })
  await tenancy.warm.fill()
  const [first, second] = await schemas('before_run')
  await admin.query(`insert into ${first}.orders (total) values (1)`)
  await writeFiles(root, { 'before_run/0002_b.sql': 'alter table orders add column note text' })
  const told = warnings()
  await tenancy.migrations.run({ kinds: 'before_run' })
  expect(await schemas('before_run')).toEqual([second])
  expect(await told()).toMatch(new RegExp(`${first}.*changed`))
})

test('an edit during a run is not hidden by the run: the ready schema is compared with what its migrations give', async () => {
  const { tenancy, root } = await open('during_run', { '0001_a.sql': shop })
  await tenancy.warm.fill()
  const [first, second] = await schemas('during_run')
  await writeFiles(root, { 'during_run/0002_b.sql': 'alter table orders add column note text' })
  let edited: Promise<unknown> | undefined
  tenancy.on('migrations.started', () => void (edited ??= admin.query(`insert into ${first}.moods (mood) values ('sad')`)))
  await tenancy.migrations.run({ kinds: 'during_run' })
  await edited
  expect(await schemas('during_run')).toEqual([second])
})

test.each([
  ['a random value', `create table keys (key uuid); insert into keys values (gen_random_uuid())`],
  ['a time', `create table t (at timestamptz default clock_timestamp()); insert into t default values`],
  [
    'a form of the name of the schema',
    `create table t (name text); insert into t values (upper(left(current_schema(), 20) || md5(current_schema())))`,
  ],
  [
    'the name of the schema into a function',
    `do $$ begin execute format('create function f() returns text language sql as $f$select %L$f$', current_schema()); end $$`,
  ],
  [
    'the name of the schema into a comment',
    `create table t (); do $$ begin execute format('comment on table t is %L', current_schema()); end $$`,
  ],
  ['a time into a view with rows', `create materialized view m as select clock_timestamp() as at`],
])('a kind whose migrations write %s has none', async (_, text) => {
  const kind = `unfit_${_.replaceAll(' ', '_')}`
  const { tenancy } = await open(kind, { '0001_a.sql': text })
  const drained: unknown[] = []
  tenancy.on('warm.drained', (one) => drained.push(one))
  expect(await tenancy.warm.fill()).toContainEqual(expect.objectContaining({ kind, made: 0, unusable: expect.any(String) }))
  expect(await schemas(kind)).toEqual([])
  await tenancy.tenants.create({ schema: `${kind}_1`, kind })
  // It is known by now, so nothing is tried.
  expect(drained).toEqual([])
})

test('creations at the same time in two processes get different schemas, and the name of another tenant is refused', async () => {
  const { tenancy, root } = await open('many', { '0001_a.sql': shop }, {}, 6)
  const other = createTenancy(configOf(root, 'many', {}, 6))
  onTestFinished(() => other.close())
  await Promise.all([tenancy.warm.fill(), other.warm.fill()])
  const oids = async (text: string): Promise<unknown[]> => (await admin.query(`${text} order by 1`)).rows
  const before = await oids(`select oid::text from partywall.ready_schemas where kind = 'many'`)
  expect(before).toHaveLength(6)
  const names = Array.from({ length: 6 }, (__, index) => `many_${index}`)
  await Promise.all(names.map((schema, index) => (index % 2 ? tenancy : other).tenants.create({ schema, kind: 'many' })))
  expect(await oids(`select oid::text from pg_namespace where nspname ~ '^many_'`)).toEqual(before)
  for (const name of names) expect(await contents(name)).toEqual(await contents('many_0'))
  await tenancy.warm.fill()
  const ready = await schemas('many')
  await expect(tenancy.tenants.create({ schema: 'many_0', kind: 'many' })).rejects.toMatchObject({ code: 'SCHEMA_EXISTS' })
  await admin.query('create schema many_taken')
  await expect(tenancy.tenants.create({ schema: 'many_taken', kind: 'many' })).rejects.toMatchObject({ code: 'SCHEMA_EXISTS' })
  expect(await schemas('many')).toEqual(ready)
})

test('a process that serves makes them in the background, and again after it has used one', async () => {
  const { tenancy } = await open('served', { '0001_a.sql': shop })
  await tenancy.ready()
  await until(async () => (await schemas('served')).length === 2)
  await tenancy.tenants.create({ schema: 'served_1', kind: 'served' })
  await until(async () => (await schemas('served')).length === 2)
})

test('a process that is killed while it fills or uses them leaves whole ones, and no schema without a row', async () => {
  const { root, tenancy } = await open('killed', { '0001_a.sql': `${shop} select pg_sleep(0.02)` }, {}, 3)
  const work = fileURLToPath(new URL('warm-work.ts', import.meta.url))
  const kill = async (afterMs: number): Promise<void> => {
    const child = spawn(process.execPath, [work, directUrl, root, `killed_${afterMs}`], { stdio: ['ignore', 'pipe', 'inherit'] })
    const ended = once(child, 'exit')
    await Promise.race([once(child.stdout, 'data'), ended])
    await sleep(afterMs)
    child.kill('SIGKILL')
    await ended
  }
  await Promise.all([20, 120, 250, 500, 900].map(kill))
  await until(async () => (await admin.query(`select from pg_stat_activity where application_name = 'killed'`)).rows.length === 0)
  const { rows } = await admin.query(`
    select n.nspname from pg_namespace n
    where (n.nspname ~ '^partywall_(ready|witness)_' or n.nspname ~ '^killed_')
      and not exists (select from partywall.ready_schemas r where r.schema = n.nspname and r.oid = n.oid)
      and not exists (select from partywall.tenants t where t.schema = n.nspname)
    union all
    select schema from partywall.ready_schemas r where not exists (select from pg_namespace n where n.oid = r.oid and n.nspname = r.schema)
    union all
    select schema from partywall.tenants t where kind = 'killed' and not exists (select from pg_namespace n where n.nspname = t.schema)`)
  expect(rows).toEqual([])
  expect(await tenancy.warm.fill()).toContainEqual(expect.objectContaining({ kind: 'killed', ready: 3 }))
  for (const { schema } of await tenancy.tenants.list({ kinds: 'killed' }))
    expect((await tenancy.drift({ tenants: schema })).ok).toBe(true)
})

async function open(
  kind: string,
  files: Record<string, string>,
  config: Config = {},
  size = 2,
): Promise<{ tenancy: Tenancy<any, any>; root: string }> {
  const root = await folderForTest(Object.fromEntries(Object.entries(files).map(([name, text]) => [`${kind}/${name}`, text])))
  const tenancy = createTenancy(configOf(root, kind, config, size))
  onTestFinished(() => tenancy.close())
  return { tenancy, root }
}

function configOf(root: string, kind: string, config: Config, size: number): Config {
  const migrations = { shared: false, tenant: { default: false, [kind]: kind } } as const
  return { database: url, root, migrations, warm: { size: { [kind]: size } }, ...config }
}

async function schemas(kind: string): Promise<string[]> {
  const { rows } = await admin.query<{ schema: string }>(
    'select schema from partywall.ready_schemas where kind = $1 order by created_at, id',
    [kind],
  )
  return rows.map(({ schema }) => schema)
}

async function oidOf(schema: string): Promise<string | undefined> {
  return (await admin.query<{ oid: string }>('select oid::text from pg_namespace where nspname = $1', [schema])).rows[0]?.oid
}

async function structure(schema: string): Promise<unknown> {
  const { creation: _, ...blueprint } = await readBlueprint(admin as never, schema)
  return blueprint
}

async function contents(schema: string): Promise<unknown> {
  const { rows } = await admin.query(`
    select 'row' as of, id::text, mood::text as value, null as more from ${schema}.moods
    union all select 'sequence', last_value::text, is_called::text, null from ${schema}.moods_id_seq
    union all select name, position::text, checksum, obj_description('${schema}.partywall_migrations'::regclass) from ${schema}.partywall_migrations
    order by 1, 2`)
  return rows
}

/** Of the schema and all that is in it; roles of tenants have the same name. */
async function rights(schema: string): Promise<unknown> {
  const { rows } = await admin.query(
    `select name, regexp_replace(acl, 'partywall_[0-9a-f]{32}', 'the tenant', 'g') as acl from (
      select 'schema' as name, nspacl::text as acl from pg_namespace where nspname = $1
      union all select relname, (select string_agg(a::text, ' ' order by a::text) from unnest(relacl) a) from pg_class where relnamespace = $1::regnamespace and relkind in ('r', 'S', 'v')
      union all select proname, (select string_agg(a::text, ' ' order by a::text) from unnest(proacl) a) from pg_proc where pronamespace = $1::regnamespace
      union all select 'default ' || defaclobjtype::text, defaclacl::text from pg_default_acl where defaclnamespace = $1::regnamespace
    ) as one order by 1, 2`,
    [schema],
  )
  return rows
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await condition()); tries++) {
    if (tries > 500) throw new Error('it did not happen')
    await sleep(10)
  }
}

function warnings(): () => Promise<string> {
  const seen: string[] = []
  const listen = (warning: Error): void => void seen.push(warning.message)
  process.on('warning', listen)
  onTestFinished(() => void process.off('warning', listen))
  return async () => {
    await new Promise((resolve) => setImmediate(resolve))
    return seen.join('\n')
  }
}
