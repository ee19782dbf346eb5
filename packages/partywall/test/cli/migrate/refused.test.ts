/** What a person reads about a migration that failed: advice on the file or the missing migrations, and no row of a tenant. */
import { expect, test } from 'vitest'
import { fleetProject, type FleetProject } from './fleet-project.ts'
import { libraryCall } from '../partywall.ts'

test.each([
  ['ROLLBACK in a file', 'x.sql', 'begin; create table a (); rollback', /x\.sql has in line 1 .*rollback/i],
  ['VACUUM without a table', 'x.sql', 'vacuum', /x\.sql has in line 1 vacuum without a table, which is about the whole database/],
  [
    'a tenancy of its own',
    'x.ts',
    `import { createTenancy } from 'partywall'
     export const up = () => createTenancy({ database: process.env.DATABASE_URL }).pool.query('select 1')`,
    /outside every scope\. Send it with the `client` that the function of the migration receives/,
  ],
])('%s is refused with what to change in the file', async (_, name, text, advice) => {
  const { write, run } = await withMigration(name, text)
  const { code, json } = await run('migrate --json')
  expect(code).toBe(1)
  const error = json.error ?? json.entries.at(-1).error
  expect(error.message).toMatch(advice)
  expect(error.message).not.toMatch(libraryCall)
  expect(error.cause ?? '').not.toMatch(libraryCall)
  const { stdout, stderr } = await run('migrate')
  expect(stdout + stderr).not.toMatch(/tenancy\.\w|pool\.\w/)
  await write({})
})

test('a migration that fails at a row shows its SQLSTATE and not the row', async () => {
  const { run, rows } = await withMigration('x.sql', 'create unique index on polls (title)')
  await rows(`insert into t01.polls values ('secret row'), ('secret row') returning 1`)
  for (const call of ['migrate', 'migrate --json', 'migrate --verbose']) {
    const { code, stdout, stderr } = await run(call)
    expect(code).toBe(1)
    expect(stdout + stderr).toContain('23505')
    expect(stdout + stderr).not.toContain('secret row')
  }
})

test('a hint on names is shown', async () => {
  const { run } = await withMigration('x.sql', 'select p.titel from polls p')
  expect((await run('migrate')).stderr).toContain('  hint: Perhaps you meant to reference the column "p.title".')
})

test('a missing table is explained by pending migrations of the shared schema, if there are any', async () => {
  const advice =
    'Migrations of the shared schema are pending (0001_plans). If it needs them, run `partywall migrate --shared` first.'
  const project = await withMigration('x.sql', 'create table subscriptions as select * from plans')
  const without = await project.run('migrate --tenants')
  expect(without.stderr).not.toContain('shared schema are pending')
  await project.write({ '../shared/0001_plans.sql': 'create table plans (id int)' })
  expect((await project.run('migrate --tenants')).stderr).toContain(`${advice}\n`)
  expect((await project.run('tenant create late')).stderr).toContain(advice)
  expect((await project.run('tenant create late --json')).json.error.message).toContain(advice)
  expect((await project.run('migrate')).code).toBe(0)
})

async function withMigration(name: string, text: string): Promise<FleetProject> {
  const project = await fleetProject(1, { 'migrations/shared/.gitkeep': '' })
  await project.write({ [`0002_${name}`]: text })
  return project
}
