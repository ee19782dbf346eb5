/**
 * Sign-in with Better Auth over real HTTP. Most tests first show what goes wrong with one instance for all tenants, on the same database, and then that it does not with `tenantAuth`.
 */
import { betterAuth, type BetterAuthOptions } from 'better-auth'
import { toNodeHandler } from 'better-auth/node'
import { memoryAdapter } from 'better-auth/adapters/memory'
import { admin, jwt, organization } from 'better-auth/plugins'
import express, { type RequestHandler } from 'express'
import { createLocalJWKSet, decodeJwt, jwtVerify } from 'jose'
import { describe, expect, test, vi } from 'vitest'
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
  // Better Auth looks at no origin where it finds that tests run. Ours does without this, and a naive one does not.
  advanced: { disableOriginCheck: false },
}
const mails: { readonly url: string; readonly token: string }[] = []
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
  readonly setCookie: readonly string[]
}

/** Without the cookies that an answer takes away. */
const kept = (setCookie: readonly string[]): string =>
  setCookie
    .filter((line) => !/max-age=0/i.test(line))
    .map((line) => line.split(';')[0])
    .join('; ')

const host = (tenant: string): string => (tenant.includes('.') ? tenant : `${tenant}.our.example`)

/** A client of an app: `post('acme', …)` is the page of acme that posts to acme's host. */
async function client(app: express.Express, path = '/api/auth') {
  const { send } = await listen(app)
  const ask = async (sent: Sent): Promise<Answer> => {
    const { status, text, json, headers } = await send(sent)
    const setCookie = headers['set-cookie'] ?? []
    return { status, text, json, setCookie, cookie: kept(setCookie) }
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

async function signedUp(from: Client, tenant: string, who = person(), origin = `https://${host(tenant)}`) {
  const answer = await from.post(tenant, '/sign-up/email', who, { origin })
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

  test('activate their account by a link to the host of the tenant, before they can sign in', async () => {
    const verified = tenantAuth(
      tenancy,
      () => ({
        ...base,
        emailAndPassword: { ...base.emailAndPassword!, requireEmailVerification: true },
        emailVerification: { sendOnSignUp: true, sendVerificationEmail: async (mail) => void mails.push(mail) },
      }),
      { secret },
    )
    const to = await client(appWith(verified.node))
    const ann = person()
    const registered = await to.post('acme', '/sign-up/email', ann)
    expect([registered.status, registered.json.token, registered.cookie]).toEqual([200, null, ''])
    const link = new URL(mails.pop()!.url)
    expect(link.host).toBe('acme.our.example')
    expect((await to.post('acme', '/sign-in/email', ann)).status).toBe(403)
    // The mail of acme activates nothing at globex, where the address is registered, too.
    await to.post('globex.com', '/sign-up/email', ann)
    const path = link.pathname.replace('/api/auth', '') + link.search.replace(/&callbackURL=.*/, '')
    expect((await to.get('globex.com', path)).status).not.toBe(200)
    expect((await to.post('globex.com', '/sign-in/email', ann)).status).toBe(403)
    expect((await to.get('acme', path)).status).toBe(200)

    const { status, cookie } = await to.post('acme', '/sign-in/email', ann)
    expect(status).toBe(200)
    expect((await to.get('acme', '/get-session', cookie)).json.user).toMatchObject({ email: ann.email, emailVerified: true })
    expect((await to.post('acme', '/sign-out', {}, { cookie })).status).toBe(200)
    expect((await to.get('acme', '/get-session', cookie)).json).toBeNull()
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

test('trap 4, a tenant without its tables: with equal names a sign-up goes to the shared ones; with ours the central tables have other names, so a sign-up fails and writes nothing', async () => {
  const { url: second } = await testDatabase()
  const same = createTenancy({
    database: second,
    migrations: { shared: betterAuthMigrations(base), tenant: false },
    resolve: [byHost({ base: 'our.example' })],
  })
  await same.migrations.run()
  const without = await same.tenants.create({ schema: 'without' })
  const one = betterAuth({ ...base, baseURL: 'https://without.our.example', secret, database: same.pool })
  await same.run(without, () => one.api.signUpEmail({ body: person() }))
  // The user of a tenant is a user of the shared schema, so of all tenants without these tables.
  expect((await same.sharedPool.query('select from public."user"')).rowCount).toBe(1)
  await same.close()

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

/** As the page of a sibling sets it: with Domain=our.example. Browsers take no such cookie whose name begins with __Host-. */
const tossed = (cookie: string): string => cookie.replaceAll('__Host-', '__Secure-')

test('a cookie that the page of a sibling has set for all hosts: is a session with one instance, and none with ours', async () => {
  const one = naive()
  const wrong = await client(appWith((req, res) => void toNodeHandler(one)(req, res)))
  const attacker = await signedUp(wrong, 'acme')
  expect((await wrong.get('acme', '/get-session', tossed(attacker.cookie))).json?.user.id).toBe(attacker.id)

  const to = await client(ours)
  const ann = await signedUp(to, 'acme')
  expect(ann.cookie).toMatch(/^__Host-better-auth\.session_token=/)
  expect((await to.get('acme', '/get-session', tossed(ann.cookie))).json).toBeNull()
  // Names and prefixes of the application keep theirs behind it; a path or a plain address cannot have it.
  const names = async (advanced: BetterAuthOptions['advanced'], baseURL?: string): Promise<string> => {
    const own = tenantAuth(tenancy, () => ({ ...base, advanced, ...(baseURL !== undefined && { baseURL }) }), { secret })
    return (await signedUp(await client(appWith(own.node)), 'acme', person())).cookie.split('=', 1)[0]!
  }
  expect(await names({ cookiePrefix: 'app' })).toBe('__Host-app.session_token')
  expect(await names({ cookies: { session_token: { name: 'sid' } } })).toBe('__Host-sid')
  expect(await names({ defaultCookieAttributes: { path: '/api' } })).toBe('__Secure-better-auth.session_token')
})

test('trap 8, several hosts: a fixed address names one host in all mails and refuses the others; with ours each host may sign in', async () => {
  const one = naive({ baseURL: 'https://our.example' })
  const wrong = await client(appWith((req, res) => void toNodeHandler(one)(req, res)))
  const { email } = await signedUp(wrong, 'acme', person(), 'https://our.example')
  expect((await wrong.post('acme', '/sign-up/email', person())).status).toBe(403)
  await wrong.post('acme', '/request-password-reset', { email }, { origin: 'https://our.example' })
  expect(new URL(mails.pop()!.url).host).toBe('our.example')

  const to = await client(ours)
  for (const at of ['globex.com', 'www.globex.org', 'globex']) {
    const ann = await signedUp(to, at)
    await to.post(at, '/request-password-reset', { email: ann.email })
    expect(new URL(mails.pop()!.url).host).toBe('globex.com')
  }
})

test('trap 16, rate limits in memory: what is spent at one tenant is missing at another with one instance, and not with ours', async () => {
  const rateLimit = { enabled: true, window: 60, max: 2, customRules: { '/sign-in/*': { window: 60, max: 2 } } } as const
  const advanced = { ipAddress: { ipAddressHeaders: ['x-real-ip'] } }
  const limited = tenantAuth(tenancy, () => ({ ...base, rateLimit, advanced }), { secret })
  const one = naive({ rateLimit, advanced: { ...base.advanced, ...advanced } })
  const wrong = await fromOneAddress((req, res) => void toNodeHandler(one)(req, res))
  expect(await statuses('acme', wrong)).toEqual([401, 401, 429])
  expect(await statuses('globex.com', wrong)).toEqual([429, 429, 429])

  const to = await fromOneAddress(limited.node)
  expect(await statuses('acme', to)).toEqual([401, 401, 429])
  expect(await statuses('globex.com', to)).toEqual([401, 401, 429])
})

const withTokens = (tenant: { id: string }): BetterAuthOptions => ({
  ...base,
  plugins: [jwt({ jwt: { audience: tenant.id, definePayload: ({ user }) => ({ id: user.id }) } })],
})

async function tenantWithKeys(schema: string, domains: readonly string[] = []) {
  const tenant = await tenancy.tenants.create({ schema, domains: [...domains] })
  await tenancy.run(tenant, () =>
    tenancy.pool.query(
      `create table jwks (id text primary key, "publicKey" text not null, "privateKey" text not null, "createdAt" timestamptz not null, "expiresAt" timestamptz, alg text, crv text)`,
    ),
  )
  return tenant
}

test('traps 10 and 11, tokens: are for one host and hold the whole user by default; with ours for the tenant, and hold what you say', async () => {
  const [first, second] = ['keys.com', 'www.keys.org']
  const tenant = await tenantWithKeys('keys', [first, second])
  const sibling = await tenantWithKeys('other_keys')
  const tokens = async (by: Client) => {
    const who = await signedUp(by, first)
    const { cookie } = await by.post(second, '/sign-in/email', who)
    const given = await Promise.all([by.get(first, '/token', who.cookie), by.get(second, '/token', cookie)])
    const keys = createLocalJWKSet((await by.get(first, '/jwks')).json)
    return { who, keys, given: given.map(({ json }) => json.token as string) }
  }
  const one = naive({ plugins: [jwt()], baseURL: { allowedHosts: [first, second], protocol: 'https' } })
  const wrong = await tokens(await client(appWith((req, res) => void toNodeHandler(one)(req, res))))
  expect(decodeJwt(wrong.given[0]!)).toMatchObject({ aud: `https://${first}`, email: wrong.who.email, name: 'Ann' })
  await expect(jwtVerify(wrong.given[0]!, wrong.keys, { audience: `https://${second}` })).rejects.toThrow(/"aud"/)

  await tenancy.run(tenant, () => tenancy.pool.query('delete from jwks'))
  const to = await client(appWith(tenantAuth(tenancy, withTokens, { secret }).node))
  const right = await tokens(to)
  for (const token of right.given) {
    const { payload } = await jwtVerify(token, right.keys, { audience: tenant.id })
    expect(Object.keys(payload).toSorted()).toEqual(['aud', 'exp', 'iat', 'id', 'iss', 'sub'])
  }
  await signedUp(to, 'other_keys')
  const keysOfSibling = createLocalJWKSet((await to.get('other_keys', '/jwks')).json)
  await expect(jwtVerify(right.given[0]!, keysOfSibling)).rejects.toThrow(/no applicable key/)
  await expect(jwtVerify(right.given[0]!, right.keys, { audience: sibling.id })).rejects.toThrow(/"aud"/)
})

test('trap 19, a new secret: ends all keys by default; with ours what was encrypted under the old one is read until it is taken out', async () => {
  const next = 'another secret of the application, which is the newer one'
  const lost = await tenantWithKeys('lost')
  const signNaively = (by: string) => {
    const one = naive({ plugins: [jwt()], baseURL: 'https://lost.our.example', secret: by })
    return tenancy.run(lost, () => sign(one.api))
  }
  expect(await signNaively(secret)).toMatch(/\./)
  await expect(signNaively(next)).rejects.toThrow(/decrypt|secret/i)

  const keyed = await tenantWithKeys('keyed')
  const token = (secrets: readonly string[]): Promise<string> =>
    tenancy.run(keyed, () => tenantAuth(tenancy, withTokens, { secrets }).call(sign))
  expect(decodeJwt(await token([secret]))).toMatchObject({ aud: keyed.id })
  expect(await token([next, secret])).toMatch(/\./)
  await expect(token([next])).rejects.toThrow(/decrypt|secret/i)
})

describe('options with which tenants would share sessions are refused', () => {
  test.each<[string, BetterAuthOptions]>([
    ['trap 12, crossSubDomainCookies', { advanced: { crossSubDomainCookies: { enabled: true } } }],
    ['trap 12, by a domain', { advanced: { defaultCookieAttributes: { domain: 'our.example' } } }],
    ['trap 5, a pattern of hosts', { baseURL: { allowedHosts: ['*.our.example'] } }],
    ['trap 5, a pattern of origins', { trustedOrigins: ['https://*.our.example'] }],
    ['trap 12, by one cookie', { advanced: { cookies: { session_token: { attributes: { domain: 'our.example' } } } } }],
    ['trap 10, the audience of tokens', { plugins: [jwt()] }],
    ['trap 11, what tokens hold', { plugins: [jwt({ jwt: { audience: acme.id } })] }],
    ['no check of origins', { advanced: { disableOriginCheck: true } }],
    ['no check of origins at some paths', { advanced: { disableOriginCheck: ['/sign-in'] as never } }],
    ['no check of forged requests', { advanced: { disableCSRFCheck: true } }],
    ['no check of the browser that began', { account: { skipStateCookieCheck: true } }],
    ['the secret of all', { secret }],
  ])('%s', async (_name, options) => {
    const wrong = tenantAuth(tenancy, () => ({ ...base, ...options }), { secret })
    await expect(tenancy.run(acme, () => wrong.call((api) => api.ok()))).rejects.toMatchObject({ code: 'INVALID_OPTION' })
  })

  test('and so are most of them for central accounts, and a pattern of origins in the environment', async () => {
    for (const advanced of [
      { crossSubDomainCookies: { enabled: true } },
      { disableOriginCheck: true },
      { disableCSRFCheck: true },
    ] satisfies BetterAuthOptions['advanced'][])
      expect(() => centralAuth(tenancy, { ...centralOptions, advanced }, { secret })).toThrow(
        expect.objectContaining({ code: 'INVALID_OPTION' }),
      )
    vi.stubEnv('BETTER_AUTH_TRUSTED_ORIGINS', 'https://*.our.example')
    const wrong = tenantAuth(tenancy, () => base, { secret })
    await expect(tenancy.run(acme, () => wrong.call((api) => api.ok()))).rejects.toMatchObject({ code: 'INVALID_OPTION' })
    vi.unstubAllEnvs()
  })

  test('trap 12, because one cookie would go to the hosts of all tenants, and with cookieCache be a session there', async () => {
    const one = naive({
      session: { cookieCache: { enabled: true } },
      advanced: { ...base.advanced, crossSubDomainCookies: { enabled: true, domain: 'our.example' } },
    })
    const wrong = await client(appWith((req, res) => void toNodeHandler(one)(req, res)))
    const { cookie, setCookie } = await wrong.post('acme', '/sign-up/email', person())
    expect(setCookie.every((line) => /; Domain=our\.example/i.test(line))).toBe(true)
    expect((await wrong.get('globex', '/get-session', cookie)).json?.user).toMatchObject({ name: 'Ann' })
    const given = await (await client(ours)).post('acme', '/sign-up/email', person())
    expect(given.setCookie.join()).toMatch(/HttpOnly/i)
    expect(given.setCookie.join()).not.toMatch(/domain/i)
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

describe('a clone with rows', () => {
  const verification: BetterAuthOptions['emailVerification'] = { sendVerificationEmail: async (mail) => void mails.push(mail) }
  const verifying: BetterAuthOptions = { ...base, emailVerification: verification }

  test('traps 6 and 7: links of mails and sessions of the source are good at it under one secret, and not with ours', async () => {
    const one = naive({ baseURL: { allowedHosts: ['*.our.example'] }, emailVerification: verification })
    const wrong = await client(appWith((req, res) => void toNodeHandler(one)(req, res)))
    const fooled = await signedUpAndCloned(wrong, 'first')
    expect((await wrong.get('first_all', '/get-session', fooled.ann.cookie)).json?.user).toMatchObject({
      email: fooled.ann.email,
    })
    expect((await wrong.get('first_all', fooled.link)).status).toBe(200)
    expect([await isVerified('first_all'), await isVerified('first')]).toEqual([true, false])

    const to = await client(appWith(tenantAuth(tenancy, () => verifying, { secret }).node))
    const { ann, link } = await signedUpAndCloned(to, 'second')
    for (const copy of ['second_all', 'second_copy']) {
      expect((await to.get(copy, '/get-session', ann.cookie)).json).toBeNull()
      expect((await to.get(copy, link)).status).not.toBe(200)
      expect(await isVerified(copy)).toBe(false)
    }
    // And the clone has no rows with which one can log in to the source.
    for (const table of ['session', 'account', 'verification'])
      expect([table, await rowsOf('second_copy', table)]).toEqual([table, 0])
    expect((await to.get('second', link)).status).toBe(200)
  })
})

test('trap 9, a call without headers: fails where the address follows the request, and works with ours', async () => {
  await tenancy.run(acme, async () => {
    const body = { email: 'ann@example.com' }
    await expect(naive().api.requestPasswordReset({ body })).rejects.toThrow('Dynamic baseURL could not be resolved')
    expect(await auth.call((api) => api.requestPasswordReset({ body }))).toMatchObject({ status: true })
  })
})

test('trap 15, the active organization: is what a client chose, so its tenant answers at the host of another; with ours the host decides', async () => {
  const names = ['user', 'session', 'account', 'verification', 'organization', 'member', 'invitation']
  const one = betterAuth({
    ...base,
    baseURL: 'https://our.example',
    secret,
    database: memoryAdapter(Object.fromEntries(names.map((name) => [name, []]))),
    plugins: [organization()],
  })
  const { headers: given } = await one.api.signUpEmail({ body: person(), returnHeaders: true })
  const headers = new Headers({
    cookie: given
      .getSetCookie()
      .map((line) => line.split(';')[0])
      .join('; '),
  })
  for (const slug of ['acme', 'globex']) await one.api.createOrganization({ body: { name: slug, slug }, headers })
  const active = await one.api.getFullOrganization({ headers })
  const naively = express().get('/api/auth/where', (_req, res, next) => {
    tenancy.run(active!.slug, () => void res.json(tenancy.current().schema)).catch(next)
  })
  expect((await (await client(naively)).get('acme', '/where')).json).toBe('globex')

  const app = appWith(auth.node, (routes) =>
    routes.get('/api/auth/where', requireMember(), (_req, res) => void res.json(tenancy.current().schema)),
  )
  const to = await client(app)
  const ann = await signedUp(to, 'acme')
  await tenancy.members.add('acme', ann.id)
  expect((await to.get('acme', '/where', `${ann.cookie}; tenant=globex`)).json).toBe('acme')
  expect((await to.get('globex', '/where', ann.cookie)).status).toBe(401)
})

test('trap 17, mails after the answer: run as the tenant whose request drains the queue, and with tenancy.bind as their own', async () => {
  expect(await mailsSent((work) => work)).toEqual(['globex', ['acme', 0]])
  expect(await mailsSent((work) => tenancy.bind(work))).toEqual(['globex', ['globex', 1]])
})

test('trap 18, ids of users: name two people in a log without the tenant, and one in the audit', async () => {
  const numbered = tenantAuth(tenancy, () => ({ ...base, advanced: { database: { generateId } } }), { secret })
  const [first, second] = [await tenancy.tenants.create({ schema: 'ids' }), await tenancy.tenants.create({ schema: 'more_ids' })]
  const naiveLog = new Map<string, Set<string>>()
  const jobs: { tenant: string; user: string; email: string }[] = []
  for (const tenant of [first, second]) {
    const { email, password } = person()
    const { id } = await tenancy.run(tenant, () => numbered.users.create({ email, password }))
    naiveLog.set(id, (naiveLog.get(id) ?? new Set()).add(email))
    jobs.push({ tenant: tenant.id, user: id, email })
  }
  expect([...naiveLog.values()].map(({ size }) => size)).toEqual([2])
  for (const { id } of [first, second]) {
    const entries = await tenancy.audit.list({ tenant: { id }, action: 'user.created' })
    expect(entries.map(({ object, target }) => [object, target?.path])).toEqual([['user-1', `/tenants/${id}/users/user-1`]])
  }
  // A job with both finds its user.
  for (const { tenant, user, email } of jobs) {
    const work = async () => (await tenancy.pool.query('select email from "user" where id = $1', [user])).rows
    expect(await tenancy.run({ id: tenant }, work)).toEqual([{ email }])
  }
})

test('trap 20, the plugin admin: its administrator is one at every tenant with one instance, and with ours at its own', async () => {
  const withAdmin: BetterAuthOptions = { ...base, plugins: [admin()], session: { cookieCache: { enabled: true } } }
  const createdFor = async (to: Client, tenant: string) => {
    for (const schema of [tenant, `${tenant}_sibling`]) {
      const made = await tenancy.tenants.create({ schema })
      await tenancy.run(made, () =>
        tenancy.pool.query(
          `alter table "user" add role text, add banned boolean, add "banReason" text, add "banExpires" timestamptz; alter table session add "impersonatedBy" text`,
        ),
      )
    }
    const [boss, ann] = [await signedUp(to, tenant), await signedUp(to, tenant)]
    await signedUp(to, `${tenant}_sibling`)
    await tenancy.run(tenant, () => tenancy.pool.query(`update "user" set role = 'admin' where id = $1`, [boss.id]))
    const { cookie } = await to.post(tenant, '/sign-in/email', boss)
    return { cookie, ann }
  }
  const one = naive({ ...withAdmin, baseURL: { allowedHosts: ['*.our.example'] } })
  const wrong = await client(appWith((req, res) => void toNodeHandler(one)(req, res)))
  const fooled = await createdFor(wrong, 'bosses')
  expect(await isAdminAt(wrong, 'bosses_sibling', fooled.cookie)).toBe(true)

  const to = await client(appWith(tenantAuth(tenancy, () => withAdmin, { secret }).node))
  const { cookie, ann } = await createdFor(to, 'chiefs')
  expect(await isAdminAt(to, 'chiefs', cookie)).toBe(true)
  expect(await isAdminAt(to, 'chiefs_sibling', cookie)).toBe(false)
  expect((await to.get('chiefs', '/admin/list-users', cookie)).json.users).toHaveLength(2)
  expect((await to.get('chiefs_sibling', '/admin/list-users', cookie)).status).toBe(401)
  // Who is impersonated at one tenant is no one at another. Support across tenants is partywall/impersonation: see impersonation.test.ts.
  const acting = await to.post('chiefs', '/admin/impersonate-user', { userId: ann.id }, { cookie })
  expect(acting.status).toBe(200)
  expect((await to.get('chiefs', '/get-session', acting.cookie)).json?.user.id).toBe(ann.id)
  expect((await to.get('chiefs_sibling', '/get-session', acting.cookie)).json).toBeNull()
})

const isAdminAt = async (to: Client, tenant: string, cookie: string): Promise<boolean> =>
  (await to.get(tenant, '/get-session', cookie)).json?.user.role === 'admin'

const mailsSent = async (bind: (work: () => Promise<void>) => () => Promise<void>) => {
  const queue: (() => Promise<void>)[] = []
  const seen: unknown[] = []
  const later = tenantAuth(
    tenancy,
    () => ({
      ...base,
      emailAndPassword: {
        ...base.emailAndPassword!,
        async sendResetPassword({ user: { email } }) {
          // What the instance itself does in the background is in the scope of its request.
          seen.push(tenancy.current().schema)
          const work = async (): Promise<void> => {
            const { rowCount } = await tenancy.pool.query('select from "user" where email = $1', [email])
            seen.push([tenancy.current().schema, rowCount])
          }
          queue.push(bind(work))
        },
      },
      advanced: { ...base.advanced, backgroundTasks: { handler: (promise) => void promise } },
    }),
    { secret },
  )
  const to = await client(appWith(later.node))
  const ann = await signedUp(to, 'globex.com')
  await to.post('globex.com', '/request-password-reset', { email: ann.email })
  await tenancy.run(acme, async () => {
    for (const work of queue) await work()
  })
  return seen
}

const generateId = ({ model }: { model: string }): string => (model === 'user' ? 'user-1' : crypto.randomUUID())

const rowsOf = async (tenant: string, table: string): Promise<number> =>
  tenancy.run(tenant, async () => (await tenancy.pool.query(`select from "${table}"`)).rows.length)

const isVerified = async (tenant: string): Promise<boolean> =>
  tenancy.run(tenant, async () => (await tenancy.pool.query('select "emailVerified" as is from "user"')).rows[0].is)

const fromOneAddress = (handler: RequestHandler) => {
  const app = express().use((req, _res, next) => {
    req.headers['x-real-ip'] = '192.0.2.1'
    next()
  })
  return client(app.use(appWith(handler)))
}

const statuses = async (tenant: string, by: Client): Promise<number[]> => {
  const all: number[] = []
  for (let n = 0; n < 3; n++) all.push((await by.post(tenant, '/sign-in/email', person())).status)
  return all
}

const sign = (api: any) => api.signJWT({ body: { payload: { sub: '1' } } }).then(({ token }: { token: string }) => token)

const signedUpAndCloned = async (to: Client, source: string) => {
  await tenancy.tenants.create({ schema: source })
  const ann = await signedUp(to, source)
  await to.post(source, '/send-verification-email', { email: ann.email })
  const { search } = new URL(mails.pop()!.url)
  await tenancy.tenants.clone(source, { schema: `${source}_all`, data: true, keepSessions: true })
  await tenancy.tenants.clone(source, { schema: `${source}_copy`, data: true })
  return { ann, link: `/verify-email${search.replace(/&callbackURL=.*/, '')}` }
}

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
