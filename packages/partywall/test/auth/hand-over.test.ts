/** One account, many tenants: the hand-over from the central host to the hosts of tenants, over HTTP, with a password and with one callback of a provider for all hosts. */
import type { BetterAuthOptions } from 'better-auth'
import { genericOAuth } from 'better-auth/plugins'
import express from 'express'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { betterAuthMigrations, centralAuth, centralModels } from '../../src/auth/better-auth/better-auth.ts'
import { memberOf, requireMember, tenancyErrors, tenantScope } from '../../src/http/express.ts'
import { byHost, createTenancy } from '../../src/index.ts'
import { testDatabase } from '../support/servers/database.ts'
import { internet, type Page } from './browser.ts'

const secret = 'a secret of the application, 32 characters at least'
const home = 'https://our.example'
const idp = 'https://idp.example'
const options: BetterAuthOptions = {
  baseURL: home,
  emailAndPassword: {
    enabled: true,
    password: {
      hash: async (password) => `hashed ${password}`,
      verify: async ({ hash, password }) => hash === `hashed ${password}`,
    },
  },
  plugins: [
    genericOAuth({
      config: [
        {
          providerId: 'idp',
          clientId: 'partywall',
          clientSecret: 'secret of the client',
          authorizationUrl: `${idp}/authorize`,
          tokenUrl: `${idp}/token`,
          getToken: async ({ code }) => ({ accessToken: `token for ${code}` }),
          getUserInfo: async ({ accessToken }) => {
            const email = Buffer.from(accessToken!.split(' ').at(-1)!, 'base64url').toString()
            return { id: email, email, name: email, emailVerified: true }
          },
        },
      ],
    }),
  ],
  logger: { disabled: true },
  advanced: { disableOriginCheck: false },
}

const { url } = await testDatabase()
const tenancy = createTenancy({
  database: url,
  migrations: { shared: betterAuthMigrations(centralModels(options)), tenant: false },
  resolve: [byHost({ base: 'our.example' })],
})
const central = centralAuth(tenancy, options, { secret, handOver: { signInPage: '/sign-in' } })

const app = express().use(tenantScope(tenancy, { none: 'shared', user: central.userOf }))
app.all('/api/auth/{*path}', central.node)
app.get('/projects', requireMember(), (req, res) => {
  res.json({ tenant: tenancy.current().schema, userId: memberOf(req).userId })
})
app.use(tenancyErrors())

/** A provider that lets the person in whose address stands in its cookie. */
const provider = express().get('/authorize', (req, res) => {
  const email = /email=([^;]+)/.exec(req.get('cookie') ?? '')?.[1] ?? ''
  const { redirect_uri, state } = req.query as { redirect_uri: string; state: string }
  res.redirect(`${redirect_uri}?${new URLSearchParams({ code: Buffer.from(email).toString('base64url'), state }).toString()}`)
})

let browser: Awaited<ReturnType<typeof internet>>
const open = async () => {
  browser = await internet([
    [/(?:^|\.)our\.example$|^globex\.com$/, app],
    [/^idp\.example$/, provider],
  ])
  return browser()
}
beforeAll(async () => {
  await tenancy.migrations.run()
  await tenancy.tenants.create({ schema: 'acme' })
  await tenancy.tenants.create({ schema: 'globex', domains: ['globex.com'] })
})
afterAll(() => tenancy.close())

let number = 0
type Browser = Awaited<ReturnType<typeof open>>

/** Signs up at the central host. */
async function person(at: Browser): Promise<{ id: string; email: string }> {
  const email = `ann${++number}@example.com`
  const { json, text } = await at.post(`${home}/api/auth/sign-up/email`, { name: 'Ann', email, password: 'a password' })
  expect(text).toContain('"user"')
  return { id: json.user.id, email }
}

const enter = (at: Browser, host: string, path = '/projects'): Promise<Page[]> =>
  at.follow(`https://${host}/api/auth/hand-over?path=${encodeURIComponent(path)}`)
