/** The commands of templates, against a real database. */
import { expect, test } from 'vitest'
import { testDatabase } from '../../support/servers/database.ts'
import { expectFailure, project } from '../partywall.ts'

const { url } = await testDatabase()

test('a template is made by migrate, saved, listed, used and dropped from the command line', { timeout: 120_000 }, async () => {
  const { run } = await project(url, {
    'partywall.config.ts': `
      import { defineConfig } from 'partywall'
      export default defineConfig({ database: process.env.DATABASE_URL, migrations: { template: true } })`,
    'migrations/tenant/0001_plans.sql': `create table plans (name text primary key); insert into plans values ('free')`,
  })
  await run('migrate')
  expect((await run('migrate status --json')).json).toMatchObject([
    { target: 'shared' },
    { target: 'template', head: '0001_plans' },
  ])
  expect((await run('tenant list')).stderr).toContain('partywall_template_default is the template of the kind default.')
  expect((await run('tenant create acme --json')).json).toMatchObject({ schema: 'acme', migrations: { head: '0001_plans' } })
  expect((await run('template save demo --from acme --json')).json).toMatchObject({ name: 'demo', kind: 'default', rows: [] })
  expect((await run('template list --json')).json).toMatchObject([
    { name: null, rows: ['plans'] },
    { name: 'demo', rows: [] },
  ])
  expect((await run('tenant create bolt --template demo --json')).json).toMatchObject({ schema: 'bolt' })
  expect((await run('template drop demo --json')).json).toEqual({ dropped: 'demo' })
  expect((await run('template drop --kind default')).stdout).toContain('dropped the template of the kind default')
  expectFailure(await run('tenant create cup --template demo --json'), 1, 'UNKNOWN_TEMPLATE')
  expect((await run('tenant list --json')).json).toMatchObject([{ schema: 'acme' }, { schema: 'bolt' }])
})
