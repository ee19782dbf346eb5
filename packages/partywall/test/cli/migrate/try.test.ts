/** `partywall migrate try`, and the function behind it: what it finds in small histories, and that it leaves nothing behind. */
import { Client } from 'pg'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { createTenancy } from '../../../src/index.ts'
import { knexMigrations } from '../../../src/orm/knex.ts'
import type { TrialOfKind, TrialReport } from '../../../src/migrations/trial/trial-report.ts'
import { testDatabase } from '../../support/servers/database.ts'
import { ended, expectFailure, folderWith, project } from '../partywall.ts'

const given = await testDatabase()
const admin = new Client(given.url)
await admin.connect()
const role = `pwt_try_${crypto.randomUUID().slice(0, 8)}`
// A role of its own tells the databases of these trials from those of other test files, which run at the same time.
const owner = `${role}_owner`
await admin.query(`create role ${owner} superuser login password 'secret'`)
const url = Object.assign(new URL(given.url), { username: owner, password: 'secret' }).href
afterAll(async () => {
  await admin.query(`reassign owned by ${owner} to current_user; drop role ${owner}`)
  await admin.end()
})

const books = "create table books (id serial primary key, title text);\ninsert into books (title) values ('one'), ('two');"

/** A history of each kind: its files. */
const histories: Record<string, Record<string, string>> = {
  works: {
    '0001_books.sql': books,
    '0002_pages.sql': 'create table pages (book int references books, n int);\ncreate index on pages (n);',
    '0003_late.sql': 'alter table books add column plan int references plans;',
  },
  wrong: {
    // Sees the table of the tenant before. The review cannot read it, because it is put together at run time.
    '0001_guarded.sql': `do $$ declare n int; begin
      execute replace('select count(*) from pg_@ where relname = ''guarded''', '@', 'class') into n;
      if n = 0 then create table guarded (id int); end if;
    end $$;`,
    '0002_landing.sql':
      "do $$ begin\n  execute 'create table if not exists ' || reverse('cilbup') || '.landed (id int)';\nend $$;",
    '0003_differing.sql': `create table places (name text);
      insert into places select 'here' where current_schema() = 'public';
      do $$ begin if current_schema() = 'public' then alter table places add column code int; end if; end $$;`,
  },
  cured: {
    '0001_extension.sql':
      'create extension hstore;\ncreate table public.facts (pairs hstore);\ncreate index on public.facts (pairs);',
    // The extension of this type is created by nothing.
    '0002_names.sql': 'create table names (name citext);',
    // It is needed until a later migration drops it.
    '0003_once.sql': 'create extension ltree;\ncreate table once (path ltree);',
    '0004_dropped.sql': 'drop table once;\ndrop extension ltree;\ncreate extension unaccent;\ndrop extension unaccent;',
    // PostgreSQL has a function of this name, too.
    '0005_keyed.sql': 'create extension pgcrypto;\ncreate table keyed (id uuid default gen_random_uuid());',
  },
  random: {
    '0001_random.sql': `do $$ begin
      execute format('create table tokens (id uuid default %L, n int)', gen_random_uuid());
      if current_schema() = 'public' then alter table tokens alter n set default 1; end if;
    end $$;`,
  },
  refused: {
    '0001_fine.sql': 'create table a ();',
    '0002_role.sql': `create table b ();\n\ncreate role ${role};`,
    '0003_path.sql': 'set search_path to other;\nalter system set work_mem = 1;',
  },
  unready: { '0001_unready.sql': 'create extension hstore;\ncreate extension pg_trgm;\ncreate role x;' },
  broken: { '0001_broken.sql': 'create table a ();\nselect * from nowhere;' },
}

let report: TrialReport
/** Before the trial, and after it. */
let before: unknown[]
beforeAll(async () => {
  const files = Object.entries(histories).flatMap(([kind, some]) =>
    Object.entries(some).map(([file, text]): [string, string] => [`${kind}/${file}`, text]),
  )
  const root = await folderWith({
    ...Object.fromEntries(files),
    'shared/0001_plans.sql': 'create extension pg_trgm;\ncreate table plans (id int primary key);\ninsert into plans values (1);',
    'code/1_a.js': `exports.up = async (knex) => {
      await knex.raw('create extension if not exists hstore')
      await knex.schema.createTable('facts', (table) => table.specificType('pairs', 'hstore'))
    }`,
  })
  const kinds = Object.keys(histories).map((kind): [string, string] => [kind, kind])
  before = await contents()
  await using tenancy = createTenancy({
    database: url,
    root,
    migrations: { shared: 'shared', tenant: { ...Object.fromEntries(kinds), code: knexMigrations('code') } },
  })
  report = await tenancy.migrations.try()
}, 120_000)

