/** The users of two tenants on each route and under each boundary: with one server connection behind PgBouncer, and with a role for each tenant. */
import { betterAuth, type BetterAuthOptions } from 'better-auth'
import { expect, test } from 'vitest'
import { betterAuthMigrations, tenantAuth } from '../../src/auth/better-auth/better-auth.ts'
import { byHost, createTenancy } from '../../src/index.ts'
import { isByRole } from '../support/servers/boundary.ts'
import { testDatabase } from '../support/servers/database.ts'
import { ownRoute } from '../support/servers/route.ts'
import { leastPrivilege } from '../support/tenants/least-privilege.ts'

const options: BetterAuthOptions = {
  emailAndPassword: { enabled: true },
  user: { deleteUser: { enabled: true } },
  logger: { disabled: true },
}
const secret = 'a secret of the application, 32 characters at least'
const { directUrl } = await testDatabase()
const { url } = await ownRoute(directUrl)
const logins = isByRole ? await leastPrivilege(directUrl, url) : undefined
const tenancy = createTenancy({
  ...(logins === undefined
    ? { database: url }
    : { database: { connectionString: logins.app, deploy: logins.deploy }, boundary: 'role' as const }),
  migrations: { shared: false, tenant: betterAuthMigrations(options) },
  resolve: [byHost({ base: 'our.example' })],
})
for (const schema of ['acme', 'globex']) await tenancy.tenants.create({ schema })
const auth = tenantAuth(tenancy, () => options, { secret })
const email = 'ann@example.com'
const passwords = { acme: 'a password of acme', globex: 'a password of globex' }
const at = (tenant: string, path: string, body?: object, cookie = ''): Promise<Response> =>
  tenancy.run(tenant, () =>
    auth.handler(
      new Request(`https://${tenant}.our.example/api/auth${path}`, {
        method: body === undefined ? 'GET' : 'POST',
        headers: { cookie, origin: `https://${tenant}.our.example`, 'content-type': 'application/json' },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      }),
    ),
  )
const cookieOf = (answer: Response): string =>
  answer.headers
    .getSetCookie()
    .map((line) => line.split(';')[0])
    .join('; ')

test('register, sign in, change the password, sign out and delete themselves, at once and apart', async () => {
  const tenants = ['acme', 'globex'] as const
  await Promise.all(
    tenants.map(async (tenant) => {
      const password = passwords[tenant]
      expect((await at(tenant, '/sign-up/email', { name: tenant, email, password })).status).toBe(200)
    }),
  )
  for (const [tenant, sibling] of [
    ['acme', 'globex'],
    ['globex', 'acme'],
  ] as const) {
    expect((await at(tenant, '/sign-in/email', { email, password: passwords[sibling] })).status).toBe(401)
    const cookie = cookieOf(await at(tenant, '/sign-in/email', { email, password: passwords[tenant] }))
    expect(await (await at(tenant, '/get-session', undefined, cookie)).json()).toMatchObject({ user: { name: tenant } })
    expect(await (await at(sibling, '/get-session', undefined, cookie)).json()).toBeNull()
    const change = { currentPassword: passwords[tenant], newPassword: `another ${tenant}` }
    expect((await at(tenant, '/change-password', change, cookie)).status).toBe(200)
    expect((await at(tenant, '/sign-out', {}, cookie)).status).toBe(200)
    const again = cookieOf(await at(tenant, '/sign-in/email', { email, password: `another ${tenant}` }))
    expect((await at(tenant, '/delete-user', { password: `another ${tenant}` }, again)).status).toBe(200)
    expect((await at(tenant, '/sign-in/email', { email, password: `another ${tenant}` })).status).toBe(401)
  }
})

test('a naive instance with cookieCache takes the cookie of a sibling here, too', async () => {
  const one = betterAuth({
    ...options,
    baseURL: { allowedHosts: ['*.our.example'] },
    secret,
    database: tenancy.pool,
    session: { cookieCache: { enabled: true } },
  })
  const headers = new Headers({ host: 'acme.our.example' })
  const body = { name: 'Eve', email: 'eve@example.com', password: 'a password of Eve' }
  const { headers: given } = await tenancy.run('acme', () => one.api.signUpEmail({ body, headers, returnHeaders: true }))
  const sent = new Headers({
    host: 'globex.our.example',
    cookie: given
      .getSetCookie()
      .map((line) => line.split(';')[0])
      .join('; '),
  })
  expect(await tenancy.run('globex', () => one.api.getSession({ headers: sent }))).toMatchObject({ user: { email: body.email } })
})
