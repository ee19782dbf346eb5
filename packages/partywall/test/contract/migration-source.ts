/**
 * What every source of migrations of another tool must do, on files that the real tool generated: one suite for all sources. All fixtures
 * create the same: authors and books with a foreign key, an enum `mood`, an index, and a view and a sequence where the tool can; then a
 * column, an index and a value of the enum.
 *
 * The shared schema of each test holds objects with the same names: a name that leads there by mistake finds something.
 */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Client } from 'pg'
import { describe, expect, test } from 'vitest'
import { MigrationSession } from '../../src/migrations/apply/migration-session.ts'
import type { MigrationSource, Step } from '../../src/ports/migration-source.ts'
import { sql } from '../../src/sql/sql.ts'
import { testDatabase } from '../support/servers/database.ts'
import { copyOfFixture, fixture } from '../support/migrations/fixtures.ts'
import { authorsOnly, connected, databaseWith, namesakes } from './source-database.ts'
import { contentsOf, referencedSchemas, type Contents } from './schema-contents.ts'
import { registryForTest, type Registry } from '../support/tenants/registry.ts'
import { fitMigrations } from '../support/migrations/fit-migrations.ts'

export interface SourceSubject {
  /** The fixture, below test/migrations/fixtures. */
  readonly folder: string
  /** The function that creates the source, and the entry of the package that exports it. */
  readonly entry: readonly [module: string, name: string]
  /** The options of that function, as far as JSON can express them. */
  readonly options?: object
  source(folder: string): MigrationSource
  /** The names of the migrations, in their order. */
  readonly names: readonly [string, string]
  /** Those with a down migration. */
  readonly withDown: readonly string[]
  /** What the tool cannot create, so the fixture has none. */
  readonly lacks?: readonly ('calm_books' | 'tickets')[]
  /** Tables beside those of the app that the migrations create. */
  readonly alsoCreates?: readonly string[]
  /** Adds a migration after the others, in the format of the tool, that sends this SQL. */
  add(folder: string, sql: string): Promise<{ readonly name: string; readonly file: string }>
  /** The steps are SQL, so an error has its line. */
  readonly hasLines: boolean
  /** Migrates a schema with the tool itself. The search path is the schema, then public. */
  migrate(folder: string, place: ToolPlace): Promise<void>
  /** The table in which the tool records that. */
  readonly table: string
  /** The number of the tool's one lock for the whole database. */
  readonly lock?: string
  /** What the tool itself, used on the schema of a tenant, creates in public: the leak that the source must prevent. */
  readonly leaks: readonly string[]
  /** A change by hand without which the tool cannot be used on a tenant's schema. */
  prepare?(folder: string): Promise<void>
}

export interface ToolPlace {
  readonly url: string
  readonly schema: string
  /** Connected; its search path starts with the schema. */
  readonly client: Client
}