test('a history that works comes out in each tenant as on a plain database', () => {
  const trial = trialOf('works')
  expect(trial).toMatchObject({ verdict: 'works', migrations: 3, tried: 3, findings: [], outside: [], isSettled: true })
  expect(trial.tenants.map(({ way, ok, differences }) => ({ way, ok, differences }))).toEqual(
    ['one by one', 'a third, then the rest', 'all at once', 'all at once'].map((way) => ({ way, ok: true, differences: [] })),
  )
  expect(trial).not.toHaveProperty('cure')
})

test('a guard over the whole database is found by what the later tenants lack, and is named as what the review cannot know', () => {
  const { verdict, tenants, unknown } = trialOf('wrong')
  expect(verdict).toBe('differs')
  const lacks = tenants.map(({ differences }) => differences.includes('The table guarded is missing.'))
  expect(lacks).toEqual([false, true, true, true])
  expect(unknown).toMatchObject([
    { file: expect.stringMatching(/0001_guarded\.sql$/), line: 2, what: 'a statement that is put together at run time' },
    { file: expect.stringMatching(/0002_landing\.sql$/), line: 2 },
  ])
})

test('an object that lands in the shared schema is listed', () => {
  expect(trialOf('wrong').outside).toEqual(['The table public.landed was created.'])
})

test('another structure and another number of rows are differences', () => {
  expect(trialOf('wrong').tenants[0]!.differences).toEqual([
    'The table landed is missing.',
    'The column places.code is missing.',
    'The table places has 0 rows and should have 1.',
  ])
})

test('what comes out otherwise each time on a plain database, too, is named and is no difference', () => {
  const { unstable, tenants } = trialOf('random')
  expect(unstable).toEqual(['column tokens.id: default'])
  expect(tenants.map(({ differences }) => differences)).toEqual(
    Array.from({ length: 4 }, () => ['The column tokens.n: default is absent and should be "1".']),
  )
})

test('a history that needs options and a shared migration is told them as they have to be written', () => {
  const { verdict, findings, cure, rewritten } = trialOf('cured')
  expect(verdict).toBe('works with options')
  expect(findings.map(({ cause, line, option }) => ({ cause, line, option }))).toEqual([
    { cause: 'refused', line: 1, option: 'extensions' },
    { cause: 'refused', line: 2, option: 'public' },
    { cause: 'refused', line: 3, option: 'public' },
    { cause: 'refused', line: 1, option: 'extensions' },
    ...[2, 3, 4, 1].map((line) => ({ cause: 'refused', line, option: 'extensions' })),
  ])
  expect(cure).toEqual({
    options: { extensions: 'shared', public: 'rewrite' },
    config: "folderMigrations('cured', { extensions: 'shared', public: 'rewrite' })",
    shared: {
      file: expect.stringMatching(/shared\/0002_extensions\.sql$/),
      text:
        'create extension if not exists "citext" with schema "public";\n' +
        'create extension if not exists "hstore" with schema "public";\n' +
        'create extension if not exists "ltree" with schema "public";\n' +
        'create extension if not exists "pgcrypto" with schema "public";\n' +
        'create extension if not exists "unaccent" with schema "public";\n',
    },
  })
  expect(rewritten.map(({ line, what }) => ({ line, what }))).toEqual([
    { line: 1, what: 'a statement about an extension is left out' },
    { line: 2, what: 'public. is removed' },
    { line: 3, what: 'public. is removed' },
    ...[1, 2, 3, 4, 1].map((line) => ({ line, what: 'a statement about an extension is left out' })),
  ])
})

test('what code sends is refused when it runs, and is tried again with the option that helps', () => {
  expect(trialOf('code')).toMatchObject({
    verdict: 'works with options',
    findings: [{ cause: 'refused', option: 'extensions', file: expect.stringMatching(/1_a\.js$/) }],
    cure: { config: "knexMigrations('code', { extensions: 'shared' })", shared: { text: expect.stringContaining('"hstore"') } },
  })
})

test('one trial names every refusal with its file and line, and tries the migrations before the first', () => {
  const { verdict, findings, tried, tenants } = trialOf('refused')
  expect({ verdict, tried, ok: tenants.map(({ ok }) => ok) }).toEqual({
    verdict: 'needs changes',
    tried: 1,
    ok: [true, true, true, true],
  })
  expect(findings.map(({ file, line, message }) => [file!.slice(-13), line, message.slice(0, 12)])).toEqual([
    ['0002_role.sql', 3, 'create role,'],
    ['0003_path.sql', 1, 'search_path,'],
    ['0003_path.sql', 2, 'alter system'],
  ])
})

test('where nothing can be tried, the cure names only extensions that no shared migration creates', () => {
  const { tried, cure } = trialOf('unready')
  expect(tried).toBe(0)
  expect(cure?.shared?.text).toBe('create extension if not exists "hstore" with schema "public";\n')
})

test('a history that fails without tenants is told apart', () => {
  const { verdict, findings } = trialOf('broken')
  expect(verdict).toBe('fails without tenants')
  expect(findings).toEqual([
    {
      cause: 'reference',
      file: expect.stringMatching(/0001_broken\.sql$/),
      line: 2,
      message: 'relation "nowhere" does not exist (SQLSTATE 42P01)',
    },
  ])
})

