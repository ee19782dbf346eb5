/** Tokens of tenants over real HTTP: what a stranger, a sibling and a thief of a refresh token can do with them. */
import { createHmac } from 'node:crypto'
import express from 'express'
import { decodeJwt, decodeProtectedHeader, SignJWT } from 'jose'
import { describe, expect, test } from 'vitest'
import { createTokens } from '../../src/auth/jwt/jwt.ts'
import { tenancyErrors, tenantScope } from '../../src/http/express.ts'
import { byHost, createTenancy } from '../../src/index.ts'
import { testDatabase } from '../support/servers/database.ts'
import { listen } from '../http/listen.ts'

const { url } = await testDatabase()
const tenancy = createTenancy({
  database: url,
  migrations: { shared: false, tenant: false },
  resolve: [byHost({ base: 'our.example' })],
})
/** Past every scope and every right. */
async function asAdmin(text: string): Promise<Record<string, unknown>[]> {
  return (await tenancy.sharedPool.query<Record<string, unknown>>(text)).rows
}

const acme = await tenancy.tenants.create({ schema: 'acme' })
const globex = await tenancy.tenants.create({ schema: 'globex' })
const secret = 'a secret of the application, 32 characters at least'
const tokens = createTokens(tenancy, { secret, claims: (tenant) => ({ plan: tenant.schema, aud: 'everyone', exp: 9e9 }) })

const app = express()
app.use(tenantScope(tenancy, { user: tokens.userOf }))
app.get('/public', (_req, res) => void res.send('public'))
app.use('/api', tokens.required())
app.get('/api/me', async (req, res) => void res.json({ userId: await tokens.userOf(req), tenant: tenancy.current().schema }))
app.use(tenancyErrors())

async function get(host: string, path: string, authorization?: string): Promise<{ status: number; body: string }> {
  // The server of `listen` lives as long as a test.
  const { send } = await listen(app)
  const { status, text } = await send({ host, path, ...(authorization !== undefined && { headers: { authorization } }) })
  return { status, body: text }
}

function me(tenant: string, authorization?: string): Promise<{ status: number; body: string }> {
  return get(`${tenant}.our.example`, '/api/me', authorization)
}

const nothing = await me('acme')

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')

async function forged(change: { header?: object; claims?: object; key?: string } = {}): Promise<string> {
  const { accessToken } = await tokens.sign({ userId: '1' }, acme)
  const text = `${part({ ...decodeProtectedHeader(accessToken), ...change.header })}.${part({ ...decodeJwt(accessToken), ...change.claims })}`
  return `${text}.${createHmac('sha256', change.key ?? secret)
    .update(text)
    .digest('base64url')}`
}