export function sourceContract(name: string, subject: SourceSubject): void {
  const { folder, names, lacks = [], alsoCreates = [] } = subject
  const source = (): MigrationSource => subject.source(fixture(folder))
  const views = ['calm_books'].filter((view) => !lacks.includes(view as 'calm_books'))
  const sequences = ['tickets'].filter((sequence) => !lacks.includes(sequence as 'tickets'))

  describe(`${name}: list`, () => {
    test('gives the migrations in their order, with stable names and checksums', async () => {
      const listed = await source().list()
      expect(listed.map((migration) => migration.name)).toEqual(names)
      for (const { checksum } of listed) expect(checksum).toMatch(/^[0-9a-f]{64}$/)
      expect(checksumsOf(await source().list())).toEqual(checksumsOf(listed))
      expect(new Set(checksumsOf(listed)).size).toBe(listed.length)
      const copy = await copyOfFixture(folder)
      for (const { file } of await subject.source(copy).list()) await rewrite(file, (text) => text.replaceAll('\n', '\r\n'))
      expect(checksumsOf(await subject.source(copy).list()), 'checked out on Windows').toEqual(checksumsOf(listed))
    })

    test('gives the same in a plain Node.js, which has no compiler', async () => {
      const { url } = await testDatabase()
      const script = fileURLToPath(new URL('../support/migrations/migrate-plainly.ts', import.meta.url))
      const args = [script, ...subject.entry, fixture(folder), JSON.stringify(subject.options ?? null), url]
      const { stdout } = await promisify(execFile)(process.execPath, ['--conditions=@partywall/source', ...args])
      expect(JSON.parse(stdout)).toEqual({ names, head: names[1] })
    })

    test('refuses a folder that does not exist', async () => {
      await expect(subject.source('/nowhere/at/all').list()).rejects.toMatchObject({
        code: 'INVALID_MIGRATION',
        message: expect.stringContaining('/nowhere/at/all does not exist'),
      })
    })
  })

  describe(`${name}: its migrations`, () => {
    const shadowed = ['authors', 'books', 'tickets', ...views, ...alsoCreates]

    test('create the objects of each tenant in its schema, and change nothing in the shared one', async () => {
      const { url, admin } = await databaseWith(namesakes)
      const before = await contentsOf(admin, 'public')
      const { create, migrations } = registryForTest(url, { migrations: { tenant: source(), shared: false, shadowed } })
      for (const schema of ['tenant_a', 'tenant-b']) await create({ schema })
      expect(await contentsOf(admin, 'public')).toEqual(before)
      for (const schema of ['tenant_a', 'tenant-b']) {
        const found = await contentsOf(admin, schema)
        expect(found).toMatchObject({ enums: ['mood'], views })
        expect(found.tables.filter((table) => table !== 'partywall_migrations')).toEqual(['authors', 'books', ...alsoCreates])
        expect(found.sequences).toEqual(expect.arrayContaining(sequences))
        expect(found.indexes).toEqual(expect.arrayContaining(['books_author_idx', 'books_pages_idx']))
        expect(found.columns.filter((column) => column.startsWith('books.')).toSorted()).toEqual([
          'books.author_id',
          'books.id',
          'books.mood',
          'books.pages',
          'books.title',
        ])
        expect(found.labels).toEqual(['mood: calm', 'mood: busy', 'mood: wild', 'mood: grim'])
        expect(await referencedSchemas(admin, schema), 'foreign keys, types, defaults and views refer to').toEqual([schema])
      }
      expect(await applied(migrations.run())).toEqual([[], [], []])
      expect((await migrations.status()).every(({ pending, problem }) => pending.length === 0 && problem === undefined)).toBe(
        true,
      )
    })

    test('create their objects in the shared schema when they are its migrations', async () => {
      const { url } = await testDatabase()
      const { migrations } = registryForTest(url, { migrations: { shared: source(), tenant: false } })
      expect(await applied(migrations.run())).toEqual([names])
      const admin = await connected(url)
      expect((await contentsOf(admin, 'public')).tables).toEqual(['authors', 'books', 'partywall_migrations', ...alsoCreates])
    })

    test('run for the tenants of one kind when they are its migrations', async () => {
      const { url } = await testDatabase()
      const { create } = registryForTest(url, { migrations: { tenant: { default: false, shop: source() } } })
      for (const kind of ['shop', 'default']) await create({ schema: `of_${kind}`, kind })
      const admin = await connected(url)
      expect((await contentsOf(admin, 'of_shop')).tables).toContain('books')
      expect((await contentsOf(admin, 'of_default')).tables).toEqual(['partywall_migrations'])
    })

    test('name the file that failed, and keep nothing of it', async () => {
      const { url } = await testDatabase()
      const copy = await copyOfFixture(folder)
      const { create, migrations } = registryForTest(url, { migrations: { tenant: subject.source(copy), shared: false } })
      await create({ schema: 'a' })
      const { name: added, file } = await subject.add(copy, 'create table half ();\n\nselect * from nowhere')
      const [, entry] = (await migrations.run()).entries
      expect(entry).toMatchObject({
        state: 'failed',
        error: { code: 'MIGRATION_FAILED', details: { name: added, file, schema: 'a', sqlState: '42P01' } },
      })
      if (subject.hasLines)
        expect((entry!.error as { details: object }).details).toMatchObject({ line: await lineOf(file, 'nowhere') })
      expect((await contentsOf(await connected(url), 'a')).tables).not.toContain('half')
    })

    test('are refused when a file has changed after it was applied', async () => {
      const { url } = await testDatabase()
      const copy = await copyOfFixture(folder)
      const { create, migrations } = registryForTest(url, { migrations: { tenant: subject.source(copy), shared: false } })
      await create({ schema: 'a' })
      const [first] = await subject.source(copy).list()
      await rewrite(first!.file, (text) => text.replace('title', 'topic'))
      expect((await migrations.run()).entries[1]).toMatchObject({ state: 'failed', error: { code: 'MIGRATION_CHANGED' } })
    })

    test('have the down migrations that the tool has', async () => {
      const { url } = await testDatabase()
      const { create, database } = registryForTest(url, { migrations: { tenant: source(), shared: false } })
      await create({ schema: 'a' })
      const listed = await fitMigrations(source())
      expect(listed.filter(({ down }) => down !== undefined).map((migration) => migration.name)).toEqual(subject.withDown)
      for (const { down } of listed.toReversed()) if (down !== undefined) await runStep({ database }, 'a', down)
      const found = await contentsOf(await connected(url), 'a')
      if (subject.withDown.length > 0) expect(found.columns).not.toContain('books.pages')
      if (subject.withDown.length === names.length) expect(found).toMatchObject({ enums: [], views: [], sequences: [] })
      if (subject.withDown.length === names.length) expect(found.tables).toEqual(['partywall_migrations', ...alsoCreates])
    })

    test('do not wait for each other, nor for the lock of the tool', async () => {
      const { url, admin } = await databaseWith(namesakes)
      const registry = registryForTest(url, {
        migrations: { tenant: source(), shared: false, shadowed },
        pool: { sharedMax: 20 },
      })
      await registry.catalog.ready()
      if (subject.lock !== undefined) await admin.query(`select pg_advisory_lock(${subject.lock})`)
      const schemas = Array.from({ length: 20 }, (_, index) => `tenant_${index}`)
      await Promise.all(schemas.map((schema) => registry.create({ schema })))
      for (const schema of schemas) expect(await referencedSchemas(admin, schema)).toEqual([schema])
    })
  })

  describe(`${name}: a schema that the tool migrated before`, () => {
    test('gets the history of the tool as its baseline: nothing is applied twice, and new migrations are applied', async () => {
      const { copy, admin, run, migrations } = await migratedByTool(subject)
      expect(await migrations.status({ tenants: true })).toMatchObject([{ head: names[1], applied: 2, pending: [] }])
      expect(await run()).toEqual([])
      expect(
        (await admin.query('select name, checksum from imported.partywall_migrations order by name collate "C"')).rows,
      ).toEqual((await subject.source(copy).list()).map((migration) => ({ name: migration.name, checksum: migration.checksum })))
      const { name: added } = await subject.add(copy, 'create table fresh ();')
      expect(await run()).toEqual([added])
      expect((await contentsOf(admin, 'imported')).tables).toContain('fresh')
      const { rows } = await admin.query(`select count(*)::int as count from imported."${subject.table}"`)
      expect(rows, 'in the table of the tool').toEqual([{ count: 2 }])
      expect(await run()).toEqual([])
    })

    test('gets only the migrations that were added since', async () => {
      const { copy, run } = await migratedByTool(subject)
      const { name: added } = await subject.add(copy, 'create table fresh ();')
      expect(await run()).toEqual([added])
    })

    test('is not changed when a file of its history is gone', async () => {
      const { entry } = await migratedByTool(subject, 'create table fresh ();')
      const without = await copyOfFixture(folder)
      await subject.prepare?.(without)
      expect(await entry(without)).toMatchObject({
        state: 'failed',
        error: { code: 'MIGRATION_CHANGED', details: { schema: 'imported', problem: 'gone' } },
      })
    })

    test('with the tool alone has created objects in the shared schema, which the source prevents', async () => {
      const { url, admin } = await databaseWith(authorsOnly)
      const before = namesOf(await contentsOf(admin, 'public'))
      await admin.query('create schema leaky; set search_path to leaky, public')
      // It may fail in the middle, because it does not find something; what it has created stays.
      await subject.migrate(fixture(folder), { url, schema: 'leaky', client: admin }).catch(() => {})
      const after = namesOf(await contentsOf(admin, 'public'))
      expect(after.filter((object) => !before.includes(object)).toSorted()).toEqual(subject.leaks.toSorted())
    })
  })
}

