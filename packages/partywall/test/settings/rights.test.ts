/** Settings where the application logs in as a role that owns nothing: it reads and writes them, and code of a tenant reads no secret. */
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { createTenancy } from '../../src/index.ts'
import { testDatabase } from '../support/servers/database.ts'
import { leastPrivilege } from '../support/tenants/least-privilege.ts'

test.each(['path', 'role'] as const)('with a deploy role and the boundary %s', async (boundary) => {
  const { url } = await testDatabase()
  const { app, deploy } = await leastPrivilege(url, url)
  const tenancy = createTenancy({
    database: { connectionString: app, deploy },
    migrations: { tenant: false, shared: false },
    boundary,
    settings: {
      schema: z.object({ host: z.string().optional(), password: z.string().optional() }),
      secrets: ['password'],
      key: ['n'.repeat(40), 'o'.repeat(40)],
    },
  })
  onTestFinished(() => tenancy.close())
  await tenancy.tenants.create({ schema: 'acme' })
  await tenancy.tenants.create({ schema: 'globex' })
  await tenancy.settings.set('acme', { host: 'smtp.acme.example', password: 's3cret' })
  await tenancy.settings.set('globex', { password: 'other' })
  await tenancy.settings.unset('acme', 'host')
  const clone = await tenancy.tenants.clone('acme', { schema: 'copy' })
  expect((await tenancy.settings.of(clone)).password).toBe('s3cret')
  expect(await tenancy.run('globex', () => tenancy.settings())).toEqual({ password: 'other' })
  expect(await tenancy.settings.rotateKey()).toMatchObject({ ok: true, entries: [] })
  expect((await tenancy.audit.list({ tenant: 'acme', action: 'settings' })).length).toBe(2)

  const read = () => tenancy.run('globex', () => tenancy.pool.query('select setting::text from partywall.settings as setting'))
  if (boundary === 'path') {
    // The login reads the catalog itself: SQL of a tenant gets the rows of all, and no secret.
    const { rows } = await read()
    expect(rows).toHaveLength(3)
    expect(JSON.stringify(rows)).not.toMatch(/s3cret|other/)
    return
  }
  await expect(read()).rejects.toMatchObject({ code: '42501' })
  for (const sql of [
    `update partywall.settings set value = '1'`,
    'delete from partywall.settings',
    `insert into partywall.settings (tenant_id, key, value) select '00000000-0000-4000-8000-000000000000', 'a', '1'`,
  ])
    await expect(tenancy.run('globex', () => tenancy.pool.query(sql))).rejects.toMatchObject({ code: '42501' })
})