describe('a token', () => {
  test('is accepted at its tenant, and gives the user there', async () => {
    const { accessToken } = await tokens.sign({ userId: '1' }, 'acme')
    expect(await me('acme', `Bearer ${accessToken}`)).toEqual({
      status: 200,
      body: JSON.stringify({ userId: '1', tenant: 'acme' }),
    })
    const { claims } = await tokens.verify(accessToken, acme)
    // An application cannot make a token of everyone, nor one without an end.
    expect(claims).toMatchObject({ plan: 'acme', aud: acme.id, tid: acme.id })
    expect(claims['exp']).toBeLessThan(Date.now() / 1000 + 16 * 60)
  })

  test('of another tenant answers 401, also for a user of the same id', async () => {
    const [ofAcme, ofGlobex] = [await tokens.sign({ userId: '1' }, acme), await tokens.sign({ userId: '1' }, globex)]
    expect((await me('globex', `Bearer ${ofGlobex.accessToken}`)).status).toBe(200)
    expect(await me('globex', `Bearer ${ofAcme.accessToken}`)).toEqual(nothing)
    await expect(tokens.refresh(ofAcme.refreshToken, globex)).rejects.toMatchObject({ code: 'TOKEN_REFUSED' })
    await expect(tokens.revoke(ofAcme.accessToken, globex)).rejects.toMatchObject({ code: 'TOKEN_REFUSED' })
    expect((await me('acme', `Bearer ${ofAcme.accessToken}`)).status).toBe(200)
  })

  test('that is missing or not genuine answers 401, byte for byte the same, and causes no query', async () => {
    expect(nothing).toMatchObject({ status: 401, body: expect.stringContaining('SIGN_IN_REQUIRED') })
    const { accessToken, refreshToken } = await tokens.sign({ userId: '1' }, acme)
    const [header, payload] = accessToken.split('.')
    const none = Buffer.from(JSON.stringify({ ...decodeProtectedHeader(accessToken), alg: 'none' })).toString('base64url')
    const bad = [
      '',
      'Bearer',
      'Basic YTpi',
      `Bearer ${header}.${payload}.`,
      `Bearer ${header}.${payload}`,
      `Bearer ${none}.${payload}.`,
      `Bearer ${accessToken.slice(0, -4)}AAAA`,
      `Bearer ${refreshToken}`,
      `Bearer ${await forged()}`,
      `Bearer ${await forged({ header: { kid: '../../etc/passwd' }, key: '' })}`,
      `Bearer ${await forged({ header: { alg: 'HS512' } })}`,
      `Bearer ${await forged({ header: { kid: undefined } })}`,
      `Bearer ${'a'.repeat(6000)}.b.c`,
      `Bearer ${accessToken}, Bearer ${accessToken}`,
    ]
    for (const authorization of bad) expect([authorization, await me('acme', authorization)]).toEqual([authorization, nothing])
  })

  test('that is over, or not valid yet, is refused although its signature is right', async () => {
    const { accessToken } = await tokens.sign({ userId: '1' }, acme)
    const keys = new (await import('../../src/auth/jwt/token-keys.ts')).TokenKeys(undefined as never, [secret])
    const header = decodeProtectedHeader(accessToken) as { alg: 'HS256'; kid: string; typ: string }
    const genuine = (claims: object): Promise<string> =>
      new SignJWT({ ...decodeJwt(accessToken), ...claims }).setProtectedHeader(header).sign(keys.derive(acme.id, header.kid)!)
    expect((await me('acme', `Bearer ${await genuine({})}`)).status).toBe(200)
    const now = Math.floor(Date.now() / 1000)
    const wrong = [
      { exp: now - 1 },
      { exp: undefined },
      { nbf: now + 60 },
      { aud: globex.id },
      { aud: [acme.id, globex.id] },
      { tid: globex.id },
      { tid: undefined },
      { sub: undefined },
    ]
    for (const claims of wrong) expect([claims, await me('acme', `Bearer ${await genuine(claims)}`)]).toEqual([claims, nothing])
  })

  test('is not needed where a route is in front of the guard', async () => {
    expect((await get('acme.our.example', '/public')).status).toBe(200)
  })
})

