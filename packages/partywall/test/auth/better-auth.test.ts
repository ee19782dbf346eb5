/**
 * Sign-in with Better Auth over real HTTP. Most tests first show what goes wrong with one instance for all tenants, on the same database, and then that it does not with `tenantAuth`.
 */
import { betterAuth, type BetterAuthOptions } from 'better-auth'
import { toNodeHandler } from 'better-auth/node'
import { jwt } from 'better-auth/plugins'
import express, { type RequestHandler } from 'express'
import { describe, expect, test } from 'vitest'
import { betterAuthMigrations, centralAuth, centralModels, tenantAuth } from '../../src/auth/better-auth/better-auth.ts'
import { requireMember, tenancyErrors, tenantScope } from '../../src/http/express.ts'
import { byHost, createTenancy } from '../../src/index.ts'
import { listen, type Sent } from '../http/listen.ts'
import { testDatabase } from '../support/servers/database.ts'

const secret = 'a secret of the application, 32 characters at least'
const base: BetterAuthOptions = {
  // The hash of Better Auth takes a tenth of a second on purpose. What is tested here is who reads which row.
  emailAndPassword: {
    enabled: true,
    password: {
      hash: async (password) => `hashed ${password}`,
      verify: async ({ hash, password }) => hash === `hashed ${password}`,
    },
    sendResetPassword: async ({ url, token }) => void mails.push({ url, token }),
  },
  user: { deleteUser: { enabled: true } },
  logger: { disabled: true },
  // Better Auth looks at no origin where it finds that tests run.
  advanced: { disableOriginCheck: false },
}
const mails: { url: string; token: string }[] = []
const centralOptions: BetterAuthOptions = { ...base, baseURL: 'https://our.example' }

const { url } = await testDatabase()
const tenancy = createTenancy({
  database: url,
  migrations: { shared: betterAuthMigrations(centralModels(centralOptions)), tenant: betterAuthMigrations(base) },
  resolve: [byHost({ base: 'our.example' })],
})
await tenancy.migrations.run()
const acme = await tenancy.tenants.create({ schema: 'acme' })
const globex = await tenancy.tenants.create({ schema: 'globex', domains: ['globex.com', 'www.globex.org'] })

const auth = tenantAuth(tenancy, () => base, { secret })
const central = centralAuth(tenancy, centralOptions, { secret })

/** What a developer writes first: one instance on the pool, whose tables follow the scope. */
function naive(options: BetterAuthOptions = {}) {
  return betterAuth({
    ...base,
    baseURL: { allowedHosts: ['*.our.example', 'globex.com'] },
    secret,
    database: tenancy.pool,
    ...options,
  })
}

function appWith(handler: RequestHandler, more?: (app: express.Express) => void): express.Express {
  const app = express()
  app.use(tenantScope(tenancy, { user: auth.userOf }))
  more?.(app)
  app.all('/api/auth/{*path}', handler)
  app.use(tenancyErrors())
  return app.use(((_error, _req, res, _next) => void res.sendStatus(500)) as express.ErrorRequestHandler)
}

interface Answer {
  readonly status: number
  readonly text: string
  readonly json: any
  readonly cookie: string
}

const host = (tenant: string): string => (tenant.includes('.') ? tenant : `${tenant}.our.example`)

