/** Schemas that exist become tenants as they are: one, a fleet, and the tenants of other tools. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Client } from 'pg'
import { afterAll, expect, onTestFinished, test } from 'vitest'
import { createTenancy, type Config, type Tenancy } from 'partywall'
import { tenantRole } from '../../src/names/role-name.ts'
import { testDatabase } from '../support/servers/database.ts'
import { leastPrivilege } from '../support/tenants/least-privilege.ts'
import { folderForTest } from '../support/tenants/registry.ts'

const { url, directUrl } = await testDatabase()
const admin = new Client({ connectionString: directUrl })
await admin.connect()
const opened: Tenancy<any, any>[] = []
afterAll(async () => {
  for (const tenancy of opened) await tenancy.close()
  await admin.end()
})

const files = {
  'migrations/tenant/0001_books.sql': 'create table books (id serial primary key, title text)',
  'migrations/tenant/0002_index.sql': 'create index books_title on books (title)',
}
const atHead = `create table books (id serial primary key, title text); create index books_title on books (title);`

async function open(config: Config<any> = {}, given: Record<string, string> = files): Promise<Tenancy<any, any>> {
  const root = await folderForTest(given)
  const tenancy = createTenancy({ database: url, root, tenantCacheMs: 0, ...config })
  opened.push(tenancy)
  return tenancy
}

/** Schemas as another program made them. */
async function make(sql: string, ...schemas: string[]): Promise<void> {
  for (const schema of schemas)
    await admin.query(`create schema "${schema}"; set search_path to "${schema}"; ${sql}; reset search_path`)
}

test('a schema that is what its migrations give is adopted in place; another one needs accept, and its differences are told', async () => {
  const tenancy = await open()
  await make(atHead, 'one_a')
  await make(
    'create table books (id serial primary key, title varchar(10)); create table django_migrations (id int); create table more (id int)',
    'one_b',
  )
  const tenant = await tenancy.tenants.adopt({ schema: 'one_a', inPlace: true, domains: ['a.example.com'] })
  expect(tenant.status).toBe('active')
  const plan = await tenancy.tenants.adopt({ schema: 'one_b', inPlace: true, plan: true })
  expect(plan.warnings.map(({ kind, object }) => [kind, object]).toSorted()).toEqual([
    ['differs', 'column books.title'],
    ['differs', 'index books.books_title'],
    ['differs', 'table more'],
  ])
  await expect(tenancy.tenants.adopt({ schema: 'one_b', inPlace: true })).rejects.toMatchObject({ code: 'ADOPTION_REFUSED' })
  expect(await tenancy.tenants.find('one_b')).toBeUndefined()
  const told: string[][] = []
  tenancy.on('tenant.adopted', ({ differences }) => told.push([...differences]))
  await tenancy.tenants.adopt({ schema: 'one_b', inPlace: true, accept: true })
  expect(told).toEqual([expect.arrayContaining([expect.stringContaining('books.title')])])
  const { entries } = await tenancy.migrations.run({ tenants: ['one_a', 'one_b'] })
  expect(entries.every(({ state }) => state === 'done')).toBe(true)
  await expect(tenancy.tenants.adopt({ schema: 'one_a', inPlace: true })).rejects.toMatchObject({ code: 'SCHEMA_EXISTS' })
  await expect(tenancy.tenants.adopt({ schema: 'one_z', inPlace: true })).rejects.toMatchObject({ code: 'SCHEMA_MISSING' })
})

test('"at" says what is applied, and the rest is applied by the next run; a history that is there is kept', async () => {
  const tenancy = await open()
  await make('create table books (id serial primary key, title text)', 'two_a')
  await tenancy.tenants.adopt({ schema: 'two_a', inPlace: true, at: '1' })
  await tenancy.migrations.run({ tenants: 'two_a' })
  expect((await admin.query(`select to_regclass('two_a.books_title') is not null as is_there`)).rows).toEqual([
    { is_there: true },
  ])
  // As after a restore of the dump into another database: the schema is there, the row is not.
  await tenancy.tenants.release('two_a', { inPlace: true })
  await expect(tenancy.tenants.adopt({ schema: 'two_a', inPlace: true, at: '1' })).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
    details: { option: 'at' },
  })
  await tenancy.tenants.adopt({ schema: 'two_a', inPlace: true })
  expect((await admin.query('select name from two_a.partywall_migrations order by position')).rows).toEqual([
    { name: '0001_books' },
    { name: '0002_index' },
  ])
})

