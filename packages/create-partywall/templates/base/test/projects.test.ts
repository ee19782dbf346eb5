/** Each test has a tenant of its own, and is rolled back. */
import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import { useTenants } from 'partywall/testing'
//? if next
import { createApp } from './app.ts'
//? else
import { createApp } from '../src/app.ts'
//? end
//? if auth
import { authOf } from '../src/auth.ts'
//? end
import { openTenancy } from '../src/tenancy.ts'

const t = useTenants({ open: openTenancy, app: createApp }, { before, after, beforeEach, afterEach })
//? if auth
const email = 'ada@example.com'
const password = 'a long password'

async function addMember(tenant = t.tenant): Promise<void> {
  const { users } = authOf(t.tenancy)
  await t.tenancy.run(tenant, async () => {
    const { id } = await users.create({ email, password })
    await t.tenancy.members.add(tenant, id)
  })
}

/** A client of this user at a tenant. */
async function signIn(tenant = t.tenant) {
  //? if jwt
  const answer = await t.client(tenant).post('/api/token', { email, password })
  assert.equal(answer.status, 200)
  return t.client(tenant, { headers: { authorization: `Bearer ${answer.json().accessToken}` } })
  //? else
  // As a browser sends it: Better Auth accepts a cookie from pages of the tenant only.
  const { origin } = new URL(await t.tenancy.url(tenant))
  const client = t.client(tenant, { headers: { origin } })
  const { status } = await client.post('/api/auth/sign-in/email', { email, password })
  assert.equal(status, 200)
  return client
  //? end
}
//? end

test('a tenant reads its own projects only', async () => {
  const other = await t.database.tenant()
  //? if auth
  await addMember()
  await addMember(other)
  const client = await signIn()
  //? else
  const client = t.client()
  //? end
  const added = await client.post('/api/projects', { title: 'A wall' })
  assert.equal(added.status, 201)
  assert.deepEqual((await client.get('/api/projects')).json(), [added.json()])
  //? if auth
  const stranger = await signIn(other)
  assert.deepEqual((await stranger.get('/api/projects')).json(), [])
  //? else
  assert.deepEqual((await t.client(other).get('/api/projects')).json(), [])
  //? end
})

test('a title that cannot be stored is refused', async () => {
  //? if auth
  await addMember()
  const client = await signIn()
  //? else
  const client = t.client()
  //? end
  for (const body of [{}, { title: '' }, { title: 7 }, { title: 'a'.repeat(201) }]) {
    assert.equal((await client.post('/api/projects', body)).status, 400)
  }
  assert.deepEqual((await client.get('/api/projects')).json(), [])
})
//? if auth

test('without a sign-in there is no answer', async () => {
  assert.equal((await t.client().get('/api/projects')).status, 401)
  assert.equal((await t.client().post('/api/projects', { title: 'A wall' })).status, 401)
})

test('a user of one tenant is unknown at another', async () => {
  const other = await t.database.tenant()
  await addMember()
  const member = await signIn()
  //? if jwt
  const { status } = await t.client(other).post('/api/token', { email, password })
  assert.equal(status, 401)
  const answer = await t.client().post('/api/token', { email, password })
  const copied = t.client(other, { headers: { authorization: `Bearer ${answer.json().accessToken}` } })
  //? else
  const { origin } = new URL(await t.tenancy.url(other))
  const copied = t.client(other, { headers: { origin } })
  const { status } = await copied.post('/api/auth/sign-in/email', { email, password })
  assert.equal(status, 401)
  for (const [name, value] of member.cookies) copied.cookies.set(name, value)
  //? end
  assert.equal((await member.get('/api/projects')).status, 200)
  assert.equal((await copied.get('/api/projects')).status, 401)
})
//? end
