/** Operators by the central accounts of Better Auth: an account of the command line opens the console, and others do not. */
import { betterAuthMigrations, centralAuth, centralModels } from 'partywall/better-auth'
import { admin } from 'better-auth/plugins'
import { byHost, createTenancy } from 'partywall'
import { afterAll, expect, test } from 'vitest'
import { testDatabase } from '../../partywall/test/support/servers/database.ts'
import { adminsOf, console } from '../src/index.ts'
import { served, type Ask } from './asking.ts'

const { url } = await testDatabase()
const authOptions = {
  baseURL: 'https://shop.test',
  emailAndPassword: {
    enabled: true,
    // The true hash takes a tenth of a second on purpose.
    password: {
      hash: async (password: string) => `hashed ${password}`,
      verify: async ({ hash, password }: { hash: string; password: string }) => hash === `hashed ${password}`,
    },
  },
  plugins: [admin()],
  logger: { disabled: true },
}
const tenancy = createTenancy({
  database: url,
  resolve: [byHost({ base: 'shop.test' })],
  migrations: { shared: betterAuthMigrations(centralModels(authOptions)), tenant: false },
})
await tenancy.migrations.run()
await tenancy.tenants.create({ schema: 'acme' })
const central = centralAuth(tenancy, authOptions, { secret: 'a secret of the application, 32 characters at least' })
const ops = { email: 'ops@our.example', password: 'a password of ops' }
const user = { email: 'user@our.example', password: 'a password of a user' }
await central.users.create({ ...ops, admin: true })
await central.users.create(user)
afterAll(() => tenancy.close())

const ofAdmins = () => console(tenancy, { authorize: adminsOf(central) })
const own = { origin: 'http://shop.test', 'content-type': 'application/json' }
const post = (ask: Ask, path: string, body: object = {}, headers: Record<string, string> = {}) =>
  ask(path, { method: 'POST', headers: { ...own, ...headers }, body: JSON.stringify(body) })

async function signedIn(ask: Ask, who = ops): Promise<string> {
  const { status, headers } = await post(ask, '/api/sign-in', who)
  expect(status).toBe(204)
  return headers['set-cookie']!.map((line) => line.split(';')[0]).join('; ')
}

test('an administrator signs in, works, signs out; the cookie is for this site alone', async () => {
  const ask = await served(ofAdmins())
  expect((await ask('/api/session')).json).toMatchObject({ code: 'SIGN_IN_REQUIRED', signIn: 'password' })
  const answer = await post(ask, '/api/sign-in', ops)
  expect(
    answer.headers['set-cookie']!.every(
      (line) => line.endsWith('; SameSite=Strict') && /httponly/i.test(line) && !/samesite=lax/i.test(line),
    ),
  ).toBe(true)
  const cookie = await signedIn(ask)
  expect((await ask('/api/session', { headers: { cookie } })).json).toMatchObject({
    name: ops.email,
    role: 'owner',
    canSignOut: true,
  })
  // Not at the host of a tenant, whatever the cookie.
  expect((await ask('/api/session', { headers: { cookie, host: 'acme.shop.test' } })).status).toBe(404)
  expect((await post(ask, '/api/sign-out', {}, { cookie })).status).toBe(204)
  expect((await ask('/api/session', { headers: { cookie } })).status).toBe(401)
})

test('a wrong password, an unknown address and an account without the role do not enter', async () => {
  const ask = await served(ofAdmins())
  const wrong = await post(ask, '/api/sign-in', { ...ops, password: 'not this one' })
  const unknown = await post(ask, '/api/sign-in', { email: 'no@our.example', password: 'not this one' })
  expect([wrong.status, wrong.headers['set-cookie']]).toEqual([401, undefined])
  expect(unknown.body).toBe(wrong.body)
  const stranger = await post(ask, '/api/sign-in', user)
  expect([stranger.status, stranger.json.code, stranger.headers['set-cookie']]).toEqual([403, 'NOT_AN_OPERATOR', undefined])
  // A session that the application has made for the same account is none here either.
  const { headers } = (await central.call((api) => api.signInEmail({ body: user, asResponse: true }))) as unknown as Response
  const cookie = headers
    .getSetCookie()
    .map((line) => line.split(';')[0])
    .join('; ')
  expect((await ask('/api/session', { headers: { cookie } })).status).toBe(401)
  // Neither a page of another site nor an empty form signs in.
  expect((await post(ask, '/api/sign-in', ops, { origin: 'http://evil.example' })).status).toBe(403)
  expect((await post(ask, '/api/sign-in', { email: { $ne: '' }, password: 'x' })).status).toBe(422)
})