test('names with capitals or a digit first are adopted, found and entered; names that would need quotes of their own are refused', async () => {
  const tenancy = await open({ boundary: 'role' })
  await make(atHead, 'Acme-Corp', '1and1', 'ACME')
  for (const schema of ['Acme-Corp', '1and1', 'ACME']) {
    const tenant = await tenancy.tenants.adopt({ schema, inPlace: true })
    const { rows } = await tenancy.run(schema, () =>
      tenancy.pool.query<any>(
        `insert into books (title) values ('x') returning current_schema() as schema, current_user::text as role`,
      ),
    )
    expect(rows).toEqual([{ schema, role: tenantRole(tenant.id) }])
  }
  expect((await tenancy.migrations.run({ tenants: ['ACME'] })).ok).toBe(true)
  for (const schema of ['pg_mine', 'a"b', 'Grün', 'a b', 'public', 'x'.repeat(64), '00000000-0000-0000-0000-000000000000'])
    await expect(tenancy.tenants.adopt({ schema, inPlace: true })).rejects.toMatchObject({ code: 'INVALID_SCHEMA_NAME' })
  await expect(tenancy.tenants.create({ schema: 'Capital' })).rejects.toMatchObject({ code: 'INVALID_SCHEMA_NAME' })
})

test('under the boundary role a schema is refused while everyone, or the role of another tenant, has rights there', async () => {
  const tenancy = await open({ boundary: 'role' })
  const other = await tenancy.tenants.create({ schema: 'open_other' })
  await make(
    `${atHead} grant usage on schema open_a to public; grant select on books to ${tenantRole(other.id)}; grant select on books to pg_monitor`,
    'open_a',
  )
  const error = await tenancy.tenants.adopt({ schema: 'open_a', inPlace: true, accept: true }).catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({
    code: 'ADOPTION_REFUSED',
    details: {
      findings: [
        { kind: 'rights', object: 'schema open_a' },
        { kind: 'rights', object: 'table open_a.books', sentence: expect.stringContaining('revoke all on table open_a.books') },
      ],
    },
  })
  await admin.query(`revoke all on schema open_a from public; revoke all on open_a.books from ${tenantRole(other.id)}`)
  await tenancy.tenants.adopt({ schema: 'open_a', inPlace: true })
  await expect(tenancy.run('open_other', () => tenancy.pool.query('select * from open_a.books'))).rejects.toThrow(
    /permission denied/,
  )
})

test('a name that the shared schema has, too, is refused before it could refuse the entry', async () => {
  const tenancy = await open()
  await make(atHead, 'both_a')
  await admin.query('create table public.books (id int)')
  try {
    await expect(tenancy.tenants.adopt({ schema: 'both_a', inPlace: true })).rejects.toMatchObject({
      code: 'NAME_IN_BOTH_SCOPES',
      details: { names: ['books'] },
    })
    const { entries } = await tenancy.tenants.adoptAll({ like: 'both\\_%' })
    expect(entries).toMatchObject([{ state: 'failed', error: { code: 'NAME_IN_BOTH_SCOPES' } }])
  } finally {
    await admin.query('drop table public.books')
  }
})

