/** `migrate new`: the next file of a folder; and a project whose files another tool creates. */
import { symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
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

test('migrate new creates a file in a folder that has options', async () => {
  const { run } = await project(undefined, {
    'partywall.config.ts': `
      import { defineConfig, folderMigrations } from 'partywall'
      export default defineConfig({ migrations: { tenant: folderMigrations('db/tenant', { public: 'rewrite' }) } })`,
    'db/tenant/0007_a.sql': 'select 1',
  })
  expect((await run('migrate new titles')).stdout).toBe('db/tenant/0008_titles.sql\n')
})

const configWith = (imports: string, source: string): string => `
  import { defineConfig } from 'partywall'
  import { ${imports} } from 'partywall/${imports.replace('Migrations', '').replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}'
  export default defineConfig({ database: process.env.DATABASE_URL, migrations: { tenant: ${source} } })`

test('migrate new runs the generator of a tool that only reads the project, with the words that --print shows', async () => {
  const { run, folder } = await project(undefined, {
    'partywall.config.ts': configWith('nodePgMigrateMigrations', `nodePgMigrateMigrations('db/migrations')`),
    'package.json': '{ "type": "module" }',
    'sub/x': '',
  })
  await symlink(fileURLToPath(new URL('../../../../../node_modules', import.meta.url)), join(folder, 'node_modules'))
  const command = 'npx node-pg-migrate create add_titles --migrations-dir db/migrations --migration-file-language ts'
  expect((await run(['migrate', 'new', 'add titles', '--ts', '--print'])).stdout).toBe(`${command}\n`)
  const made = await run(['migrate', 'new', 'add titles', '--ts', '--json'])
  expect(made.json).toEqual({
    file: expect.stringMatching(/db\/migrations\/\d+_add-titles\.ts$|db\/migrations\/\d+_add_titles\.ts$/),
    command,
  })
  expect(made.code).toBe(0)
  expectFailure(await run(['migrate', 'new', ' --help', '--json']), 2, 'INVALID_ARGUMENT')
})

test.each([
  ['knexMigrations', `knexMigrations('db')`, /^npx knex migrate:make titles --migrations-directory \S+\/db\n$/],
  ['drizzleMigrations', `drizzleMigrations('drizzle')`, /^npx drizzle-kit generate --name titles\n$/],
])('migrate new --print prints the command of %s', async (name, source, command) => {
  const { run } = await project(undefined, { 'partywall.config.ts': configWith(name, source) })
  expect((await run('migrate new titles --print')).stdout).toMatch(command)
})

test('migrate new names the generator of a tool that compares with a database, which the other commands do not need', async () => {
  const { url } = await testDatabase()
  const { run } = await project(url, {
    'partywall.config.ts': configWith('prismaMigrations', `prismaMigrations('prisma')`),
    'prisma/20260101000000_init/migration.sql': 'create table "public"."x" ();',
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
  const { message } = expectFailure(await run('migrate new more --json'), 2, 'INVALID_ARGUMENT')
  expect(message).toMatch(/npx prisma migrate dev --create-only.*one of its own/)
})