test('the configured database, its roles and the server are as before', async () => {
  expect(report.leftBehind).toEqual([])
  expect(await contents()).toEqual(before)
  expect(await ownDatabases()).toEqual([])
})

test('the command prints the verdict, the cure and a line for each stage, and ends with 1 while the config is not right', async () => {
  const files = { 'migrations/tenant/0001_facts.sql': 'create extension hstore;\ncreate table facts (pairs hstore);' }
  const { code, stdout, stderr } = await (await project(url, files)).run('migrate try')
  expect({ code, stderr }).toEqual({ code: 1, stderr: '' })
  expect(stdout.replaceAll(/\d[\d.]* m?s\b/g, 'TIME').replaceAll(/(?<=\S) {2,}/g, '  ')).toMatchInlineSnapshot(`
    "migrations/tenant, 1 migration
    This history works as tenants, with a change of the config.

    Put this into the config:
      tenant: folderMigrations('migrations/tenant', { extensions: 'shared' })
      where folderMigrations comes from 'partywall'
    Create this migration of the shared schema:
      migrations/shared/0001_extensions.sql
        create extension if not exists "hstore" with schema "public";
    Then try again.

    Refused, and allowed with { extensions: 'shared' }:
      migrations/tenant/0001_facts.sql:1  create extension

    What was tried:
      plain database  TIME
      a tenant, one by one  TIME  as on the plain database
      a tenant, a third, then the rest  TIME  as on the plain database
      2 tenants, all at once  TIME, TIME  as on the plain database
      outside of the tenants  nothing changed
      second run  does nothing

    The review changes 1 line (--verbose names them):
      1 × a statement about an extension is left out
    "
  `)
})

test('a role that may not create databases is told what to grant', async () => {
  const plain = `${role}_plain`
  await admin.query(`create role ${plain} login password 'secret'`)
  const roleUrl = new URL(url)
  roleUrl.username = plain
  roleUrl.password = 'secret'
  const { run } = await project(url, { 'migrations/tenant/0001_books.sql': books })
  const refused = await run(['migrate', 'try', '--json', '--url', roleUrl.href])
  await admin.query(`drop role ${plain}`)
  expect(expectFailure(refused, 1, 'NOT_PERMITTED').message).toContain(`alter role "${plain}" createdb`)
})

test('after Ctrl-C no database is left; what a killed trial left is dropped by the next one', async () => {
  const slow = await project(url, { 'migrations/tenant/0001_slow.sql': 'select pg_sleep(60)' })
  for (const signal of ['SIGINT', 'SIGKILL'] as const) {
    const child = slow.start('migrate try')
    const end = ended(child)
    await vi.waitFor(async () => expect(await sleepers()).toHaveLength(1), { timeout: 20_000, interval: 50 })
    child.kill(signal)
    const { code, stderr } = await end
    if (signal === 'SIGINT') expect({ code, stderr }).toMatchObject({ code: 130, stderr: expect.stringContaining('Interrupted') })
    expect(await ownDatabases()).toHaveLength(signal === 'SIGINT' ? 0 : 1)
  }
  // A session does not notice that its client is gone while it sleeps.
  for (const { pid } of await sleepers()) await admin.query('select pg_terminate_backend($1)', [pid])
  // While one of its sessions lives, the trial counts as one that runs.
  await vi.waitFor(async () => expect(await sessions()).toEqual([]), { timeout: 10_000, interval: 50 })
  const works = await project(url, { 'migrations/tenant/0001_a.sql': 'create table a ()' })
  const { code, stdout } = await works.run('migrate try')
  expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/^.*\nThis history works as tenants\.\n\n/) })
  expect(await ownDatabases()).toEqual([])
}, 60_000)

function trialOf(kind: string): TrialOfKind {
  return report.kinds.find((trial) => trial.kind === kind)!
}

/** What the configured database holds, and the settings and roles of the server that a history names. */
async function contents(): Promise<unknown[]> {
  const { rows } = await admin.query(
    `select oid::regclass::text as name from pg_class where oid >= 16384
     union all select nspname from pg_namespace
     union all select rolname from pg_roles where rolname = $1
     union all select name from pg_file_settings
     order by name`,
    [role],
  )
  return rows
}

async function ownDatabases(): Promise<unknown[]> {
  return (
    await admin.query(`select datname from pg_database where datname like 'partywall\\_try\\_%' and datdba = '${owner}'::regrole`)
  ).rows
}

/** Of every process that logs in as the owner. */
async function sessions(): Promise<unknown[]> {
  return (await admin.query(`select pid from pg_stat_activity where usename = '${owner}'`)).rows
}

async function sleepers(): Promise<{ readonly pid: number }[]> {
  const { rows } = await admin.query<{ pid: number }>(
    `select pid from pg_stat_activity where datname like 'partywall\\_try\\_%' and query like '%pg_sleep%'`,
  )
  return rows
}