test('adoptAll takes schemas by a pattern, a list and a query; it goes on after a failure, and leaves tenants as they are', async () => {
  const tenancy = await open()
  await make(atHead, 'all_1', 'all_2', 'all_3')
  await make('create table books (id int)', 'all_4', 'all_5')
  const planned = await tenancy.tenants.adoptAll({ like: 'all\\__', plan: true })
  expect(planned.entries.map(({ target, state, differences }) => [target, state, differences.length > 0])).toEqual([
    ['all_1', 'skipped', false],
    ['all_2', 'skipped', false],
    ['all_3', 'skipped', false],
    ['all_4', 'skipped', true],
    ['all_5', 'skipped', true],
  ])
  const first = await tenancy.tenants.adoptAll({
    schemas: ['all_1', 'all_nothing', { schema: 'all_2', name: 'Two', domains: ['two.example.com'] }],
  })
  expect(first.entries.map(({ target, state }) => [target, state])).toEqual([
    ['all_1', 'done'],
    ['all_2', 'done'],
    ['all_nothing', 'failed'],
  ])
  const second = await tenancy.tenants.adoptAll({ like: 'all\\__' })
  expect(second.entries.map(({ state, isOld }) => [state, isOld])).toEqual([
    ['done', true],
    ['done', true],
    ['done', false],
    ['failed', false],
    ['failed', false],
  ])
  await admin.query(
    `create table companies (slug text, label text, host text); insert into companies values ('all_4', 'Four', '4.example.com'), ('all_4', 'Four', 'four.example.com')`,
  )
  const query = 'select slug as schema, label as name, host as domain from companies order by host;'
  expect(await tenancy.tenants.adoptAll({ query: query.replace('companies', 'public.companies'), accept: true })).toMatchObject({
    ok: true,
  })
  expect(await tenancy.tenants.get({ domain: 'four.example.com' })).toMatchObject({ schema: 'all_4', name: 'Four' })
  await expect(tenancy.tenants.adoptAll({ query: 'delete from public.companies returning slug as schema' })).rejects.toThrow(
    /read-only|data-modifying|syntax/,
  )
  await expect(tenancy.tenants.adoptAll({ like: 'a%', schemas: [] })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
})

test('adoptAll reads the tenants and domains of django-tenants, whose tables stay as they are', async () => {
  const tenancy = await open({ migrations: { shared: false, tenant: false, shadowed: ['django_migrations'] } })
  await admin.query(`
    create table public.django_migrations (id int);
    create table public.customers_client (id serial primary key, schema_name varchar(63) unique, name varchar(100), paid_until date);
    create table public.customers_domain (
      id serial primary key, domain varchar(253) unique, is_primary boolean, tenant_id int references public.customers_client
    );
    insert into public.customers_client (schema_name, name) values ('public', 'Shared'), ('Tenant1', 'First'), ('2nd', '');
    insert into public.customers_domain (domain, is_primary, tenant_id) values
      ('example.org', true, 1), ('a.example.org', false, 2), ('tenant1.example.org', true, 2), ('2nd.example.org', true, 3)`)
  await make('create table django_migrations (id int); create table blog_post (id int)', 'Tenant1', '2nd')
  const { ok, entries } = await tenancy.tenants.adoptAll({ django: true })
  expect([ok, entries.map(({ target }) => target)]).toEqual([true, ['2nd', 'Tenant1']])
  expect(await tenancy.tenants.get('Tenant1')).toMatchObject({ name: 'First' })
  expect(await tenancy.tenants.get('2nd')).toMatchObject({ name: '2nd' })
  expect((await tenancy.domains.list('Tenant1')).map(({ domain, isPrimary }) => [domain, isPrimary])).toEqual([
    ['tenant1.example.org', true],
    ['a.example.org', false],
  ])
  expect(await tenancy.run('Tenant1', () => tenancy.pool.query('select * from blog_post')).then(({ rows }) => rows)).toEqual([])
  await admin.query('create table public.other_client (schema_name text)')
  await expect(tenancy.tenants.adoptAll({ django: true })).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
    message: expect.stringContaining('"other_client"'),
  })
  expect(await tenancy.tenants.adoptAll({ django: { tenants: 'customers_client', domains: 'customers_domain' } })).toMatchObject({
    ok: true,
  })
})

