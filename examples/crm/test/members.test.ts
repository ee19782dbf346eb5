/** Colleagues: invited by mail, with roles, and removed. */
import { beforeAll, expect, test } from 'vitest'
import { openCrm, password, until, type Browser } from './support.ts'

const open = await openCrm()
let owner: Browser
beforeAll(async () => {
  owner = await open.tenant('acme', { plan: 'growth' })
  await open.tenant('globex')
})

async function mailTo(address: string, word: string): Promise<string> {
  const mail = await until(
    () => open.crm.sink!.mails().find(({ to, subject }) => to === address && subject.includes(word)),
    (found) => found !== undefined,
  )
  return mail!.text
}

async function invite(by: Browser, email: string, role = 'member'): Promise<string> {
  const answer = await by.post('acme', '/api/invitations', { email, role })
  expect(answer).toMatchObject({ status: 201, body: { email, role } })
  expect(answer.text).not.toContain('token')
  return /\/join#([\w-]+)/.exec(await mailTo(email, 'invites you'))![1]!
}

async function joined(email: string, role = 'member'): Promise<Browser> {
  const token = await invite(owner, email, role)
  const browser = open.browser()
  const accepted = await browser.post('acme', '/api/invitations/accept', { token, name: `Person ${email}`, password })
  expect(accepted).toMatchObject({ status: 201, body: { role, user: { email } } })
  return browser
}

test('an invitation leads a colleague in, once, and at its tenant alone', async () => {
  const token = await invite(owner, 'bob@acme.example')
  const bob = open.browser()
  expect((await bob.post('acme', '/api/invitations/look', { token })).body).toEqual({
    email: 'bob@acme.example',
    role: 'member',
    invitedBy: 'Olga Owner',
    tenant: 'acme Inc.',
  })
  for (const path of ['look', 'accept'])
    expect(
      await bob.post('globex', `/api/invitations/${path}`, { token, ...(path === 'accept' && { name: 'Bob', password }) }),
    ).toMatchObject({
      status: 404,
      body: { code: 'INVALID_INVITATION' },
    })
  expect((await bob.post('acme', '/api/invitations/accept', { token, name: 'Bob', password })).status).toBe(201)
  expect((await bob.get('acme', '/api/session')).body).toMatchObject({ role: 'member', can: [], user: { name: 'Bob' } })
  expect((await open.browser().post('acme', '/api/invitations/accept', { token, name: 'Eve', password })).status).toBe(404)
  expect((await owner.get('acme', '/api/members')).body.items.map(({ name }: { name: string }) => name)).toEqual([
    'Bob',
    'Olga Owner',
  ])
})

test('a member may not what an admin may, and an admin not what an owner may', async () => {
  const member = await joined('mel@acme.example')
  const admin = await joined('amy@acme.example', 'admin')
  const ids = Object.fromEntries(
    (await owner.get('acme', '/api/members')).body.items.map((each: { email: string; userId: string }) => [
      each.email,
      each.userId,
    ]),
  )
  const { id } = (await member.post('acme', '/api/customers', { name: 'A customer' })).body
  for (const answer of [
    await member.delete('acme', `/api/customers/${id}`),
    await member.post('acme', '/api/invitations', { email: 'x@acme.example' }),
    await member.patch('acme', '/api/settings', { currency: 'USD' }),
    await member.upload('acme', '/api/imports', 'a.csv', 'name\nx\n'),
    await member.patch('acme', `/api/members/${ids['mel@acme.example']}`, { role: 'owner' }),
    await admin.patch('acme', `/api/members/${ids['amy@acme.example']}`, { role: 'owner' }),
    await admin.delete('acme', `/api/members/${ids['owner@acme.example']}`),
    await admin.post('acme', '/api/billing/checkout', { plan: 'scale' }),
  ])
    expect(answer).toMatchObject({ status: 403, body: { code: 'NOT_PERMITTED_ROLE' } })
  expect((await admin.post('acme', '/api/invitations', { email: 'x@acme.example', role: 'owner' })).status).toBe(400)
  expect((await admin.delete('acme', `/api/customers/${id}`)).status).toBe(204)
  expect((await owner.delete('acme', `/api/members/${ids['owner@acme.example']}`)).body).toMatchObject({ code: 'LAST_OWNER' })
  const note = (await admin.post('acme', '/api/notes', { text: 'By Amy' })).body
  expect((await member.patch('acme', `/api/notes/${note.id}`, { text: 'By Mel' })).status).toBe(403)
  expect((await member.delete('acme', `/api/notes/${note.id}`)).status).toBe(403)
  expect((await admin.patch('acme', `/api/notes/${note.id}`, { text: 'Still by Amy' })).status).toBe(200)
})

