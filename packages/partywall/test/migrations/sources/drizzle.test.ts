import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { drizzle } from 'drizzle-orm/node-postgres'
import { migrate } from 'drizzle-orm/node-postgres/migrator'
import { drizzle as drizzleV1 } from 'drizzle-orm-v1/node-postgres'
import { migrate as migrateV1 } from 'drizzle-orm-v1/node-postgres/migrator'
import { describe, expect, test } from 'vitest'
import { migrationSources } from '../../../src/migrations/sources/sources.ts'
import type { Config } from '../../../src/config/config.ts'
import { resolveOptions } from '../../../src/config/options.ts'
import { drizzleMigrations } from '../../../src/orm/drizzle.ts'
import { sourceContract, stripPublic, type SourceSubject } from '../../contract/migration-source.ts'
import { testDatabase } from '../../support/servers/database.ts'
import { copyOfFixture, fixture, toolFolder } from '../../support/migrations/fixtures.ts'
import { registryForTest, writeFiles } from '../../support/tenants/registry.ts'
import { tenantOf } from '../../support/tenants/tenant-of-source.ts'
import { fitMigrations } from '../../support/migrations/fit-migrations.ts'

const common = {
  entry: ['partywall/drizzle', 'drizzleMigrations'],
  source: (folder) => drizzleMigrations(folder),
  withDown: [],
  hasLines: true,
  table: '__drizzle_migrations',
} satisfies Partial<SourceSubject>

sourceContract('drizzle-kit 0.31', {
  ...common,
  folder: 'drizzle-kit-0.31.11/drizzle',
  names: ['0000_init', '0001_pages'],
  async add(folder, sql) {
    const path = join(folder, 'meta', '_journal.json')
    const journal = JSON.parse(await readFile(path, 'utf8'))
    const { idx, when } = journal.entries.at(-1)
    const tag = `000${idx + 1}_added`
    journal.entries.push({ idx: idx + 1, version: '7', when: when + 60_000, tag, breakpoints: true })
    await writeFile(path, JSON.stringify(journal, null, 2))
    await writeFile(join(folder, `${tag}.sql`), sql)
    return { name: tag, file: join(folder, `${tag}.sql`) }
  },
  migrate: (folder, { client, schema }) => migrate(drizzle({ client }), { migrationsFolder: folder, migrationsSchema: schema }),
  leaks: ['calm_books', 'mood', 'tickets'],
  prepare: stripPublic,
})

sourceContract('drizzle-kit 1.0', {
  ...common,
  folder: 'drizzle-kit-1.0.0-rc.5/drizzle',
  names: ['20261121064634_init', '20261121064703_pages'],
  async add(folder, sql) {
    const name = '20261122000000_added'
    const file = join(folder, name, 'migration.sql')
    await mkdir(join(folder, name))
    await writeFile(file, sql)
    return { name, file }
  },
  async migrate(folder, { client, schema }) {
    await migrateV1(drizzleV1({ client }), { migrationsFolder: folder, migrationsSchema: schema })
  },
  leaks: ['tickets'],
})

