/**
 * From the central host to the host of a tenant. A cookie of the central host is not sent to the hosts of tenants, and must not be: one of them would get the sessions of all. So a user who is signed in
 * centrally gets a token, which works once, at one address of one tenant, for a minute, in the browser that began; the tenant's host makes a session of its own from it.
 *
 * 1. The host of the tenant keeps a secret in a cookie of the browser, and sends the browser to the central host with the hash of it.
 * 2. The central host lets the user sign in, by whatever way the application has, checks that the user is a member, and sends the browser back with the token.
 * 3. The host of the tenant uses the token up, and sets its own cookie.
 */
import { createHash, randomBytes } from 'node:crypto'
import type { BetterAuthPlugin } from 'better-auth'
import { APIError, createAuthEndpoint, createAuthMiddleware, getSessionFromCtx } from 'better-auth/api'
import { setSessionCookie } from 'better-auth/cookies'
import { TenancyError, tenancyErrorOf } from '../../errors.ts'
import { switchedAs } from '../../http/shared/switch.ts'
import { assertKnownKeys } from '../../known-keys.ts'
import type { SwitchTenancy } from '../../ports/tenancy-like.ts'
import { seen } from '../../seen.ts'
import type { Tenant, TenantRef } from '../../types.ts'

export interface HandOverOptions {
  /**
   * The path of the page at the central host where users sign in. One who is not signed in is sent there, with the address to come back to in `callbackURL`, as Better Auth calls it: the page
   * passes it to `signIn.social({ callbackURL })`, or goes there after `signIn.email`. @default none: 401
   */
  signInPage?: string
}

/** What the hand-over calls of a tenancy. */
export interface HandOverTenancy extends SwitchTenancy<any> {
  tryCurrent(): Tenant<any> | undefined
  url(ref: TenantRef, path?: string): Promise<string>
  readonly members: SwitchTenancy<any>['members'] & {
    has(ref: { readonly id: string }, userId: string): Promise<boolean>
  }
}

/** @throws TenancyError INVALID_OPTION */
export function handOver(tenancy: HandOverTenancy, centralUrl: string, options: HandOverOptions): BetterAuthPlugin {
  assertKnownKeys('"handOver" of centralAuth', options, ['signInPage'], 'INVALID_OPTION')
  const { signInPage } = options
  if (signInPage !== undefined && !/^\/(?![/\\])/.test(signInPage)) throw invalidPage(signInPage)

  const begin = createAuthEndpoint('/hand-over', { method: 'GET' }, async (ctx) => {
    const { tenant: ref, path = '/', challenge } = (ctx.query ?? {}) as Record<string, unknown>
    const basePath = ctx.context.options.basePath ?? '/api/auth'
    const current = tenancy.tryCurrent()
    if (current !== undefined) {
      // Refused here and not at the end, when the user has signed in.
      await addressOf(current, path)
      const verifier = newSecret()
      setVerifier(ctx, verifier)
      const query = new URLSearchParams({ tenant: current.id, path: path as string, challenge: hashOf(verifier) })
      throw ctx.redirect(`${centralUrl}${basePath}/hand-over?${query.toString()}`)
    }
    if (typeof challenge !== 'string' || !isSecret(challenge)) throw new APIError('BAD_REQUEST', { code: 'BEGIN_AT_THE_TENANT' })
    const session = await getSessionFromCtx(ctx)
    if (session === null) {
      if (signInPage === undefined) throw new APIError('UNAUTHORIZED', { code: 'SIGN_IN_REQUIRED' })
      const back = new URLSearchParams({ tenant: String(ref), path: String(path), challenge })
      throw ctx.redirect(
        `${centralUrl}${signInPage}?${new URLSearchParams({ callbackURL: `${basePath}/hand-over?${back.toString()}` }).toString()}`,
      )
    }
    const tenant = await entered(ref, session.user.id)
    const url = await addressOf(tenant, path)
    const token = newSecret()
    await ctx.context.internalAdapter.createVerificationValue({
      identifier: identifierOf(token),
      value: JSON.stringify({ userId: session.user.id, tenantId: tenant.id, url, challenge } satisfies Ticket),
      expiresAt: new Date(Date.now() + 60_000),
    })
    throw ctx.redirect(`${await tenancy.url({ id: tenant.id }, `${basePath}/hand-over/accept`)}?token=${token}`)
  })

  const accept = createAuthEndpoint('/hand-over/accept', { method: 'GET' }, async (ctx) => {
    const tenant = tenancy.tryCurrent()
    const token = (ctx.query as Record<string, unknown> | undefined)?.['token']
    const verifier = ctx.getCookie(verifierName(ctx))
    if (tenant === undefined || typeof token !== 'string' || !isSecret(token) || verifier === null) throw refused()
    const kept = await ctx.context.internalAdapter.consumeVerificationValue(identifierOf(token))
    if (kept === null) throw refused()
    const { userId, tenantId, url, challenge } = JSON.parse(kept.value) as Ticket
    if (tenantId !== tenant.id || challenge !== hashOf(verifier)) throw refused()
    // Since then the user may have been removed, from the tenant or from all.
    const user = (await tenancy.members.has({ id: tenant.id }, userId))
      ? await ctx.context.internalAdapter.findUserById(userId)
      : null
    if (user === null) throw refused()
    const session = await ctx.context.internalAdapter.createSession(userId)
    await setSessionCookie(ctx, { session, user })
    ctx.setCookie(verifierName(ctx), '', { ...cookieOptions(ctx), maxAge: 0 })
    throw ctx.redirect(url)
  })

  /** The tenant, if the user is a member of it. The choice is in the audit. */
  async function entered(ref: unknown, userId: string): Promise<Tenant<any>> {
    const membership = await switchedAs(tenancy, { id: ref } as TenantRef, userId)
    if (membership === undefined) throw new APIError('FORBIDDEN', { code: 'SWITCH_REFUSED' })
    return membership.tenant
  }

  async function addressOf(tenant: Tenant<any>, path: unknown): Promise<string> {
    try {
      return await tenancy.url({ id: tenant.id }, path as string)
    } catch (error) {
      // The path comes from the request, and must not lead to another site.
      if (tenancyErrorOf(error, 'INVALID_ARGUMENT') === undefined) throw error
      throw new APIError('BAD_REQUEST', { code: 'INVALID_PATH' })
    }
  }

  return {
    id: 'partywall-hand-over',
    endpoints: { handOver: begin, acceptHandOver: accept },
    hooks: {
      before: [
        {
          // Calls of the application itself have no request.
          matcher: ({ path, request }) =>
            request !== undefined && tenancy.tryCurrent() !== undefined && !atTenants.has(path ?? ''),
          handler: createAuthMiddleware(async () => {
            throw new APIError('FORBIDDEN', { code: 'CENTRAL_HOST_ONLY' })
          }),
        },
      ],
    },
  } satisfies BetterAuthPlugin
}

