/** The tour of docs/members.md, as it stands there, on a real server: two people, one tenant, an invitation and a switch. And what a stranger gets. */
import { Client } from 'pg'
import { expect, onTestFinished, test, vi } from 'vitest'
import { testDatabase } from '../support/servers/database.ts'
import { auditOf } from '../support/tenants/audit.ts'
import { listen } from './listen.ts'
import { examplePage } from './page-example.ts'

test('a person signs up, creates a tenant, and invites a second one, who accepts and switches', async () => {
  const { url } = await testDatabase()
  vi.stubEnv('DATABASE_URL', url)
  const { exampleWith } = await examplePage('docs/members.md')
  const { app, tenancy } = await exampleWith('createSwitch')
  const admin = new Client(url)
  await admin.connect()
  onTestFinished(async () => {
    vi.unstubAllEnvs()
    await tenancy.close()
    await admin.end()
  })
  const { send } = await listen(app)
  const call = (token: string | undefined, path: string, body?: object) =>
    send({
      host: 'example.com',
      path,
      method: body === undefined ? 'GET' : 'POST',
      headers: { 'content-type': 'application/json', ...(token !== undefined && { authorization: `Bearer ${token}` }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
  const signIn = async (user: string): Promise<string> => (await call(undefined, '/sign-in', { user })).json.token

  const [ada, bob, eve] = [await signIn('ada'), await signIn('bob'), await signIn('eve')] as const
  const { id: acme } = (await call(ada, '/my-tenants', { schema: 'acme', name: 'Acme Inc.' })).json
  const { id: evil } = (await call(eve, '/my-tenants', { schema: 'evil', name: 'Evil' })).json
  expect((await call(ada, '/switch', { tenant: acme })).json).toEqual({ tenant: 'Acme Inc.', role: 'owner' })

  // Each refusal of a switch has the same bytes.
  await tenancy.tenants.create({ schema: 'closed' })
  await tenancy.members.add('closed', 'bob')
  await tenancy.tenants.suspend('closed')
  const wishes = [
    acme,
    evil,
    'closed',
    'nowhere',
    crypto.randomUUID(),
    '',
    7,
    null,
    { id: acme },
    { __proto__: {} },
    ['acme'],
    'a\0',
  ]
  const refused = await Promise.all(wishes.map((tenant) => call(bob, '/switch', { tenant })))
  expect(new Set(refused.map(({ status, text }) => `${status} ${text}`)).size).toBe(1)
  expect(refused[0]!.json).toMatchObject({ status: 403, code: 'SWITCH_REFUSED' })
  expect((await call(undefined, '/switch', { tenant: acme })).json).toMatchObject({ status: 401, code: 'SIGN_IN_REQUIRED' })
  expect((await call(bob, '/me')).status).toBe(404)

  const { token } = (await call(ada, '/invitations', { email: 'bob@example.com' })).json
  expect((await call(bob, '/invitations/accept', { token })).json).toEqual({ role: 'member' })
  expect((await call(eve, '/invitations/accept', { token })).json).toMatchObject({ status: 404, code: 'INVALID_INVITATION' })
  expect((await call(bob, '/switch', { tenant: acme })).json).toEqual({ tenant: 'Acme Inc.', role: 'member' })
  expect((await call(bob, '/me')).json).toEqual({ userId: 'bob', role: 'member', tenant: 'Acme Inc.' })
  expect((await call(bob, '/my-tenants')).json.map(({ name }: { name: string }) => name)).toEqual(['Acme Inc.', 'closed'])
  // A member without the permission, then one without a membership: removed while the session still has the tenant.
  expect((await call(bob, '/invitations', { email: 'x@example.com' })).json).toMatchObject({
    status: 403,
    code: 'NOT_PERMITTED_ROLE',
  })
  await tenancy.members.setRole('acme', 'bob', 'admin')
  expect((await call(bob, '/invitations', { email: 'x@example.com' })).status).toBe(201)
  await tenancy.members.remove('acme', 'bob')
  expect((await call(bob, '/me')).json).toMatchObject({ status: 403, code: 'NOT_A_MEMBER' })

  const switches = (await auditOf(admin)).filter(({ action }) => action === 'member.switched')
  expect(switches.map(({ actor, tenant_id, object }) => [actor, tenant_id, object])).toEqual([
    ['user:ada', acme, 'ada'],
    ['user:bob', acme, 'bob'],
  ])
})
