/** `migrate`: every schema gets its turn, and one that fails is named at the end. */
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { testDatabase } from '../support/database.ts'
import { expectFailure, project } from './partywall.ts'

const { url } = await testDatabase()

it('migrates the shared schema and the fleet, survives a tenant that fails, and names it', async () => {
  const { run, folder } = await project(url, {
    'migrations/shared/0001_plans.sql': 'create table plans (name text primary key)',
    'migrations/tenant/0001_polls.sql': 'create table polls (title text)',
  })
  for (const schema of ['acme', 'bolt', 'corp']) await run(`tenant create ${schema}`)
  await run(['sql', '--tenant', 'bolt', "insert into polls values ('twice'), ('twice')"])
  await writeFile(join(folder, 'migrations/tenant/0002_unique.sql'), 'alter table polls add unique (title)')

  const [plan, before] = [await run('migrate --plan --json'), await run('migrate status')]
  expect(plan).toMatchObject({ code: 0 })
  expect(plan.json).toMatchObject([
    { target: 'shared', head: null, applied: 0, pending: ['0001_plans'] },
    { target: 'acme', head: '0001_polls', applied: 1, pending: ['0002_unique'] },
    { target: 'bolt' },
    { target: 'corp' },
  ])
  expect(before).toMatchObject({ code: 0 })
  expect(before.stdout).toMatch(/^target {2}head {8}applied {2}pending {6}problem\nshared {2}none {14}0 {2}0001_plans\nacme /)

  const migrated = await run('migrate --json')
  expect(migrated.code).toBe(1)
  expect(migrated.json).toMatchObject({
    ok: false,
    entries: [
      { target: 'shared', state: 'done', applied: ['0001_plans'] },
      { target: 'acme', state: 'done', applied: ['0002_unique'] },
      {
        target: 'bolt',
        state: 'failed',
        applied: [],
        error: { code: 'MIGRATION_FAILED', sqlState: '23505', cause: expect.stringContaining('unique') },
      },
      { target: 'corp', state: 'done', applied: ['0002_unique'] },
    ],
  })
  expect(migrated.stderr).toMatch(
    /^shared: applied 0001_plans \(\d+ ms\)\nacme: applied 0002_unique .*\nbolt: error MIGRATION_FAILED: /,
  )

  const again = await run('migrate')
  expect(again).toMatchObject({ code: 1, stdout: '3 of 4 up to date; 1 failed: bolt\n' })
  await run('sql --tenant bolt delete\tfrom\tpolls')
  expect(await run('migrate --tenant bolt --tenant acme')).toMatchObject({
    code: 0,
    stdout: '2 of 2 migrated\n',
    stderr: expect.stringMatching(/^bolt: applied 0002_unique .*\nacme: up to date\n$/),
  })
  expect(await run('migrate')).toMatchObject({ code: 0, stdout: '4 of 4 up to date\n' })

  expectFailure(await run('migrate --tenant nobody --json'), 1, 'UNKNOWN_TENANT')
  expectFailure(await run('migrate --tenants --to 0009 --json'), 2, 'INVALID_OPTION')

  await rm(join(folder, 'migrations/tenant/0002_unique.sql'))
  const status = await run('migrate status --tenants --json')
  expect(status.code).toBe(1)
  expect(status.json[0]).toMatchObject({ target: 'acme', applied: 2, problem: { code: 'MIGRATION_CHANGED' } })
})

it('makes files with the next number, and never overwrites one', async () => {
  const { run, folder } = await project(url, { 'migrations/tenant/0041_a.sql': 'select 1' })
  expect((await run(['migrate', 'new', 'Add titles!'])).stdout).toBe('migrations/tenant/0042_add_titles.sql\n')
  expect((await run(['migrate', 'new', 'more', '--ts', '--json'])).json).toEqual({
    file: join(folder, 'migrations/tenant/0043_more.ts'),
  })
})

it('migrates with the files of another tool, which makes new ones itself', async () => {
  const { url: ownUrl } = await testDatabase()
  const { run } = await project(ownUrl, {
    'partywall.config.ts': `
      import { defineConfig } from 'partywall'
      import { drizzleMigrations } from 'partywall/drizzle'
      export default defineConfig({ database: process.env.DATABASE_URL, migrations: { tenant: drizzleMigrations('drizzle') } })`,
    'drizzle/20260101000000_init/migration.sql': 'create table "public"."x" ();',
  })
  expect(await run('tenant create acme')).toMatchObject({ code: 0 })
  expect((await run('migrate status --json')).json).toMatchObject([
    { target: 'shared' },
    { target: 'acme', head: '20260101000000_init' },
  ])
  expect(
    (await run(['sql', '--tenant', 'acme', '--json', `select to_regclass('acme.x') is not null as there`])).json,
  ).toMatchObject({
    rows: [{ there: true }],
  })
  expect(expectFailure(await run('migrate new more --json'), 2, 'INVALID_OPTION').message).toContain('npx drizzle-kit generate')
})