describe('drizzleMigrations', () => {
  test('reads what older versions of drizzle-kit wrote: DO blocks that name the schema public', async () => {
    const folder = await journaled({
      '0000_old': `DO $$ BEGIN
 CREATE TYPE "public"."mood" AS ENUM('calm');
EXCEPTION
 WHEN duplicate_object THEN null;
END $$;
--> statement-breakpoint
CREATE TABLE IF NOT EXISTS "a" ("id" int PRIMARY KEY, "mood" "mood");
--> statement-breakpoint
CREATE TABLE IF NOT EXISTS "b" ("id" int);
--> statement-breakpoint
DO $$ BEGIN
 ALTER TABLE "b" ADD CONSTRAINT "b_a" FOREIGN KEY ("id") REFERENCES "public"."a"("id") ON DELETE no action ON UPDATE no action;
EXCEPTION
 WHEN duplicate_object THEN null;
END $$;`,
    })
    const { createTenant, rows } = await tenantOf(drizzleMigrations(folder))
    await createTenant()
    expect(await rows(`select typnamespace::regnamespace::text as schema from pg_type where typname = 'mood'`)).toEqual([
      { schema: 'a' },
    ])
    expect(await rows(`select confrelid::regclass::text as target from pg_constraint where conname = 'b_a'`)).toEqual([
      { target: 'a' },
    ])
  })

  test('applies files that Drizzle would send in parts, and files without a statement', async () => {
    const folder = await journaled({
      '0000_parts': `create table x (t text)--> statement-breakpoint
insert into x values ('a;b') -- no semicolon; here
--> statement-breakpoint
/* nothing; */
--> statement-breakpoint
insert into x values ('c');--> statement-breakpoint`,
      '0001_custom': '-- Custom SQL migration file, put your code below! --',
    })
    const { createTenant, rows } = await tenantOf(drizzleMigrations(folder))
    await createTenant()
    expect(await rows('select t from x order by t')).toEqual([{ t: 'a;b' }, { t: 'c' }])
    expect(await rows('select name from partywall_migrations order by name')).toEqual([
      { name: '0000_parts' },
      { name: '0001_custom' },
    ])
  })

  test('reports the right line after text that it removed', async () => {
    const folder = await journaled({
      '0000_bad':
        'create type "public"."mood" as enum ();--> statement-breakpoint\n\ncreate table "public"."x" (m "public"."mood", n nonsense);',
    })
    const { createTenant } = await tenantOf(drizzleMigrations(folder))
    await expect(createTenant()).rejects.toMatchObject({ code: 'MIGRATION_FAILED', details: { line: 3, sqlState: '42704' } })
  })

  test.each<[string, Record<string, string>, RegExp]>([
    ['a file that is not in the journal', { '0009_lost.sql': 'select 1' }, /0009_lost\.sql is not in meta\/_journal\.json/],
    ['a journal that is no JSON', { 'meta/_journal.json': '{' }, /_journal\.json is not a journal of drizzle-kit/],
    ['a journal without times', { 'meta/_journal.json': '{"entries":[{"tag":"0000_a"}]}' }, /has no "tag" or no "when"/],
    [
      'an entry of the journal without its file',
      { 'meta/_journal.json': '{"entries":[{"tag":"0000_a","when":1},{"tag":"0001_gone","when":2}]}' },
      /0001_gone\.sql does not exist, but meta\/_journal\.json has its entry/,
    ],
    [
      'both formats',
      { '20260101000000_b/migration.sql': 'select 1' },
      /holds migrations of drizzle-kit 0\.31 and of 1\.0.*drizzle-kit up/,
    ],
    ['an extension', { '0000_a.sql': 'select 1;\ncreate extension citext' }, /0000_a\.sql has in line 2 create extension/],
  ])('refuses %s', async (_, files, message) => {
    const folder = await journaled({ '0000_a': 'select 1' })
    await writeFiles(folder, files)
    const listing = fitMigrations(drizzleMigrations(folder))
    await expect(listing).rejects.toThrow(message)
    await expect(listing).rejects.toMatchObject({ code: 'INVALID_MIGRATION', details: { file: expect.any(String) } })
  })

  test.each(['0000', '20240601120000', '1717243200'])(
    'reads files whose names begin with %s, beside files of other tools',
    async (prefix) => {
      const folder = await journaled({ [`${prefix}_a`]: 'select 1', unprefixed: 'select 2' })
      await writeFiles(folder, {
        'relations.ts': '',
        'schema.ts': '',
        'README.md': '',
        '.gitkeep': '',
        'meta/0000_snapshot.json': '{}',
      })
      expect((await drizzleMigrations(folder).list()).map(({ name }) => name)).toEqual([`${prefix}_a`, 'unprefixed'])
    },
  )

  test('passes over a file that the journal does not have, when it is told to', async () => {
    const folder = await journaled({ '0000_a': 'select 1' })
    await writeFiles(folder, { '0009_lost.sql': 'select 1' })
    await expect(drizzleMigrations(folder).list()).rejects.toThrow(`set the option "orphans" to 'ignore'`)
    expect((await drizzleMigrations(folder, { orphans: 'ignore' }).list()).map(({ name }) => name)).toEqual(['0000_a'])
    expect(() => drizzleMigrations(folder, { orphans: true as never })).toThrow(`must be 'refuse' or 'ignore'`)
  })

  test.each<[string, Record<string, string>, RegExp]>([
    ['files without a journal', { '0000_a.sql': 'select 1' }, /0000_a\.sql has no journal/],
    ['a folder without its file', { '20260101000000_a/snapshot.json': '{}' }, /20260101000000_a holds no migration\.sql/],
  ])('refuses %s', async (_, files, message) => {
    await expect(drizzleMigrations(await toolFolder(files)).list()).rejects.toThrow(message)
  })

  test('leaves out an extension that the shared migrations create, and creates it for the shared schema', async () => {
    const folder = await journaled({
      '0000_a': 'create extension if not exists citext;--> statement-breakpoint\ncreate table x (c citext)',
    })
    const source = drizzleMigrations(folder, { extensions: 'shared' })
    const { createTenant, rows } = await tenantOf(source, 'create extension citext schema public')
    await createTenant()
    expect(await rows(`select extnamespace::regnamespace::text as schema from pg_extension where extname = 'citext'`)).toEqual([
      { schema: 'public' },
    ])
    const { url } = await testDatabase()
    const { migrations } = registryForTest(url, { migrations: { shared: drizzleMigrations(folder), tenant: false } })
    expect(await migrations.run({ shared: true })).toMatchObject({ ok: true })
  })

  test('migrates a shared schema that is not public', async () => {
    const { url, admin, rows } = await tenantOf(drizzleMigrations(fixture('drizzle-kit-0.31.11/drizzle')))
    await admin.query('create schema common')
    const shared = drizzleMigrations(fixture('drizzle-kit-0.31.11/drizzle'))
    const { migrations } = registryForTest(url, { sharedSchema: 'common', migrations: { shared, tenant: false } })
    expect(await migrations.run({ shared: true })).toMatchObject({ ok: true })
    expect(await rows(`select count(*)::int as count from pg_class where relnamespace = 'public'::regnamespace`)).toEqual([
      { count: 0 },
    ])
    expect(await rows(`select count(*)::int as count from common.books`)).toEqual([{ count: 0 }])
  })

  test('refuses a name in public when public is no schema of the tenancy', async () => {
    const folder = await journaled({ '0000_a': 'create table x (p int references public.plans)' })
    const { createTenant } = await tenantOf(drizzleMigrations(folder), 'create schema common', { sharedSchema: 'common' })
    await expect(createTenant()).rejects.toThrow(/the name public\.plans, but "public" is no schema of this tenancy/)
  })

  test('keeps a reference to a shared table', async () => {
    const folder = await journaled({ '0000_a': 'create table x (p int references "public"."plans"("id"))' })
    const { createTenant, rows } = await tenantOf(drizzleMigrations(folder), 'create table plans (id int primary key)')
    await createTenant()
    expect(
      await rows(
        `select confrelid::regclass::text as target from pg_constraint where conrelid = 'a.x'::regclass and contype = 'f'`,
      ),
    ).toEqual([{ target: 'plans' }])
  })

  test('gives a new tenant what must run outside of a transaction elsewhere', async () => {
    const folder = await journaled({ '0000_a': 'create table x (id int);', '0001_b': 'create index concurrently on x (id);' })
    const source = drizzleMigrations(folder)
    await (await tenantOf(source)).createTenant()
  })

  test('refuses options that it does not know', () => {
    expect(() => drizzleMigrations('drizzle', { migrationTable: 'x' } as never)).toThrow('Did you mean "migrationsTable"?')
    expect(() => drizzleMigrations('drizzle', { extensions: 'yes' as never })).toThrow(`must be 'refuse' or 'shared'`)
    expect(() => drizzleMigrations('')).toThrow('The folder of drizzleMigrations is empty')
  })
})