const hostsOf = (pages: readonly Page[]): string[] => pages.map((page) => new URL(page.url).host)
const acme = 'acme.our.example'

/** The address with the token, before the browser goes there. */
async function ticket() {
  const at = await open()
  const { id } = await person(at)
  for (const tenant of ['acme', 'globex']) await tenancy.members.add(tenant, id)
  const begun = await at.get(`https://${acme}/api/auth/hand-over?path=/projects`)
  const issued = await at.get(begun.location!)
  return { at, id, accept: issued.location! }
}

const signInAt = async (at: Browser, pages: readonly Page[]): Promise<string> => {
  const callbackURL = new URL(pages.at(-1)!.url).searchParams.get('callbackURL')!
  const { json, text } = await at.post(`${home}/api/auth/sign-in/social`, { provider: 'idp', callbackURL })
  expect(text).toContain('"url"')
  return json.url
}

describe('a user who is signed in at the central host', () => {
  test('is handed over to the hosts of the tenants, and each has a session of its own', async () => {
    const at = await open()
    const { id } = await person(at)
    await tenancy.members.add('acme', id, { role: 'owner' })
    await tenancy.members.add('globex', id)
    expect((await at.get(`https://${acme}/projects`)).status).toBe(401)
    const pages = await enter(at, acme)
    expect(hostsOf(pages)).toEqual([acme, 'our.example', acme, acme])
    expect(pages.at(-1)).toMatchObject({ status: 200, json: { tenant: 'acme', userId: id } })
    expect((await enter(at, 'globex.com')).at(-1)).toMatchObject({ status: 200, json: { tenant: 'globex', userId: id } })

    // The cookies of one host are worth nothing at another, also those of the central one.
    for (const [from, to] of [
      [acme, 'globex.com'],
      ['globex.com', acme],
      ['our.example', acme],
      [acme, 'our.example'],
    ] as const) {
      const thief = browser()
      thief.take(to, at.cookies(from))
      expect((await thief.get(`https://${to}/api/auth/get-session`)).json, `${from} at ${to}`).toBeNull()
    }
    const audit = await tenancy.audit.list({ action: 'member.switched', limit: 2 })
    expect(audit.map(({ actor, object }) => [actor, object])).toEqual([
      [`user:${id}`, id],
      [`user:${id}`, id],
    ])
  })

  test('signs out of one host, and stays signed in at the others', async () => {
    const at = await open()
    const { id } = await person(at)
    for (const tenant of ['acme', 'globex']) await tenancy.members.add(tenant, id)
    await enter(at, acme)
    await enter(at, 'globex.com')
    expect((await at.post(`https://${acme}/api/auth/sign-out`, {})).status).toBe(200)
    expect((await at.get(`https://${acme}/projects`)).status).toBe(401)
    expect((await at.get('https://globex.com/projects')).status).toBe(200)
    expect((await at.get(`${home}/api/auth/get-session`)).json.user.id).toBe(id)
  })

  test('gets one answer for tenants of others and for those that do not exist, and no session', async () => {
    const at = await open()
    await person(at)
    const challenge = 'x'.repeat(43)
    const answers = []
    for (const tenant of [(await tenancy.tenants.get('acme')).id, '00000000-0000-0000-0000-000000000000', 'acme', '%']) {
      const query = new URLSearchParams({ tenant, path: '/', challenge }).toString()
      answers.push(await at.get(`${home}/api/auth/hand-over?${query}`))
    }
    for (const { status, text } of answers) expect([status, text]).toEqual([403, answers[0]!.text])
    expect((await enter(at, acme)).at(-1)!.status).toBe(403)
    expect(at.cookies(acme).has('__Host-better-auth.session_token')).toBe(false)
  })

  test('reads and ends the session at the host of a tenant; the account is at the central host alone', async () => {
    const at = await open()
    const { id, email } = await person(at)
    await tenancy.members.add('acme', id)
    await enter(at, acme)
    expect((await at.get(`https://${acme}/api/auth/get-session`)).json.user.id).toBe(id)
    for (const [path, body] of [
      ['sign-in/email', { email, password: 'a password' }],
      ['sign-up/email', { name: 'Eve', email: 'eve@example.com', password: 'a password' }],
      ['sign-in/social', { provider: 'idp', callbackURL: '/' }],
      ['update-user', { name: 'changed' }],
      ['change-password', { currentPassword: 'a password', newPassword: 'another password' }],
    ] as const) {
      const { status, json } = await at.post(`https://${acme}/api/auth/${path}`, body)
      expect([path, status, json.code]).toEqual([path, 403, 'CENTRAL_HOST_ONLY'])
    }
    // The application itself may: it has no request.
    const other = await tenancy.run('acme', () =>
      central.call((api) => api.signInEmail({ body: { email, password: 'a password' } })),
    )
    expect(other.user.id).toBe(id)
    expect([...at.cookies(acme).keys()]).toEqual(['__Host-better-auth.session_token'])
  })

  test('is not sent to another site', async () => {
    const at = await open()
    const { id } = await person(at)
    await tenancy.members.add('acme', id)
    for (const path of ['https://evil.example/', '//evil.example', '/\\evil.example', 'evil'])
      expect([path, (await enter(at, acme, path)).map(({ status }) => status)]).toEqual([path, [400]])
    // Nor does the central host take a path that the tenant's host has not seen.
    const query = new URLSearchParams({
      tenant: (await tenancy.tenants.get('acme')).id,
      path: '//evil.example',
      challenge: 'x'.repeat(43),
    })
    expect((await at.get(`${home}/api/auth/hand-over?${query.toString()}`)).status).toBe(400)
  })

  test('cannot begin at the central host, and without a session is sent to sign in, and back', async () => {
    const at = await open()
    expect((await at.get(`${home}/api/auth/hand-over?tenant=acme&path=/`)).status).toBe(400)
    const [, , signIn] = await enter(at, acme)
    const { pathname, host, searchParams } = new URL(signIn!.url)
    expect([host, pathname]).toEqual(['our.example', '/sign-in'])
    const { id } = await person(at)
    await tenancy.members.add('acme', id)
    const back = await at.follow(home + searchParams.get('callbackURL')!)
    expect(back.at(-1)).toMatchObject({ status: 200, json: { tenant: 'acme', userId: id } })
  })
})

