/** A tenant is renamed, and another one takes its name at once, while work of the first one runs: it fails, on each route. */
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { createTenancy } from '../../src/index.ts'
import { boundary } from '../support/servers/boundary.ts'
import { testDatabase } from '../support/servers/database.ts'
import { isPooled, ownRoute } from '../support/servers/route.ts'
import { folderForTest } from '../support/tenants/registry.ts'

const { directUrl } = await testDatabase()
const route = await ownRoute(directUrl)

test.each(['rename', 'archive', 'delete'] as const)('after %s, a bound transaction and a running scope fail', (call) =>
  route.withServerConnections(4, async () => {
    const root = await folderForTest({ 'migrations/tenant/0001_notes.sql': 'create table notes (text text)' })
    const tenancy = createTenancy({ root, database: { connectionString: route.url, deploy: directUrl }, boundary })
    onTestFinished(() => tenancy.close())
    const schema = `${call}_me`
    const { tenants } = tenancy
    const { id } = await tenants.create({ schema })
    await tenancy.run(id, async () => {
      const client = await tenancy.pool.connect()
      await client.query('begin')
      await client.query(`insert into notes values ('mine')`)
      await client.query('commit')
      await client.query('begin')
      await client.query('select 1')
      if (call === 'rename') await tenants.rename(id, { schema: 'renamed' })
      else if (call === 'archive') await tenants.archive(id)
      else await tenants.delete(id, { confirm: schema })
      const heir = await tenants.create({ schema })
      await tenancy.run(heir, () => tenancy.pool.query(`insert into notes values ('of another tenant')`))
      const changed = { code: expect.stringMatching(/^(TENANT_CHANGED|ROLE_MISSING|SCHEMA_MISSING)$/) }
      await expect(client.query('select text from notes')).rejects.toMatchObject(changed)
      client.release(true)
      await expect(tenancy.pool.query('select text from notes')).rejects.toMatchObject(changed)
      await expect(tenancy.pool.query('select 1; select text from notes')).rejects.toMatchObject(changed)
    })
  }),
)

test.runIf(boundary === 'path' && !isPooled)(
  'a name is not given to another tenant while a session of its tenant is open',
  async () => {
    const root = await folderForTest({ 'migrations/tenant/0001_notes.sql': 'create table notes (text text)' })
    const tenancy = createTenancy({ root, database: directUrl })
    onTestFinished(() => tenancy.close())
    const { id } = await tenancy.tenants.create({ schema: 'held' })
    const creating = await tenancy.session(id, async (client) => {
      await tenancy.tenants.rename(id, { schema: 'moved' })
      const heir = tenancy.tenants.create({ schema: 'held' })
      const first = await Promise.race([heir.then(() => 'created'), sleep(500).then(() => 'waits')])
      expect(first).toBe('waits')
      await expect(client.query('select text from notes')).rejects.toThrow(/held|notes/)
      return { heir }
    })
    expect((await creating.heir).schema).toBe('held')
  },
)
