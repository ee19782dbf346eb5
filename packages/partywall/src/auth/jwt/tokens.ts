/**
 * Access tokens, which are short-lived, and refresh tokens, which work once. All tokens of one sign-in are a family: a refresh token that comes a second time was
 * copied, and revokes the family, because nothing tells who has the copy.
 */
import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { decodeProtectedHeader, errors, jwtVerify, SignJWT, type JWTPayload } from 'jose'
import { catalogKey } from '../../catalog-key.ts'
import { recordAction } from '../../catalog/audit/record.ts'
import { TenancyError, tenancyErrorOf } from '../../errors.ts'
import { problemAnswer } from '../../http/shared/problem.ts'
import { assertKnownKeys } from '../../known-keys.ts'
import { seen } from '../../seen.ts'
import { warnIfUntested } from '../../tested-versions.ts'
import type { Tenant, TenantRef } from '../../types.ts'
import { assertWholeNumber } from '../../whole-number.ts'
import { masterSecrets } from '../../master-secrets.ts'
import { TokenKeys } from './token-keys.ts'
import { bearerOf, type TokenRequest } from './token-request.ts'
import type { TokenCatalog, TokenTenancy } from './token-tenancy.ts'
import { revokeSql, standingSql } from './tokens-sql.ts'

export interface TokenSubject {
  /** As the application calls the user, in this tenant. At most 255 characters. */
  readonly userId: string
  /** The operator who acts as the user, as `impersonation.accept` tells it. Kept in all tokens of this sign-in, as the claim `act`. @default none */
  readonly impersonatedBy?: string | undefined
}

export interface TokenOptions {
  /** At least 32 random characters. The keys of all tenants are derived from it. */
  secret?: string
  /** In place of `secret`, to replace it: the newest first. Tokens of the older ones are accepted until you take them out. */
  secrets?: readonly string[]
  /** How long an access token is accepted. @default 15 minutes */
  accessTtlMs?: number
  /** How long a refresh token can be used. @default 30 days */
  refreshTtlMs?: number
  /**
   * More claims of an access token. Asked at each `sign` and `refresh`; where it throws, there is no token, so it may refuse a user who was disabled. The claims that
   * `createTokens` sets itself cannot be replaced. @default none
   */
  claims?: (tenant: Tenant<any>, subject: TokenSubject) => object | Promise<object>
}

export interface TokenPair {
  readonly accessToken: string
  /** Works once: `refresh` gives the next one. */
  readonly refreshToken: string
  /** When the access token is over. */
  readonly expiresAt: Date
}

export interface VerifiedToken {
  readonly tenantId: string
  readonly userId: string
  /** The operator who acts as the user. Absent: the user is here. */
  readonly impersonatedBy?: string
  /** All claims of the token. */
  readonly claims: Readonly<Record<string, unknown>>
}

export interface Tokens {
  /**
   * Makes the tokens of a user who has just signed in. Costs one query, two for the first token of a tenant.
   * @param ref the tenant; absent: the current one
   * @example const { accessToken, refreshToken } = await tokens.sign({ userId: user.id })
   * @throws TenancyError INVALID_ARGUMENT, NO_TENANT, UNKNOWN_TENANT
   */
  sign(subject: TokenSubject, ref?: TenantRef): Promise<TokenPair>
  /**
   * New tokens for a refresh token, which is used up. One that was used before revokes all tokens of its sign-in. Of two calls at once with one token, one is refused as
   * the second. Costs three queries.
   * @throws TenancyError TOKEN_REFUSED, NO_TENANT, UNKNOWN_TENANT
   */
  refresh(refreshToken: string, ref?: TenantRef): Promise<TokenPair>
  /**
   * Who an access token belongs to. Costs one query, so a revoked token is refused at once, by every process; none for a token with a wrong signature.
   * @throws TenancyError TOKEN_REFUSED, NO_TENANT, UNKNOWN_TENANT
   */
  verify(accessToken: string, ref?: TenantRef): Promise<VerifiedToken>
  /**
   * Signs out: no token of the sign-in that this one belongs to is accepted any more. Takes either token. Costs two queries.
   * @throws TenancyError TOKEN_REFUSED, NO_TENANT, UNKNOWN_TENANT
   */
  revoke(token: string, ref?: TenantRef): Promise<void>
  /**
   * A new key for a tenant. Tokens of earlier keys are accepted for `graceMs`: 0 signs out all users of the tenant.
   * @default graceMs is refreshTtlMs: no one is signed out
   * @throws TenancyError UNKNOWN_TENANT, INVALID_ARGUMENT
   */
  rotate(ref: TenantRef, options?: { readonly graceMs?: number }): Promise<void>
  /**
   * The user of a request, in the scope of its tenant: for the option `user` of an adapter. Undefined where the request has no token that is accepted.
   * @example app.use(tenantScope(tenancy, { user: tokens.userOf }))
   */
  readonly userOf: (request: TokenRequest) => Promise<string | undefined>
  /**
   * The same, with the operator where one acts as the user: `memberOf(req).impersonatedBy` behind `requireMember`.
   * @example app.use(tenantScope(tenancy, { user: tokens.signedIn }))
   */
  readonly signedIn: (request: TokenRequest) => Promise<{ readonly userId: string; readonly impersonatedBy?: string } | undefined>
  /**
   * Lets only requests with a token pass, for Express and others with `(req, res, next)`: mount it behind `tenantScope` and in front of all routes that are not public. Every
   * other request gets 401, one body for each reason.
   * @example app.use('/api', tokens.required())
   */
  required(): (req: IncomingMessage, res: ServerResponse, next: (error?: unknown) => void) => void
}