/**
 * What there is at the host of a tenant. The rest is at the central host alone: a sign-in there would let in who is not a member, and the pages of a tenant must not change the account of a user
 * of other tenants.
 */
const atTenants = new Set(['/hand-over', '/hand-over/accept', '/get-session', '/sign-out', '/ok', '/error'])

interface Ticket {
  readonly userId: string
  readonly tenantId: string
  /** Where the browser goes in the end. */
  readonly url: string
  /** Of the browser that began. */
  readonly challenge: string
}

interface CookieContext {
  setCookie(name: string, value: string, options: object): unknown
  readonly context: { readonly baseURL: string }
}

function setVerifier(ctx: CookieContext, verifier: string): void {
  ctx.setCookie(verifierName(ctx), verifier, { ...cookieOptions(ctx), maxAge: 600 })
}

/** With the prefix that lets no sibling host set it: else a page of another tenant could sign a user in as someone else here. */
function verifierName({ context }: Pick<CookieContext, 'context'>): string {
  return isSecure(context.baseURL) ? '__Host-partywall_hand_over' : 'partywall_hand_over'
}

function isSecure(baseURL: string): boolean {
  return baseURL.startsWith('https:')
}

/** For this host alone, and not for scripts; sent when the browser comes back from the central host. */
function cookieOptions({ context }: CookieContext): object {
  return { httpOnly: true, sameSite: 'lax', path: '/', secure: isSecure(context.baseURL) }
}

function newSecret(): string {
  return randomBytes(32).toString('base64url')
}

function isSecret(text: string): boolean {
  return /^[\w-]{43}$/.test(text)
}

function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url')
}

/** The database holds no token that works. */
function identifierOf(token: string): string {
  return `hand-over:${hashOf(token)}`
}

/** One answer for every reason. */
function refused(): APIError {
  return new APIError('UNAUTHORIZED', { code: 'TOKEN_REFUSED' })
}

function invalidPage(page: unknown): TenancyError {
  return new TenancyError(
    'INVALID_OPTION',
    `"signInPage" of centralAuth must be a path of the central host, such as "/sign-in"; it is ${seen(page, 'quoted')}.`,
    { details: { what: 'centralAuth', option: 'handOver.signInPage', seen: seen(page, 'quoted') } },
  )
}
