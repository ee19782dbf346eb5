import { randomUUID } from 'node:crypto'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { prismaMigrations } from '../../../src/orm/prisma.ts'
import { checksumOf } from '../../../src/migrations/sources/files/migration-file.ts'
import { sourceContract, type ToolPlace } from '../../contract/migration-source.ts'
import { copyOfFixture, fixture, toolFolder } from '../../support/migrations/fixtures.ts'
import { registryForTest } from '../../support/tenants/registry.ts'
import { tenantOf } from '../../support/tenants/tenant-of-source.ts'
import { fitMigrations } from '../../support/migrations/fit-migrations.ts'

sourceContract('Prisma 7', {
  folder: 'prisma-7.10.0/migrations',
  entry: ['partywall/prisma', 'prismaMigrations'],
  source: (folder) => prismaMigrations(folder),
  names: ['20261121070000_init', '20261121070500_pages'],
  withDown: [],
  lacks: ['calm_books', 'tickets'],
  hasLines: true,
  table: '_prisma_migrations',
  lock: '72707369',
  leaks: [],
  async add(folder, sql) {
    const name = '20261122000000_added'
    const file = join(folder, name, 'migration.sql')
    await mkdir(join(folder, name))
    await writeFile(file, sql)
    return { name, file }
  },
  migrate: deploy,
})

/**
 * What `prisma migrate deploy` does. Its engine is a binary that npm does not bring, so here are the statements that the engine of
 * 7.10.0 sent when the fixture was made; see the README there.
 */
async function deploy(folder: string, { client }: ToolPlace): Promise<void> {
  await client.query(await readFile(fixture('prisma-7.10.0/_prisma_migrations.sql'), 'utf8'))
  for (const name of (await readdir(folder)).filter((entry) => !entry.endsWith('.toml')).toSorted()) {
    const text = await readFile(join(folder, name, 'migration.sql'), 'utf8')
    const id = randomUUID()
    await client.query(
      'insert into "_prisma_migrations" ("id", "checksum", "started_at", "migration_name") values ($1, $2, $3, $4)',
      [id, checksumOf(text), new Date(), name],
    )
    await client.query(text)
    await client.query('update "_prisma_migrations" set "applied_steps_count" = ("applied_steps_count" + 1) where "id" = $1', [
      id,
    ])
    await client.query('update "_prisma_migrations" set "finished_at" = $1 where "id" = $2', [new Date(), id])
  }
}

describe('prismaMigrations', () => {
  test('applies a migration without a statement, as Prisma generates them for a baseline', async () => {
    const folder = await toolFolder({
      'migration_lock.toml': 'provider = "postgresql"',
      '20260101000000_empty/migration.sql': '-- This is an empty migration.',
    })
    const { createTenant, rows } = await tenantOf(prismaMigrations(folder))
    await createTenant()
    expect(await rows('select name from partywall_migrations')).toEqual([{ name: '20260101000000_empty' }])
  })

  test('takes a down.sql for the down migration', async () => {
    const folder = await toolFolder({
      '20260101000000_a/migration.sql': 'create table "public"."x" ();',
      '20260101000000_a/down.sql': 'drop table "public"."x";',
    })
    expect(await fitMigrations(prismaMigrations(folder))).toMatchObject([
      { up: { text: 'create table "x" ();' }, down: { kind: 'sql', text: 'drop table "x";', line: 1 } },
    ])
  })

  test.each<[string, Record<string, string>, RegExp]>([
    ['a folder without its file', { '20260101000000_a/notes.txt': 'x' }, /20260101000000_a holds no migration\.sql/],
    ['a file beside the folders', { 'a.sql': 'select 1' }, /a\.sql is a file, not a folder/],
    [
      'an extension',
      { '20260101000000_a/migration.sql': '-- CreateExtension\nCREATE EXTENSION IF NOT EXISTS "citext";' },
      /in line 2 create extension/,
    ],
    [
      'other schemas',
      { '20260101000000_a/migration.sql': 'CREATE SCHEMA IF NOT EXISTS "auth";' },
      /create schema \("auth"\), which is about more than one/,
    ],
  ])('refuses %s', async (_, files, message) => {
    const listing = fitMigrations(prismaMigrations(await toolFolder(files)))
    await expect(listing).rejects.toThrow(message)
    await expect(listing).rejects.toMatchObject({ code: 'INVALID_MIGRATION' })
  })
})

