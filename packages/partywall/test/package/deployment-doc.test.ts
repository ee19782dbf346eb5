/** The set-up of docs/boundaries.md: with its two roles, the app works and cannot change tables. */
import { Client } from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { assertFleetOk, createTenancy } from '../../src/index.ts'
import { testDatabase } from '../support/servers/database.ts'
import { folderForTest } from '../support/tenants/registry.ts'
import { sqlOfPage } from './sql-of-page.ts'

test('app queries the tenants that deploy creates, and may change neither tables nor a history', async () => {
  const database = await testDatabase()
  // Roles belong to the whole server, where other runs work at the same time.
  const names = { shop: database.name, deploy: `${database.name}_deploy`, app: `${database.name}_app` }
  const [createRoles, ...others] = await sqlOfPage('docs/boundaries.md', names)
  // That of another deploy role: test/boundary/other-deploy.test.ts runs it.
  expect(others).toHaveLength(1)
  const admin = await connected(database.directUrl)
  onTestFinished(async () => {
    await admin.query(`drop owned by "${names.app}", "${names.deploy}" cascade; drop role "${names.app}", "${names.deploy}"`)
    await admin.end()
  })
  await admin.query(createRoles!)

  const folder = await folderForTest({
    'shared/0001_plans.sql': 'create table plans (name text);',
    'tenant/0001_projects.sql': 'create table projects (id integer generated always as identity, title text not null);',
  })
  const urlAs = (username: string) => Object.assign(new URL(database.directUrl), { username, password: '' }).href
  const tenancyAs = (deploy?: string) =>
    createTenancy({
      root: folder,
      database: { connectionString: urlAs(names.app), ...(deploy !== undefined && { deploy }) },
      migrations: { shared: 'shared', tenant: 'tenant' },
    })
  const owner = tenancyAs(urlAs(names.deploy))
  onTestFinished(() => owner.close())
  assertFleetOk(await owner.migrations.run())
  await owner.tenants.create({ schema: 'acme' })
  expect((await owner.probe()).isolation.proven).toBe(true)

  const app = tenancyAs()
  onTestFinished(() => app.close())
  await app.ready()
  const inAcme = (text: string) => app.run('acme', () => app.pool.query(text))
  expect((await inAcme("insert into projects (title) values ('a wall') returning id")).rows).toEqual([{ id: 1 }])
  expect((await inAcme('select * from plans')).rows).toEqual([])
  expect(await app.migrations.check()).toBe(true)
  for (const text of ['create table notes ()', 'drop table projects', 'delete from partywall_migrations'])
    await expect(inAcme(text)).rejects.toMatchObject({ code: '42501' })
  await expect(app.tenants.create({ schema: 'globex' })).rejects.toMatchObject({ code: 'NOT_PERMITTED' })
  await app.tenants.update('acme', { name: 'Acme Inc.' })

  expect(await app.tenants.find('initech')).toBeUndefined()
  const { id } = await owner.tenants.create({ schema: 'initech' })
  expect((await app.run({ id }, () => app.pool.query('select title from projects'))).rows).toEqual([])
})

async function connected(url: string): Promise<Client> {
  const client = new Client({ connectionString: url })
  await client.connect()
  return client
}