describe('the token of a hand-over', () => {
  test('works once, also when it comes many times at once', async () => {
    const { at, accept } = await ticket()
    const answers = await Promise.all(Array.from({ length: 5 }, () => at.get(accept)))
    expect(answers.map(({ status }) => status).toSorted()).toEqual([302, 401, 401, 401, 401])
    expect((await at.get(accept)).status).toBe(401)
  })

  test('works in the browser that began only: a link with the token of another signs no one in', async () => {
    const { accept } = await ticket()
    const victim = browser()
    expect((await victim.get(accept)).status).toBe(401)
    // Not with a hand-over of its own either.
    const other = browser()
    await other.get(`https://${acme}/api/auth/hand-over?path=/projects`)
    expect((await other.get((await ticket()).accept)).status).toBe(401)
  })

  test('works with the cookie of its own host only, whose name no sibling can set', async () => {
    const { at, accept } = await ticket()
    expect([...at.cookies(acme).keys()]).toEqual(['__Host-partywall_hand_over'])
    at.take(acme, new Map([['partywall_hand_over', at.cookies(acme).get('__Host-partywall_hand_over')!]]))
    expect((await at.get(accept)).status).toBe(401)
  })

  test('works at its tenant only', async () => {
    const { at, accept } = await ticket()
    at.take('globex.com', at.cookies(acme))
    expect((await at.get(accept.replace(acme, 'globex.com'))).status).toBe(401)
  })

  test('is over after a minute, and is not in the database', async () => {
    const { at, accept } = await ticket()
    const token = new URL(accept).searchParams.get('token')!
    const { rows } = await tenancy.sharedPool.query(
      `update central_verification as row set "expiresAt" = "expiresAt" - interval '61 seconds' where identifier like 'hand-over:%' returning row::text`,
    )
    expect(JSON.stringify(rows)).not.toContain(token)
    expect((await at.get(accept)).status).toBe(401)
  })

  test('is worth nothing for a user who was removed meanwhile', async () => {
    const { at, id, accept } = await ticket()
    await tenancy.members.remove('acme', id)
    expect((await at.get(accept)).status).toBe(401)
  })

  test.each(['', 'x', 'x'.repeat(43), 'x'.repeat(10_000)])('that is none (%#) is refused', async (token) => {
    const { at } = await ticket()
    expect((await at.get(`https://${acme}/api/auth/hand-over/accept?token=${token}`)).status).toBe(401)
  })
})