/** Removes the name of the schema public, as people do by hand. */
export async function stripPublic(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (/\.(?:sql|[jt]s)$/.test(name)) await rewrite(join(folder, name), (text) => text.replaceAll('"public".', ''))
  }
}

/** A tenant `imported`, whose schema the tool has migrated, and partywall has not. */
async function migratedByTool(subject: SourceSubject, added?: string) {
  const { url, admin } = await databaseWith(authorsOnly)
  const copy = await copyOfFixture(subject.folder)
  await subject.prepare?.(copy)
  if (added !== undefined) await subject.add(copy, added)
  const before = registryForTest(url, { migrations: { tenant: false, shared: false } })
  await before.create({ schema: 'imported' })
  await admin.query('set search_path to imported, public')
  await subject.migrate(copy, { url, schema: 'imported', client: admin })
  const { migrations } = registryForTest(url, { migrations: { tenant: subject.source(copy), shared: false } })
  return {
    copy,
    admin,
    migrations,
    run: async () => {
      const [only] = (await migrations.run({ tenants: true })).entries
      if (only!.state !== 'done') throw only!.error
      return only!.applied
    },
    /** The entry of a run with the migrations of another folder. */
    entry: async (folder: string) => {
      const other = registryForTest(url, { migrations: { tenant: subject.source(folder), shared: false } })
      return (await other.migrations.run({ tenants: true })).entries[0]!
    },
  }
}

async function runStep({ database }: Pick<Registry, 'database'>, schema: string, step: Step): Promise<void> {
  await database.transaction(async (transaction) => {
    const bound = transaction.in(schema)
    if (step.kind === 'sql') await bound.query({ text: step.text })
    else await MigrationSession.use(bound, async (client) => step.run({ client, tenant: { schema }, sql }))
  })
}

async function applied(report: ReturnType<Registry['migrations']['run']>): Promise<(readonly string[])[]> {
  return (await report).entries.map((entry) => {
    if (entry.state !== 'done') throw entry.error
    return entry.applied
  })
}

function checksumsOf(migrations: readonly { readonly checksum: string }[]): string[] {
  return migrations.map(({ checksum }) => checksum)
}

async function rewrite(file: string, change: (text: string) => string): Promise<void> {
  await writeFile(file, change(await readFile(file, 'utf8')))
}

async function lineOf(file: string, word: string): Promise<number> {
  const text = await readFile(file, 'utf8')
  return text.slice(0, text.indexOf(word)).split('\n').length
}

function namesOf({ tables, views, sequences, enums }: Contents): string[] {
  return [...tables, ...views, ...sequences, ...enums]
}
