/** The boundary `role`: each statement of a tenant runs as its role, and PostgreSQL refuses what that role may not do. */
import { Client } from 'pg'
import { beforeAll, describe, expect, test } from 'vitest'
import { createTenancy } from '../../src/index.ts'
import { leastPrivilege } from '../support/tenants/least-privilege.ts'
import { testDatabase } from '../support/servers/database.ts'

describe('a tenant with the boundary role', async () => {
  const { url, directUrl } = await testDatabase()
  const logins = await leastPrivilege(directUrl, url)
  const tenancy = createTenancy({
    database: { connectionString: logins.app, deploy: logins.deploy },
    boundary: 'role',
    migrations: { shared: false, tenant: false },
  })
  beforeAll(async () => {
    for (const schema of ['acme', 'globex']) await tenancy.tenants.create({ schema })
  })
  test('smoke', async () => {
    const deploy = new Client(logins.deploy)
    await deploy.connect()
    await deploy.query(
      'create table acme.projects (id serial primary key, name text); create table globex.projects (id serial primary key, name text)',
    )
    await tenancy.run('acme', async () => {
      expect(
        (await tenancy.pool.query('select current_user, session_user, current_setting($1) as id', ['partywall.tenant_id'])).rows,
      ).toHaveLength(1)
      await tenancy.pool.query(`insert into projects (name) values ('a')`)
      await expect(tenancy.pool.query('select * from globex.projects')).rejects.toMatchObject({ code: '42501' })
      const client = await tenancy.pool.connect()
      await client.query('begin')
      await client.query('lock table projects')
      await client.query('select * from projects')
      await client.query('select * from projects; select 1')
      await client.query('commit')
      client.release()
    })
    await deploy.end()
  })
})