/** A client of an app: `post('acme', …)` is the page of acme that posts to acme's host. */
async function client(app: express.Express, path = '/api/auth') {
  const { send } = await listen(app)
  const ask = async (sent: Sent): Promise<Answer> => {
    const { status, text, json, headers } = await send(sent)
    return { status, text, json, cookie: (headers['set-cookie'] ?? []).map((line) => line.split(';')[0]).join('; ') }
  }
  return {
    get: (tenant: string, to: string, cookie = '') => ask({ host: host(tenant), path: `${path}${to}`, headers: { cookie } }),
    post: (tenant: string, to: string, body: object, { cookie = '', origin = `https://${host(tenant)}` } = {}) =>
      ask({
        host: host(tenant),
        path: `${path}${to}`,
        method: 'POST',
        headers: { cookie, origin, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
  }
}
type Client = Awaited<ReturnType<typeof client>>

const ours = appWith(auth.node)
let number = 0
function person(password = 'a password of acme'): { name: string; email: string; password: string } {
  return { name: 'Ann', email: `ann${++number}@example.com`, password }
}

async function signedUp(from: Client, tenant: string, who = person()) {
  const answer = await from.post(tenant, '/sign-up/email', who)
  expect([answer.status, answer.text]).toEqual([200, expect.any(String)])
  return { ...who, cookie: answer.cookie, id: answer.json.user.id as string }
}

describe('the users of each tenant', () => {
  test('sign up, in, out, change and reset a password, and delete themselves, at the host of the tenant', async () => {
    const to = await client(ours)
    const ann = await signedUp(to, 'acme')
    expect((await to.get('acme', '/get-session', ann.cookie)).json.user).toMatchObject({ email: ann.email })
    const changed = await to.post(
      'acme',
      '/change-password',
      { currentPassword: ann.password, newPassword: 'another password' },
      ann,
    )
    expect(changed.status).toBe(200)
    expect((await to.post('acme', '/sign-in/email', ann)).status).toBe(401)
    expect((await to.post('acme', '/sign-in/email', { ...ann, password: 'another password' })).status).toBe(200)

    expect((await to.post('acme', '/request-password-reset', { email: ann.email })).status).toBe(200)
    const { token, url: link } = mails.pop()!
    expect(new URL(link).host).toBe('acme.our.example')
    // The mail of acme resets nothing at globex.
    expect((await to.post('globex', '/reset-password', { token, newPassword: 'taken over' })).status).toBe(400)
    expect((await to.post('acme', '/reset-password', { token, newPassword: 'the third password' })).status).toBe(200)
    expect((await to.post('acme', '/reset-password', { token, newPassword: 'once more' })).status).toBe(400)

    const { cookie } = await to.post('acme', '/sign-in/email', { ...ann, password: 'the third password' })
    expect((await to.post('acme', '/sign-out', {}, { cookie })).status).toBe(200)
    expect((await to.get('acme', '/get-session', cookie)).json).toBeNull()
    const again = await to.post('acme', '/sign-in/email', { ...ann, password: 'the third password' })
    expect((await to.post('acme', '/delete-user', { password: 'the third password' }, again)).status).toBe(200)
    expect((await to.post('acme', '/sign-in/email', { ...ann, password: 'the third password' })).status).toBe(401)
  })

  test('may have one address at two tenants, with two passwords; at another tenant a user is unknown, byte for byte', async () => {
    const to = await client(ours)
    const ann = await signedUp(to, 'acme')
    const { name, email, password } = ann
    expect(await to.post('globex.com', '/sign-in/email', { email, password })).toEqual(
      await to.post('globex.com', '/sign-in/email', { email: 'unknown@example.com', password }),
    )
    await signedUp(to, 'globex.com', { name, email, password: 'a password of globex' })
    for (const [tenant, right, wrong] of [
      ['acme', password, 'a password of globex'],
      ['globex.com', 'a password of globex', password],
    ] as const) {
      expect((await to.post(tenant, '/sign-in/email', { email, password: right })).status).toBe(200)
      expect((await to.post(tenant, '/sign-in/email', { email, password: wrong })).status).toBe(401)
    }
  })

  test('pass requireMember with their session, as members of their tenant alone', async () => {
    const app = appWith(auth.node, (routes) =>
      routes.get('/api/auth/own/rows', requireMember(), (_req, res) => void res.json('rows')),
    )
    const to = await client(app)
    const ann = await signedUp(to, 'acme')
    await tenancy.members.add('acme', ann.id)
    // With equal ids at both: the session decides, not the id.
    await tenancy.members.add('globex', ann.id)
    expect((await to.get('acme', '/own/rows', ann.cookie)).status).toBe(200)
    expect((await to.get('globex', '/own/rows', ann.cookie)).status).toBe(401)
    expect((await to.get('acme', '/own/rows')).status).toBe(401)
  })
})

describe('trap 3, instances in one process', () => {
  test('a central user who signs in inside a handler of a tenant is read from the central tables', async () => {
    const password = 'a password of the operator'
    const both = person(password)
    await central.call((api) => api.signUpEmail({ body: both }))
    const naiveCentral = betterAuth({
      ...centralModels(centralOptions),
      secret,
      database: tenancy.sharedPool,
    } as BetterAuthOptions)
    const intruder = person('a password of a user of acme')
    const inside = async (ask: () => Promise<unknown>): Promise<unknown> => {
      let seen: unknown
      const outer = tenantAuth(
        tenancy,
        () => ({
          ...base,
          databaseHooks: { session: { create: { before: async () => void (seen = await ask().catch(String)) } } },
        }),
        { secret },
      )
      const to = await client(appWith(outer.node))
      // The first signs up, and the second may exist already.
      await to.post('acme', '/sign-up/email', intruder)
      await to.post('acme', '/sign-in/email', intruder)
      return seen
    }
    // The user of acme is no central user, and signs in as one.
    const { email } = intruder
    const body = { email, password: intruder.password }
    expect(await inside(() => naiveCentral.api.signInEmail({ body }))).toMatchObject({ user: { email } })
    expect(await inside(() => central.call((api) => api.signInEmail({ body })))).toMatch(/Invalid email or password/)
    expect(await inside(() => central.call((api) => api.signInEmail({ body: { email: both.email, password } })))).toMatchObject({
      user: { email: both.email },
    })
  })
})

describe('the session of a tenant at its sibling', () => {
  const storages: [string, () => BetterAuthOptions][] = [
    ['trap 1, cookieCache', () => ({ session: { cookieCache: { enabled: true, maxAge: 300 } } })],
    ['trap 2, secondaryStorage', () => ({ secondaryStorage: memoryStorage() })],
  ]
  test.each(storages)('%s: is a session with one instance, and none with ours', async (_name, options) => {
    const one = naive(options())
    const wrong = await client(appWith((req, res) => void toNodeHandler(one)(req, res)))
    const fooled = await signedUp(wrong, 'acme')
    expect((await wrong.get('globex.com', '/get-session', fooled.cookie)).json?.user).toMatchObject({ email: fooled.email })

    const shared = options()
    const instances = tenantAuth(tenancy, () => ({ ...base, ...shared }), { secret })
    const to = await client(appWith(instances.node))
    const ann = await signedUp(to, 'acme')
    expect((await to.get('acme', '/get-session', ann.cookie)).json.user).toMatchObject({ email: ann.email })
    expect((await to.get('globex.com', '/get-session', ann.cookie)).json).toBeNull()
  })
})

test('trap 4, a tenant without its tables: the central tables have other names, so a sign-up fails and writes nothing', async () => {
  const bare = await tenancy.tenants.create({ schema: 'bare' })
  await tenancy.run(bare, () => tenancy.pool.query('drop table account, session, verification, "user"'))
  const to = await client(ours)
  expect((await to.post('bare', '/sign-up/email', person())).status).toBe(500)
  const { rows } = await tenancy.sharedPool.query(
    `select table_name from information_schema.tables where table_schema = 'public' and table_name ~ 'user'`,
  )
  expect(rows).toEqual([{ table_name: 'central_user' }])
})

test('trap 5, the page of a sibling: is trusted with one instance for a pattern of hosts, and answers 403 with ours', async () => {
  const one = naive()
  const wrong = await client(appWith((req, res) => void toNodeHandler(one)(req, res)))
  const fooled = await signedUp(wrong, 'acme')
  const fromSibling = { origin: 'https://bare.our.example' }
  expect((await wrong.post('acme', '/sign-out', {}, { ...fooled, ...fromSibling })).status).toBe(200)

  const to = await client(ours)
  const ann = await signedUp(to, 'acme')
  const origins = ['https://bare.our.example', 'https://globex.com', 'https://evil.example', 'http://acme.our.example', 'null']
  for (const origin of origins)
    expect([origin, (await to.post('acme', '/sign-out', {}, { ...ann, origin })).status]).toEqual([origin, 403])
  expect((await to.post('acme', '/sign-out', {}, ann)).status).toBe(200)
})

test('trap 8, several hosts of one tenant: each of them may sign in', async () => {
  const to = await client(ours)
  for (const at of ['globex.com', 'www.globex.org', 'globex']) await signedUp(to, at)
})

test('trap 16, rate limits in memory: what is spent at one tenant is not missing at another', async () => {
  const rateLimit = { enabled: true, window: 60, max: 2, customRules: { '/sign-in/*': { window: 60, max: 2 } } } as const
  const advanced = { ipAddress: { ipAddressHeaders: ['x-real-ip'] } }
  const limited = tenantAuth(tenancy, () => ({ ...base, rateLimit, advanced }), { secret })
  const app = express().use((req, _res, next) => {
    req.headers['x-real-ip'] = '192.0.2.1'
    next()
  })
  const to = await client(app.use(appWith(limited.node)))
  const statuses = async (tenant: string): Promise<number[]> => {
    const all: number[] = []
    for (let n = 0; n < 3; n++) all.push((await to.post(tenant, '/sign-in/email', person())).status)
    return all
  }
  expect(await statuses('acme')).toEqual([401, 401, 429])
  expect(await statuses('globex.com')).toEqual([401, 401, 429])
})

const withTokens = (tenant: { id: string }): BetterAuthOptions => ({ ...base, plugins: [jwt({ jwt: { audience: tenant.id } })] })

test('trap 19, a new secret: what was encrypted under the old one is read until it is taken out', async () => {
  const keyed = await tenancy.tenants.create({ schema: 'keyed' })
  await tenancy.run(keyed, () =>
    tenancy.pool.query(
      `create table jwks (id text primary key, "publicKey" text not null, "privateKey" text not null, "createdAt" timestamptz not null, "expiresAt" timestamptz, alg text, crv text)`,
    ),
  )
  const next = 'another secret of the application, which is the newer one'
  const token = async (secrets: readonly string[]): Promise<string> => {
    const own = tenantAuth(tenancy, withTokens, { secrets })
    return tenancy.run(keyed, () =>
      own.call((api) =>
        (api as any).signJWT({ body: { payload: { sub: '1' } } }).then(({ token: text }: { token: string }) => text),
      ),
    )
  }
  const [, payload] = (await token([secret])).split('.')
  expect(JSON.parse(Buffer.from(payload!, 'base64url').toString())).toMatchObject({ aud: keyed.id })
  expect(await token([next, secret])).toMatch(/\./)
  await expect(token([next])).rejects.toThrow(/decrypt|secret/i)
})

describe('options with which tenants would share sessions are refused', () => {
  test.each<[string, BetterAuthOptions]>([
    ['trap 12, crossSubDomainCookies', { advanced: { crossSubDomainCookies: { enabled: true } } }],
    ['trap 12, by a domain', { advanced: { defaultCookieAttributes: { domain: 'our.example' } } }],
    ['trap 5, a pattern of hosts', { baseURL: { allowedHosts: ['*.our.example'] } }],
    ['trap 5, a pattern of origins', { trustedOrigins: ['https://*.our.example'] }],
    ['trap 10, the audience of tokens', { plugins: [jwt()] }],
    ['the secret of all', { secret }],
  ])('%s', async (_name, options) => {
    const wrong = tenantAuth(tenancy, () => ({ ...base, ...options }), { secret })
    await expect(tenancy.run(acme, () => wrong.call((api) => api.ok()))).rejects.toMatchObject({ code: 'INVALID_OPTION' })
  })

  test('and so is a call outside of a tenant', async () => {
    await expect(auth.call((api) => api.ok())).rejects.toMatchObject({ code: 'NO_TENANT' })
    expect(() => tenantAuth(tenancy, () => base, { secret: 'short' })).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION' }),
    )
  })
})

test('an instance is made once for a tenant, and again when the tenant or its domains have changed', async () => {
  const made: string[] = []
  const counted = tenantAuth(tenancy, (tenant) => (made.push(tenant.name), base), { secret, maxInstances: 2 })
  const use = (): Promise<unknown> => tenancy.run({ id: globex.id }, () => counted.call((api) => api.ok()))
  await Promise.all([use(), use(), use()])
  expect(made).toHaveLength(1)
  await tenancy.tenants.update('globex', { name: 'Globex Inc.' })
  await use()
  expect(made.at(-1)).toBe('Globex Inc.')
  await tenancy.domains.add('globex', 'new.globex.com')
  await use()
  expect(made).toHaveLength(3)
})

function memoryStorage(): NonNullable<BetterAuthOptions['secondaryStorage']> {
  const values = new Map<string, string>()
  return {
    get: (key) => values.get(key) ?? null,
    set: (key, value) => void values.set(key, value),
    delete: (key) => void values.delete(key),
    getAndDelete: (key) => {
      const value = values.get(key) ?? null
      values.delete(key)
      return value
    },
    increment: (key) => {
      const count = Number(values.get(key) ?? 0) + 1
      values.set(key, String(count))
      return count
    },
  }
}