describe('the history of Drizzle', () => {
  test('is refused when a file has changed since', async () => {
    const folder = await copyOfFixture('drizzle-kit-1.0.0-rc.5/drizzle')
    const { admin, migrations } = await unmigratedTenant(folder)
    await migrateV1(drizzleV1({ client: admin }), { migrationsFolder: folder, migrationsSchema: 'a' })
    const file = join(folder, '20261121064634_init', 'migration.sql')
    await writeFile(file, `${await readFile(file, 'utf8')}\n-- changed`)
    expect((await migrations.run({ tenants: true })).entries[0]).toMatchObject({
      state: 'failed',
      error: { code: 'MIGRATION_CHANGED', details: { file, problem: 'changed' } },
    })
  })

  test('is imported when the folder was converted to the format of 1.0, and the table was not', async () => {
    const old = await copyOfFixture('drizzle-kit-0.31.11/drizzle')
    await stripPublic(old)
    const entries: { tag: string; when: number }[] = JSON.parse(await readFile(join(old, 'meta/_journal.json'), 'utf8')).entries
    // As `drizzle-kit up` does it.
    const files = await Promise.all(
      entries.map(async ({ tag, when }) => {
        const time = new Date(when).toISOString().replaceAll(/\D/g, '').slice(0, 14)
        return [`${time}_${tag.slice(5)}/migration.sql`, await readFile(join(old, `${tag}.sql`), 'utf8')] as const
      }),
    )
    const folder = await toolFolder(Object.fromEntries(files))
    const { admin, migrations } = await unmigratedTenant(folder)
    await migrate(drizzle({ client: admin }), { migrationsFolder: old, migrationsSchema: 'a' })
    expect(await migrations.run({ tenants: true })).toMatchObject({ ok: true, entries: [{ applied: [] }] })
    expect(await migrations.status({ tenants: true })).toMatchObject([
      { applied: 2, pending: [], head: files[1]![0].split('/')[0] },
    ])
  })

  test('of the shared schema is imported from a schema of its own, Drizzle’s default', async () => {
    const folder = fixture('drizzle-kit-0.31.11/drizzle')
    const { url, admin } = await tenantOf(drizzleMigrations(folder), '', {
      migrations: { shadowed: ['authors', 'books', 'tickets', 'calm_books'] },
    })
    await admin.query('set search_path to public')
    await migrate(drizzle({ client: admin }), { migrationsFolder: folder })
    const shared = drizzleMigrations(folder, { migrationsSchema: 'drizzle' })
    const { migrations } = registryForTest(url, { migrations: { shared, tenant: false } })
    expect(await migrations.run({ shared: true })).toMatchObject({ ok: true, entries: [{ applied: [] }] })
    expect(await migrations.status({ shared: true })).toMatchObject([{ applied: 2 }])
  })

  test('in a schema of its own is not imported for tenants', async () => {
    const folder = await copyOfFixture('drizzle-kit-0.31.11/drizzle')
    expect(() => resolveSources({ migrations: { tenant: drizzleMigrations(folder, { migrationsSchema: 'drizzle' }) } })).toThrow(
      'cannot be the history of every tenant',
    )
    const { admin, createTenant, rows } = await tenantOf(drizzleMigrations(folder), '', {
      migrations: { shadowed: ['authors', 'books', 'tickets', 'calm_books'] },
    })
    await admin.query('set search_path to public')
    await migrate(drizzle({ client: admin }), { migrationsFolder: folder })
    await createTenant()
    expect(await rows('select count(*)::int as count from a.books')).toEqual([{ count: 0 }])
  })
})

function resolveSources(config: Config): void {
  migrationSources(resolveOptions(config))
}

/** A folder of drizzle-kit 0.31 with these migrations, in this order. */
async function journaled(migrations: Record<string, string>): Promise<string> {
  const entries = Object.keys(migrations).map((tag, idx) => ({
    idx,
    version: '7',
    when: 1_700_000_000_000 + idx,
    tag,
    breakpoints: true,
  }))
  const files = Object.entries(migrations).map(([tag, text]) => [`${tag}.sql`, text] as const)
  return toolFolder({
    ...Object.fromEntries(files),
    'meta/_journal.json': JSON.stringify({ version: '7', dialect: 'postgresql', entries }),
  })
}

/** A tenant that partywall has created and not migrated. */
async function unmigratedTenant(folder: string) {
  const { url, admin, createTenant } = await tenantOf(drizzleMigrations(await toolFolder({})))
  await createTenant()
  return { admin, ...registryForTest(url, { migrations: { tenant: drizzleMigrations(folder), shared: false } }) }
}