test('passwords cannot be tried without an end', async () => {
  const ask = await served(ofAdmins())
  const statuses: (number | undefined)[] = []
  for (let number = 0; number < 7; number++)
    statuses.push((await post(ask, '/api/sign-in', { ...user, password: `guess ${number}` })).status)
  expect(statuses).toEqual([401, 401, 401, 401, 401, 429, 429])
  expect((await post(ask, '/api/sign-in', user)).status).toBe(429)
  expect((await post(ask, '/api/sign-in', ops)).status).toBe(204)
})

test('passwords that are tried at the same moment are counted, too', async () => {
  const ask = await served(ofAdmins())
  const guesses = Array.from({ length: 20 }, (_, number) => post(ask, '/api/sign-in', { ...user, password: `guess ${number}` }))
  const statuses = (await Promise.all(guesses)).map(({ status }) => status)
  expect(statuses.filter((status) => status === 401).length).toBe(5)
  expect(statuses.filter((status) => status === 429).length).toBe(15)
})

test('an owner makes and disables operators, who are out with their next request', async () => {
  const ask = await served(ofAdmins())
  const cookie = await signedIn(ask)
  const second = { email: 'second@our.example', password: 'a password of second' }
  expect((await post(ask, '/api/operators', second, { cookie })).status).toBe(201)
  expect((await post(ask, '/api/operators', second, { cookie })).json.code).toBe('USER_EXISTS')
  const theirs = await signedIn(ask, second)
  expect((await ask('/api/session', { headers: { cookie: theirs } })).status).toBe(200)
  const { json } = await ask('/api/operators', { headers: { cookie } })
  expect(json.accounts.map(({ email, role, isDisabled }: any) => [email, role, isDisabled])).toEqual([
    ['ops@our.example', 'owner', false],
    ['second@our.example', 'owner', false],
  ])
  expect(json.accounts[1].signedInAt).toMatch(/^\d{4}-/)
  expect(JSON.stringify(json)).not.toMatch(/hashed|password|token/)
  expect((await post(ask, '/api/operators/disable', { email: ops.email }, { cookie })).json.code).toBe('OWN_ACCOUNT')
  // An account that is no operator is not changed here.
  expect((await post(ask, '/api/operators/disable', { email: user.email }, { cookie })).status).toBe(404)
  expect((await post(ask, '/api/operators/disable', { email: second.email }, { cookie })).status).toBe(204)
  expect((await ask('/api/session', { headers: { cookie: theirs } })).status).toBe(401)
  expect((await post(ask, '/api/sign-in', second)).status).toBe(401)
  expect((await post(ask, '/api/operators/enable', { email: second.email }, { cookie })).status).toBe(204)
  await signedIn(ask, second)
  const entries = await tenancy.audit.list({ action: 'user' })
  expect(entries.slice(0, 3).map(({ action, actor }) => [action, actor])).toEqual([
    ['user.enabled', json.accounts[0].id],
    ['user.disabled', json.accounts[0].id],
    ['user.created', json.accounts[0].id],
  ])
})

test('roles of Better Auth map to roles of the console, and a role that was taken ends at once', async () => {
  const ask = await served(console(tenancy, { authorize: adminsOf(central, { roles: { admin: 'owner', support: 'viewer' } }) }))
  const cookie = await signedIn(ask)
  const { id } = await central.users.create({ email: 'support@our.example', password: 'a password of support' })
  const setRole = (role: string) =>
    central.call((api: any) => api.setRole({ body: { userId: id, role }, headers: new Headers({ cookie: cookie }) }))
  await tenancy.sharedPool.query(`update central_user set role = 'support' where id = $1`, [id])
  const theirs = await signedIn(ask, { email: 'support@our.example', password: 'a password of support' })
  expect((await ask('/api/session', { headers: { cookie: theirs } })).json.role).toBe('viewer')
  const list = await ask('/api/operators', { headers: { cookie: theirs } })
  expect([list.status, list.json.source, list.json.accounts]).toEqual([200, 'accounts', undefined])
  expect(
    (await post(ask, '/api/operators', { email: 'x@our.example', password: 'long enough' }, { cookie: theirs })).status,
  ).toBe(403)
  await setRole('user')
  expect((await ask('/api/session', { headers: { cookie: theirs } })).status).toBe(401)
})

test('what is not the result of centralAuth is refused', () => {
  expect(() => adminsOf({} as typeof central)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
  expect(() => adminsOf(central, { roles: { admin: 'god' as 'owner' } })).toThrow(
    expect.objectContaining({ code: 'INVALID_OPTION' }),
  )
})