describe('trap 13, a provider with one callback for the hosts of all tenants', () => {
  test('the naive way has a callback for each host, which a provider would have to know; ours ends at the tenant where it began', async () => {
    const at = await open()
    at.take('idp.example', new Map([['email', 'oscar@example.com']]))
    const toProvider = new URL(await signInAt(at, await enter(at, acme)))
    expect(toProvider.searchParams.get('redirect_uri')).toMatch(/^https:\/\/our\.example\/api\/auth\//)
    // Not a member yet: signed in, and refused.
    expect((await at.follow(toProvider.href)).at(-1)!.status).toBe(403)
    const { json } = await at.get(`${home}/api/auth/get-session`)
    await tenancy.members.add('acme', json.user.id)

    const second = browser()
    second.take('idp.example', new Map([['email', 'oscar@example.com']]))
    const pages = await second.follow(await signInAt(second, await enter(second, acme)))
    expect(hostsOf(pages)).toEqual(['idp.example', 'our.example', 'our.example', acme, acme])
    expect(pages.at(-1)).toMatchObject({ status: 200, json: { tenant: 'acme', userId: json.user.id } })

    // One instance for each host has the callback at that host.
    const { betterAuth } = await import('better-auth')
    const naive = betterAuth({
      ...options,
      baseURL: `https://${acme}`,
      secret,
      database: tenancy.sharedPool,
      ...centralModels({}),
    })
    const { url: naiveUrl } = await naive.api.signInSocial({ body: { provider: 'idp', callbackURL: '/' } })
    expect(new URL(naiveUrl!).searchParams.get('redirect_uri')).toContain(acme)
  })

  test('the state of one browser or one tenant ends nowhere else', async () => {
    const at = await open()
    at.take('idp.example', new Map([['email', 'oscar@example.com']]))
    const [authorized] = await at.follow(await signInAt(at, await enter(at, acme)))
    const callback = authorized!.location!
    // Used already.
    expect((await at.follow(callback)).at(-1)!.url).toMatch(/error=/)
    const thief = browser()
    expect((await thief.follow(callback)).at(-1)!.url).toMatch(/error=/)
    for (const callbackURL of ['https://evil.example/', '//evil.example', 'https://acme.our.example.evil.example/']) {
      const { status } = await at.post(`${home}/api/auth/sign-in/social`, { provider: 'idp', callbackURL })
      expect([callbackURL, status]).toEqual([callbackURL, 403])
    }
  })
})

test('a wrong option is refused at the start', () => {
  const refused = (settings: object, more: BetterAuthOptions = options): void =>
    expect(() => centralAuth(tenancy, more, { secret, ...settings } as never)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION' }),
    )
  refused({ handOver: { signInPage: 'https://evil.example/' } })
  refused({ handOver: { signInPage: '//evil.example' } })
  refused({ handOver: { page: '/' } })
  refused({ handOver: {}, maxInstances: 0 })
  refused({ handOver: {} }, { ...options, baseURL: undefined as never })
})
