/** `migrate new`: the next file of a folder; and a project whose files another tool creates. */
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { testDatabase } from '../../support/servers/database.ts'
import { expectFailure, project } from '../partywall.ts'

test('migrate new creates a file with the next number, and never overwrites one', async () => {
  const { run, folder } = await project(undefined, { 'migrations/tenant/0041_a.sql': 'select 1' })
  expect((await run(['migrate', 'new', 'Add titles!'])).stdout).toBe('migrations/tenant/0042_add_titles.sql\n')
  expect((await run(['migrate', 'new', 'more', '--ts', '--json'])).json).toEqual({
    file: join(folder, 'migrations/tenant/0043_more.ts'),
  })
})

test('migrate new is refused for the files of another tool, which the other commands read', async () => {
  const { url } = await testDatabase()
  const { run } = await project(url, {
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
  expect(expectFailure(await run('migrate new more --json'), 2, 'INVALID_ARGUMENT').message).toContain('npx drizzle-kit generate')
})