test('who is removed is out at once, with cookie and token; the account comes back by its own password alone', async () => {
  const carl = await joined('carl@acme.example')
  const { userId } = (await owner.get('acme', '/api/members')).body.items.find(
    ({ email }: { email: string }) => email === 'carl@acme.example',
  )
  const { accessToken } = (await carl.post('acme', '/api/tokens', { email: 'carl@acme.example', password })).body
  expect((await owner.delete('acme', `/api/members/${userId}`)).status).toBe(204)
  expect((await carl.get('acme', '/api/customers')).status).toBe(401)
  expect(
    (await open.browser().get('acme', '/api/customers', { headers: { authorization: `Bearer ${accessToken}` } })).status,
  ).toBe(403)
  expect((await carl.signIn('acme', 'carl@acme.example', password)).status).toBe(200)
  expect((await carl.get('acme', '/api/customers')).status).toBe(403)
  const again = await owner.post('acme', '/api/invitations', { email: 'carl@acme.example' })
  expect(again.status).toBe(201)
  const token = await until(
    () => open.crm.sink!.mails().filter(({ to }) => to === 'carl@acme.example'),
    (mails) => mails.length === 2,
  ).then(([newest]) => /#([\w-]+)/.exec(newest!.text)![1]!)
  const thief = open.browser()
  expect((await thief.post('acme', '/api/invitations/accept', { token, name: 'Eve', password: 'another password' })).status).toBe(
    401,
  )
  expect((await carl.post('acme', '/api/invitations/accept', { token, name: 'Carl', password })).status).toBe(201)
})

test('an invitation that was ended leads nowhere', async () => {
  const token = await invite(owner, 'dora@acme.example')
  const { items } = (await owner.get('acme', '/api/invitations')).body
  const { id } = items.find(({ email }: { email: string }) => email === 'dora@acme.example')
  expect((await owner.delete('acme', `/api/invitations/${id}`)).status).toBe(204)
  expect((await open.browser().post('acme', '/api/invitations/look', { token })).status).toBe(404)
})

test('a forgotten password is replaced by a mail of the own tenant', async () => {
  const browser = open.browser()
  const ask = { email: 'owner@globex.example', redirectTo: '/reset-password' }
  expect((await browser.post('acme', '/api/auth/request-password-reset', ask)).status).toBe(200)
  expect((await browser.post('globex', '/api/auth/request-password-reset', ask)).status).toBe(200)
  const link = /http:\S+/.exec(await mailTo('owner@globex.example', 'new password'))![0]
  expect(new URL(link).hostname).toBe('globex.crm.localhost')
  expect(
    open.crm.sink!.mails().filter(({ to, subject }) => to === 'owner@globex.example' && subject.includes('password')),
  ).toHaveLength(1)
  const landed = await browser.follow(link)
  const token = new URL(landed.addresses.at(-1)!).searchParams.get('token')
  const change = { token, newPassword: 'quite another one' }
  // Those who may read the tables, such as a viewer of the console, do not get it there.
  const stored = await open.crm.tenancy.run('globex', () => open.crm.tenancy.pool.query('select * from verification'))
  expect([stored.rows.length, JSON.stringify(stored.rows).includes(token!)]).toEqual([1, false])
  expect((await browser.post('acme', '/api/auth/reset-password', change)).status).toBe(400)
  expect((await browser.post('globex', '/api/auth/reset-password', change)).status).toBe(200)
  expect((await browser.signIn('globex', 'owner@globex.example', 'quite another one')).status).toBe(200)
  expect((await browser.signIn('globex', 'owner@globex.example', password)).status).toBe(401)
})