describe('a refresh token', () => {
  test('works once; the second use revokes all tokens of its sign-in, and is in the audit', async () => {
    const other = await tokens.sign({ userId: '1' }, acme)
    const first = await tokens.sign({ userId: '1' }, acme)
    const second = await tokens.refresh(first.refreshToken, acme)
    expect((await me('acme', `Bearer ${second.accessToken}`)).status).toBe(200)
    await expect(tokens.refresh(first.refreshToken, acme)).rejects.toMatchObject({ details: { reason: 'replayed' } })
    for (const { accessToken } of [first, second]) expect(await me('acme', `Bearer ${accessToken}`)).toEqual(nothing)
    await expect(tokens.refresh(second.refreshToken, acme)).rejects.toMatchObject({ details: { reason: 'revoked' } })
    expect((await me('acme', `Bearer ${other.accessToken}`)).status).toBe(200)
    const { fid } = decodeJwt(first.accessToken)
    expect(await asAdmin(`select object from partywall.audit where action = 'token.replayed'`)).toEqual([{ object: fid }])
  })

  test('gives tokens to at most one of many calls at once', async () => {
    const { refreshToken } = await tokens.sign({ userId: '2' }, acme)
    const all = await Promise.allSettled(Array.from({ length: 8 }, () => tokens.refresh(refreshToken, acme)))
    expect(all.filter(({ status }) => status === 'fulfilled').length).toBeLessThanOrEqual(1)
    for (const one of all)
      if (one.status === 'fulfilled') expect(await me('acme', `Bearer ${one.value.accessToken}`)).toEqual(nothing)
  })

  test('is refused where the claims of the user are', async () => {
    const closing = createTokens(tenancy, {
      secret,
      claims: () => {
        throw new Error('disabled')
      },
    })
    const { refreshToken } = await tokens.sign({ userId: '3' }, acme)
    await expect(closing.refresh(refreshToken, acme)).rejects.toThrow('disabled')
    // It is not used up: a user who is enabled again goes on.
    expect((await tokens.refresh(refreshToken, acme)).accessToken).toMatch(/^ey/)
  })

  test('keeps the operator who acts as the user, whom no claim of the application replaces', async () => {
    const claiming = createTokens(tenancy, { secret, claims: () => ({ act: { sub: 'another' }, sub: 'another' }) })
    const first = await claiming.sign({ userId: '3', impersonatedBy: 'support:7' }, acme)
    const next = await claiming.refresh(first.refreshToken, acme)
    for (const { accessToken } of [first, next])
      expect(await tokens.verify(accessToken, acme)).toMatchObject({ userId: '3', impersonatedBy: 'support:7' })
    const own = await claiming.sign({ userId: '3' }, acme)
    expect((await tokens.verify(own.accessToken, acme)).impersonatedBy).toBeUndefined()
    const request = { headers: { authorization: `Bearer ${next.accessToken}` } }
    expect(await tenancy.run('acme', () => tokens.signedIn(request))).toEqual({ userId: '3', impersonatedBy: 'support:7' })
    expect(await tenancy.run('globex', () => tokens.signedIn(request))).toBeUndefined()
    await expect(tokens.sign({ userId: '3', impersonatedBy: '' }, acme)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  })
})

test('signing out revokes the tokens of that sign-in, in every process', async () => {
  const elsewhere = createTokens(tenancy, { secret })
  const [one, two] = [await tokens.sign({ userId: '1' }, acme), await tokens.sign({ userId: '1' }, acme)]
  await elsewhere.revoke(one.refreshToken, acme)
  expect(await me('acme', `Bearer ${one.accessToken}`)).toEqual(nothing)
  expect((await me('acme', `Bearer ${two.accessToken}`)).status).toBe(200)
})

test('what was revoked is forgotten when its time is over', async () => {
  await asAdmin(
    `insert into partywall.revoked_tokens select '${acme.id}', 'old-' || n, now() - interval '1 hour' from generate_series(1, 90) n`,
  )
  await tokens.revoke((await tokens.sign({ userId: '1' }, acme)).accessToken, acme)
  expect(await asAdmin(`select from partywall.revoked_tokens where expires_at < now()`)).toEqual([])
})

describe('keys', () => {
  test('rotate: tokens of the earlier key are accepted for the time given, and of no tenant else are any touched', async () => {
    const [before, sibling] = [await tokens.sign({ userId: '1' }, acme), await tokens.sign({ userId: '1' }, globex)]
    await tokens.rotate(acme)
    const after = await tokens.sign({ userId: '1' }, acme)
    expect(decodeProtectedHeader(after.accessToken).kid).not.toBe(decodeProtectedHeader(before.accessToken).kid)
    for (const { accessToken } of [before, after]) expect((await me('acme', `Bearer ${accessToken}`)).status).toBe(200)
    await tokens.rotate('acme', { graceMs: 0 })
    for (const { accessToken } of [before, after]) expect(await me('acme', `Bearer ${accessToken}`)).toEqual(nothing)
    expect((await me('globex', `Bearer ${sibling.accessToken}`)).status).toBe(200)
  })

  test('a new secret signs, and tokens of the old one are accepted until it is taken out', async () => {
    const next = 'another secret of the application, which is the newer one'
    const old = await tokens.sign({ userId: '1' }, globex)
    const both = createTokens(tenancy, { secrets: [next, secret] })
    const signed = await both.sign({ userId: '1' }, globex)
    for (const { accessToken } of [old, signed]) expect(await both.verify(accessToken, globex)).toMatchObject({ userId: '1' })
    const only = createTokens(tenancy, { secret: next })
    expect(await only.verify(signed.accessToken, globex)).toMatchObject({ userId: '1' })
    await expect(only.verify(old.accessToken, globex)).rejects.toMatchObject({ code: 'TOKEN_REFUSED' })
  })

  test('are not in the database', async () => {
    const [row] = await asAdmin(`select * from partywall.signing_keys limit 1`)
    expect(Object.keys(row!)).toEqual(['tenant_id', 'kid', 'created_at', 'valid_until'])
  })
})

test.each([[{}], [{ secret: 'short' }], [{ secrets: [] }], [{ secret, secrets: [secret] }], [{ secret, accessTtlMs: 0 }]])(
  'options that cannot be safe are refused: %#',
  (options) => {
    expect(() => createTokens(tenancy, options)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
  },
)