describe('the history of Prisma', () => {
  const failed = `update a._prisma_migrations set finished_at = null, applied_steps_count = 0, logs = 'ERROR' where migration_name like '%pages'`

  test('is refused while it holds a migration that Prisma did not finish', async () => {
    const { admin, migrations } = await deployed()
    await admin.query(failed)
    expect((await migrations.run({ tenants: true })).entries[0]).toMatchObject({
      state: 'failed',
      error: {
        code: 'MIGRATION_CHANGED',
        message: expect.stringMatching(/20261121070500_pages .*did not finish/),
        details: { problem: 'unfinished' },
      },
    })
    expect(await migrations.status({ tenants: true })).toMatchObject([{ problem: { code: 'MIGRATION_CHANGED' } }])
  })

  test('is imported without attempts that were rolled back, whether they were repeated or not', async () => {
    const { admin, migrations } = await deployed()
    await admin.query(`
      ${failed}; update a._prisma_migrations set rolled_back_at = now() where finished_at is null;
      drop index a.books_pages_idx; alter table a.books drop column pages; alter type a.mood rename value 'grim' to 'other'`)
    expect(await migrations.status({ tenants: true })).toMatchObject([{ applied: 1, pending: ['20261121070500_pages'] }])
    await admin.query(`
      insert into a._prisma_migrations
      select gen_random_uuid(), checksum, now(), migration_name, null, null, now(), 1 from a._prisma_migrations where migration_name like '%pages'`)
    expect(await migrations.run({ tenants: true })).toMatchObject({ ok: true, entries: [{ applied: [] }] })
    expect(await migrations.status({ tenants: true })).toMatchObject([{ applied: 2, pending: [] }])
  })

  test('is refused when a file has changed since, except for its line endings', async () => {
    const { folder, migrations, admin } = await deployed()
    const file = join(folder, '20261121070000_init', 'migration.sql')
    const text = await readFile(file, 'utf8')
    await admin.query(`update a._prisma_migrations set checksum = $1 where migration_name like '%init'`, [
      checksumOf(text.replaceAll('\n', '\r\n')),
    ])
    expect(await migrations.status({ tenants: true })).toMatchObject([{ applied: 2, pending: [] }])
    await writeFile(file, text.replace('TEXT', 'text'))
    expect((await migrations.run({ tenants: true })).entries[0]).toMatchObject({
      error: { code: 'MIGRATION_CHANGED', details: { file, problem: 'changed', name: '20261121070000_init' } },
    })
  })

  test('of the shared schema is not imported for tenants', async () => {
    const { url, admin } = await tenantOf(prismaMigrations(fixture('prisma-7.10.0/migrations')))
    await admin.query('set search_path to public')
    await deploy(fixture('prisma-7.10.0/migrations'), { client: admin, url, schema: 'public' })
    const source = prismaMigrations(fixture('prisma-7.10.0/migrations'))
    const { create, migrations } = registryForTest(url, {
      migrations: {
        shared: source,
        tenant: source,
        shadowed: ['authors', 'books'],
      },
    })
    await create({ schema: 'a' })
    expect(await migrations.run()).toMatchObject({ ok: true, entries: [{ applied: [] }, { applied: [] }] })
    expect((await admin.query('select count(*)::int as count from a.books')).rows).toEqual([{ count: 0 }])
  })
})

/** A tenant that Prisma has migrated and partywall has not. */
async function deployed() {
  const folder = await copyOfFixture('prisma-7.10.0/migrations')
  const { url, admin, createTenant } = await tenantOf(prismaMigrations(await toolFolder({})))
  await createTenant()
  await deploy(folder, { client: admin, url, schema: 'a' })
  return { folder, admin, ...registryForTest(url, { migrations: { tenant: prismaMigrations(folder), shared: false } }) }
}
