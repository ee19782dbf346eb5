/**
 * The way of a new owner from the public site, where the sign-up was, to the tenant's host, which has cookies of its own. A token in the address alone would sign in each browser that opens the address;
 * so it works once, for a minute, at one tenant, in the browser that signed up.
 *
 * 1. `enter` at the tenant keeps a secret in a cookie, and sends the browser to the public site with the hash of it.
 * 2. The public site knows the browser by the cookie of its sign-up, and sends it back with a token (`letIn`).
 * 3. `enter/accept` at the tenant uses the token up, and begins the session.
 */
import type { BetterAuthPlugin } from 'better-auth'
import { createAuthEndpoint } from 'better-auth/api'
import { setSessionCookie } from 'better-auth/cookies'
import type { Pool } from 'pg'
import { hashOf, isSecret, newSecret } from '../secret.ts'

interface EntranceTenancy {
  readonly pool: Pool
  current(): { readonly id: string }
}

export function entrance(tenancy: EntranceTenancy, appUrl: string): BetterAuthPlugin {
  const isSecure = appUrl.startsWith('https:')
  const cookie = isSecure ? '__Host-crm_enter' : 'crm_enter'
  const options = { httpOnly: true, sameSite: 'lax', path: '/', secure: isSecure } as const

  const enter = createAuthEndpoint('/enter', { method: 'GET' }, async (ctx) => {
    const verifier = newSecret()
    ctx.setCookie(cookie, verifier, { ...options, maxAge: 600 })
    const query = new URLSearchParams({ tenant: tenancy.current().id, challenge: hashOf(verifier) })
    throw ctx.redirect(`${appUrl}/enter?${query.toString()}`)
  })

  const accept = createAuthEndpoint('/enter/accept', { method: 'GET' }, async (ctx) => {
    const { token } = (ctx.query ?? {}) as { token?: unknown }
    const verifier = ctx.getCookie(cookie)
    ctx.setCookie(cookie, '', { ...options, maxAge: 0 })
    // A person who opens an address that is over may still sign in with the password.
    if (!isSecret(token) || !isSecret(verifier)) throw ctx.redirect('/sign-in')
    const { rows } = await tenancy.pool.query<{ user_id: string; challenge: string; is_open: boolean }>(
      'delete from entrances where token_hash = $1 returning user_id, challenge, expires_at > now() as is_open',
      [hashOf(token)],
    )
    const [kept] = rows
    if (kept === undefined || !kept.is_open || kept.challenge !== hashOf(verifier)) throw ctx.redirect('/sign-in')
    const user = await ctx.context.internalAdapter.findUserById(kept.user_id)
    if (user === null) throw ctx.redirect('/sign-in')
    const session = await ctx.context.internalAdapter.createSession(user.id)
    await setSessionCookie(ctx, { session, user })
    throw ctx.redirect('/')
  })

  return { id: 'crm-entrance', endpoints: { enter, acceptEntrance: accept } } satisfies BetterAuthPlugin
}

/** The token for a browser that began at the tenant. Call it in the scope of the tenant. */
export async function letIn(pool: Pool, userId: string, challenge: string): Promise<string> {
  const token = newSecret()
  await pool.query(
    `insert into entrances (token_hash, user_id, challenge, expires_at) values ($1, $2, $3, now() + interval '1 minute')`,
    [hashOf(token), userId, challenge],
  )
  return token
}
