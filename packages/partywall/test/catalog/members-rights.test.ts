/** Members where the application logs in as a role that owns nothing: it changes members and cannot read the audit, and code of a tenant reaches neither. */
import { expect, onTestFinished, test } from 'vitest'
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
  })
  onTestFinished(() => tenancy.close())
  await tenancy.tenants.create({ schema: 'acme', externalId: 'org_1' })
  await tenancy.members.add('acme', 'ada', { role: 'owner' })
  await tenancy.members.defineRole({ externalId: 'org_1' }, 'guest', { can: [] })
  const { token } = await tenancy.members.invite('acme', { email: 'bob@example.com', role: 'guest' })
  await tenancy.members.accept(token, 'bob')
  await tenancy.members.switchTo('acme', 'bob')
  expect((await tenancy.members.list('acme')).map(({ userId, role }) => [userId, role])).toEqual([
    ['ada', 'owner'],
    ['bob', 'guest'],
  ])
  const entries = await tenancy.audit.list({ tenant: 'acme' })
  expect(entries.map(({ action }) => action)).toEqual([
    'member.switched',
    'member.accepted',
    'invitation.created',
    'role.defined',
    'member.added',
    'tenant.created',
  ])
  if (boundary === 'path') return
  for (const table of ['members', 'invitations', 'member_roles', 'member_email_domains', 'audit']) {
    const read = tenancy.run('acme', () => tenancy.pool.query(`select * from partywall.${table}`))
    await expect(read).rejects.toMatchObject({ code: '42501' })
  }
})