/**
 * Tokens for the users of each tenant, signed with keys of the tenant (HS256). It makes no I/O.
 * @example const tokens = createTokens(tenancy, { secret: process.env.TOKEN_SECRET })
 * @throws TenancyError INVALID_OPTION
 */
export function createTokens(tenancy: TokenTenancy, options: TokenOptions): Tokens {
  assertKnownKeys('createTokens', options, ['secret', 'secrets', 'accessTtlMs', 'refreshTtlMs', 'claims'], 'INVALID_OPTION')
  warnIfUntested('jose')
  const { accessTtlMs = 15 * minute, refreshTtlMs = 30 * 24 * 60 * minute, claims = () => ({}) } = options
  for (const [option, value] of Object.entries({ accessTtlMs, refreshTtlMs }))
    assertWholeNumber('INVALID_OPTION', `"${option}" of createTokens`, option, value, { least: 1000, most: mostTtlMs })
  const catalog = tenancy[catalogKey] as TokenCatalog
  const keys = new TokenKeys(catalog, masterSecrets('createTokens', options))
  const tenantOf = async (ref: TenantRef | undefined): Promise<Tenant<any>> =>
    ref === undefined ? tenancy.current() : tenancy.tenants.get(ref)

  async function pair(tenant: Tenant<any>, subject: TokenSubject, family: string, given: object): Promise<TokenPair> {
    const { userId, impersonatedBy } = subject
    const kid = await keys.signing(tenant.id)
    const key = keys.derive(tenant.id, kid)!
    const expiresAt = new Date(Math.floor((Date.now() + accessTtlMs) / 1000) * 1000)
    // As RFC 8693 names who acts. A claim of the application cannot stand in its place.
    const actor = { act: impersonatedBy === undefined ? undefined : { sub: impersonatedBy } }
    const signed = (typ: string, until: Date, more: object): Promise<string> =>
      new SignJWT({ ...more, ...actor, tid: tenant.id, fid: family, aud: tenant.id, sub: userId, jti: randomUUID() })
        .setProtectedHeader({ alg: algorithm, typ, kid })
        .setIssuedAt()
        .setExpirationTime(until)
        .sign(key)
    return {
      accessToken: await signed(accessType, expiresAt, withoutTimes(given)),
      refreshToken: await signed(refreshType, new Date(Date.now() + refreshTtlMs), {}),
      expiresAt,
    }
  }

  /** The claims of a genuine token of the tenant that is not over, and was not revoked. */
  async function believed(tenant: Tenant<any>, token: unknown, types: readonly string[]): Promise<Believed> {
    const { payload, kid } = await genuine(keys, tenant.id, token, types)
    // A used refresh token is found by `refresh`, which must tell it from one that was revoked.
    const { rows } = await catalog.query<Standing>(standingSql(tenant.id, kid, [payload.fid]))
    if (rows[0]?.has_key !== 'true') throw refused('key is over')
    if (rows[0].is_revoked === 'true') throw refused('revoked')
    return payload
  }

  async function revokeFamily(tenant: Tenant<any>, family: string, isReplay: boolean): Promise<void> {
    // Another process may sign with longer times, up to the most.
    const statement = revokeSql(tenant.id, family, new Date(Date.now() + mostTtlMs))
    await catalog.transaction(async (transaction) => {
      const { rows } = await transaction.query(statement)
      if (!isReplay || rows.length === 0) return
      await recordAction(transaction, { action: 'token.replayed', tenant, object: family })
    })
  }

  const tokens: Tokens = {
    async sign(subject, ref) {
      assertKnownKeys('tokens.sign', subject, ['userId', 'impersonatedBy'])
      const checked = checkedSubject(subject)
      const tenant = await tenantOf(ref)
      return pair(tenant, checked, randomUUID(), await claims(tenant, checked))
    },
    async refresh(token, ref) {
      const tenant = await tenantOf(ref)
      const payload = await believed(tenant, token, [refreshType])
      const { jti, fid, exp } = payload
      const subject = subjectOf(payload)
      // Asked before the token is used up: a failure leaves the user a token that works.
      const given = await claims(tenant, subject)
      const { rows } = await catalog.query(revokeSql(tenant.id, jti, new Date((exp + 60) * 1000)))
      if (rows.length > 0) return pair(tenant, subject, fid, given)
      await revokeFamily(tenant, fid, true)
      throw refused('replayed')
    },
    async verify(token, ref) {
      const tenant = await tenantOf(ref)
      const payload = await believed(tenant, token, [accessType])
      return Object.freeze({ tenantId: tenant.id, ...subjectOf(payload), claims: Object.freeze({ ...payload }) })
    },
    async revoke(token, ref) {
      const tenant = await tenantOf(ref)
      const { fid } = await believed(tenant, token, [accessType, refreshType])
      await revokeFamily(tenant, fid, false)
    },
    async rotate(ref, given = {}) {
      assertKnownKeys('tokens.rotate', given, ['graceMs'])
      const { graceMs = refreshTtlMs } = given
      assertWholeNumber('INVALID_ARGUMENT', '"graceMs" of tokens.rotate', 'graceMs', graceMs, { least: 0, most: mostTtlMs })
      await keys.rotate((await tenancy.tenants.get(ref)).id, graceMs)
    },
    userOf: async (request) => (await tokens.signedIn(request))?.userId,
    async signedIn(request) {
      const token = bearerOf(request)
      if (token === undefined || tenancy.tryCurrent() === undefined) return undefined
      try {
        const { userId, impersonatedBy } = await tokens.verify(token)
        return impersonatedBy === undefined ? { userId } : { userId, impersonatedBy }
      } catch (error) {
        if (tenancyErrorOf(error, 'TOKEN_REFUSED') === undefined) throw error
        return undefined
      }
    },
    required: () => (req, res, next) => {
      const decide = (userId: string | undefined): void => (userId === undefined ? send401(res) : next())
      tokens.userOf(req).then(decide, next)
    },
  }
  return Object.freeze(tokens)
}