test('a name that a tenant had is given to adopted tables only when no statement of that tenant can lead to them', async () => {
  const own = await testDatabase()
  const tenancy = await open({ database: own.url })
  const [owner, holder] = [own.directUrl, own.directUrl].map((connectionString) => new Client({ connectionString })) as [
    Client,
    Client,
  ]
  await Promise.all([owner.connect(), holder.connect()])
  onTestFinished(async () => void (await Promise.all([tenancy.close(), owner.end(), holder.end()])))
  const seen = async (text: string): Promise<boolean> =>
    (await owner.query(`select from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and ${text}`))
      .rows.length > 0
  /** A statement of the tenant looks the name of a table up when the name of its schema is another tenant's, unless that one waits. */
  const meet = async (free: () => Promise<unknown>): Promise<void> => {
    await owner.query(`create function freed.slow() returns bigint language plpgsql as
      'begin perform pg_advisory_xact_lock(7); return (select count(*) from novels); end'`)
    await holder.query('begin; select pg_advisory_xact_lock(7)')
    const running = tenancy.run('freed', () => tenancy.pool.query('select slow()'))
    running.catch(() => {})
    await expect.poll(() => seen(`wait_event = 'advisory'`), { interval: 5, timeout: 20_000 }).toBe(true)
    await free()
    let isAdopted = false
    const adopting = tenancy.tenants
      .adopt({ schema: 'freed', tables: 'novels', from: 'stock', at: '0', accept: true })
      .then(() => void (isAdopted = true))
    // It looks for statements of before.
    await expect
      .poll(async () => isAdopted || (await seen(`query like '%held.virtualxid%'`)), { interval: 5, timeout: 20_000 })
      .toBe(true)
    await holder.query('rollback')
    await expect(running).rejects.toMatchObject({ code: '42P01' })
    await adopting
  }
  await tenancy.tenants.create({ schema: 'freed' })
  await owner.query('create schema stock; create table stock.novels (id int)')
  await meet(() => tenancy.tenants.rename('freed', { schema: 'freed_2' }))
  // A release frees a name as a rename does.
  await meet(() => tenancy.tenants.release('freed', { to: 'stock' }))
})

test('an adoption that is killed leaves nothing half-made, and the next one continues it', async () => {
  const tenancy = await open()
  await make(atHead, ...Array.from({ length: 30 }, (_, index) => `kill_${index}`))
  const root = await folderForTest(files)
  const child = spawn(
    process.execPath,
    [...process.execArgv, fileURLToPath(new URL('adopt-many.ts', import.meta.url)), url, root, 'kill\\_%'],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  // After the first few: the next ones are being adopted.
  for await (const _ of child.stdout) break
  child.kill('SIGKILL')
  await once(child, 'close')
  const half = `
    select count(*) filter (where history is null)::int as without, count(*)::int as tenants
    from (select to_regclass(quote_ident(schema) || '.partywall_migrations') as history from partywall.tenants where schema like 'kill\\_%') as tenant`
  const before = (await admin.query(half)).rows[0]
  expect(before.without).toBe(0)
  expect(before.tenants).toBeGreaterThan(0)
  const { ok, entries } = await tenancy.tenants.adoptAll({ like: 'kill\\_%' })
  expect([ok, entries.length]).toEqual([true, 30])
  const { rows } = await admin.query(
    `select count(*)::int as histories from pg_tables where tablename = 'partywall_migrations' and schemaname like 'kill\\_%'`,
  )
  expect(rows).toEqual([{ histories: 30 }])
})

test.each(['path', 'role', 'login'] as const)(
  'with two roles of little power and the boundary %s, tables are adopted, used, released and adopted in place',
  async (boundary) => {
    const own = await testDatabase()
    const { app, deploy } = await leastPrivilege(own.directUrl, own.url)
    const owner = new Client({ connectionString: deploy })
    await owner.connect()
    await owner.query(
      `create table public.books (id serial primary key, title text); create index books_title on public.books (title); create schema shelf; set search_path to shelf; ${atHead}`,
    )
    const tenancy = await open({
      database: { connectionString: app, deploy, ...(boundary === 'login' && { loginKey: 'k'.repeat(43) }) },
      boundary,
    })
    const insert = (schema: string) =>
      tenancy
        .run(schema, () => tenancy.pool.query(`insert into books (title) values ('x') returning id`))
        .then(({ rows }) => rows)
    try {
      await tenancy.tenants.adopt({ schema: 'first', tables: 'books' })
      expect(await insert('first')).toEqual([{ id: 1 }])
      await tenancy.tenants.release('first')
      expect(await tenancy.runShared(() => tenancy.pool.query('select id from books')).then(({ rows }) => rows)).toEqual([
        { id: 1 },
      ])
      await owner.query('drop table public.books')
      await tenancy.tenants.adopt({ schema: 'shelf', inPlace: true })
      expect(await insert('shelf')).toEqual([{ id: 1 }])
    } finally {
      await owner.end()
      await tenancy.close()
    }
  },
)
