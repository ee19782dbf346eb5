/** The SQL of docs/deployment.md: with its two roles, the app works and cannot change tables. */
import { Client } from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { assertFleetOk, createTenancy } from '../../src/index.ts'
import { testDatabase } from '../support/servers/database.ts'
import { folderForTest } from '../support/tenants/registry.ts'
import { sqlOfPage } from './sql-of-page.ts'

test('app queries the tenants that migrator creates, and may not change tables, the catalog or a history', async () => {
  const database = await testDatabase()
  // Roles belong to the whole server, where other runs work at the same time.
  const names = { shop: database.name, migrator: `${database.name}_migrator`, app: `${database.name}_app` }
  const [createRoles, keepCatalog, keepHistory, ...others] = await sqlOfPage('docs/deployment.md', names)
  expect(others).toEqual([])
  const admin = await connected(database.directUrl)
  onTestFinished(async () => {
    await admin.query(`drop owned by "${names.app}", "${names.migrator}" cascade`)
    await admin.query(`alter database "${names.shop}" owner to current_user; drop role "${names.app}", "${names.migrator}"`)
    await admin.end()
  })
  await admin.query(createRoles!)

  const folder = await folderForTest({
    'shared/0001_plans.sql': 'create table plans (name text);',
    'tenant/0001_projects.sql': 'create table projects (id integer generated always as identity, title text not null);',
    'tenant/0002_history.sql': keepHistory!,
  })
  const tenancyAs = (user: string, pool = {}) => {
    const url = Object.assign(new URL(database.directUrl), { username: user, password: '' }).href
    return createTenancy({ root: folder, database: url, migrations: { shared: 'shared', tenant: 'tenant' }, pool })
  }
  const migrator = tenancyAs(names.migrator)
  onTestFinished(() => migrator.close())
  assertFleetOk(await migrator.migrations.run())
  await migrator.tenants.create({ schema: 'acme' })
  expect((await migrator.probe()).isolation.proven).toBe(true)

  const app = tenancyAs(names.app)
  onTestFinished(() => app.close())
  await app.ready()
  const inAcme = (text: string) => app.run('acme', () => app.pool.query(text))
  expect((await inAcme("insert into projects (title) values ('a wall') returning id")).rows).toEqual([{ id: 1 }])
  expect((await inAcme('select * from plans')).rows).toEqual([])
  expect(await app.migrations.check()).toBe(true)
  await expect(inAcme('create table notes ()')).rejects.toMatchObject({ code: '42501' })
  await expect(inAcme('drop table projects')).rejects.toMatchObject({ code: '42501' })
  await expect(inAcme('delete from partywall_migrations')).rejects.toMatchObject({ code: '42501' })
  await expect(app.tenants.create({ schema: 'globex' })).rejects.toMatchObject({ code: 'NOT_PERMITTED' })

  const owner = tenancyAs(names.migrator, { max: 1, sharedMax: 2 })
  onTestFinished(() => owner.close())
  expect(await app.tenants.find('initech')).toBeUndefined()
  const created = await Promise.all(['initech', 'hooli', 'umbrella'].map((schema) => owner.tenants.create({ schema })))
  for (const { id, schema } of created) {
    const { rows } = await app.run({ id }, () => app.pool.query('select current_schema() as schema, title from projects'))
    expect([schema, rows]).toEqual([schema, []])
  }

  await app.tenants.update('acme', { name: 'Acme Inc.' })
  await admin.query(`set role "${names.migrator}"; ${keepCatalog}; reset role`)
  await expect(app.tenants.suspend('acme')).rejects.toMatchObject({ code: 'NOT_PERMITTED' })
})

async function connected(url: string): Promise<Client> {
  const client = new Client({ connectionString: url })
  await client.connect()
  return client
}