const minute = 60_000
/** A year: a revoked family is remembered that long. */
const mostTtlMs = 366 * 24 * 60 * minute
const algorithm = 'HS256'
const accessType = 'at+jwt'
const refreshType = 'rt+jwt'

interface Standing extends Record<string, unknown> {
  readonly has_key: string
  readonly is_revoked: string
}

type Believed = JWTPayload & {
  readonly sub: string
  readonly jti: string
  readonly fid: string
  readonly exp: number
  readonly act?: { readonly sub: string }
}

function subjectOf({ sub, act }: Believed): { readonly userId: string; readonly impersonatedBy?: string } {
  return act === undefined ? { userId: sub } : { userId: sub, impersonatedBy: act.sub }
}

/** Checks all that needs no query, so that a stranger cannot cause one. */
async function genuine(
  keys: TokenKeys,
  tenantId: string,
  token: unknown,
  types: readonly string[],
): Promise<{ payload: Believed; kid: string }> {
  if (typeof token !== 'string' || token.length > 8192) throw refused('malformed')
  try {
    const { kid, typ } = decodeProtectedHeader(token)
    const key = keys.derive(tenantId, kid)
    if (key === undefined || !types.includes(typ as string)) throw refused('not signed for this')
    const requiredClaims = ['sub', 'jti', 'tid', 'fid', 'exp']
    const { payload } = await jwtVerify(token, key, { algorithms: [algorithm], audience: tenantId, requiredClaims })
    if (payload.aud !== tenantId || payload['tid'] !== tenantId) throw refused('other tenant')
    return { payload: payload as Believed, kid: kid! }
  } catch (error) {
    if (error instanceof errors.JWTExpired) throw refused('expired')
    if (tenancyErrorOf(error) !== undefined) throw error
    // What jose says may quote the token.
    throw refused('not genuine')
  }
}

function refused(reason: string): TenancyError {
  return new TenancyError('TOKEN_REFUSED', `The token was refused: ${reason}. The user must sign in again, at this tenant.`, {
    details: { reason },
  })
}

function send401(res: ServerResponse): void {
  const { status, headers, body } = problemAnswer('SIGN_IN_REQUIRED')
  res.writeHead(status, headers).end(body)
}

/** The times of a token are those of its options. */
function withoutTimes(claims: object): object {
  const { exp: _exp, nbf: _nbf, iat: _iat, ...others } = claims as JWTPayload
  return others
}

function checkedSubject({ userId, impersonatedBy }: TokenSubject): TokenSubject {
  for (const [option, value] of Object.entries({ userId, impersonatedBy })) {
    if (typeof value === 'string' ? value !== '' && value.length <= 255 : option === 'impersonatedBy' && value === undefined)
      continue
    throw new TenancyError(
      'INVALID_ARGUMENT',
      `"${option}" of tokens.sign must be a text of 1 to 255 characters; it is ${seen(value)}.`,
      { details: { what: 'tokens.sign', option } },
    )
  }
  return { userId, impersonatedBy }
}
