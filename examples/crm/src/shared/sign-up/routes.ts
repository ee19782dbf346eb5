import { Router } from 'express'
import { requireShared } from 'partywall/express'
import { clientAddress } from '../../api/client-address.ts'
import { notFound } from '../../api/problems.ts'
import { route, type ApiRoute } from '../../api/route.ts'
import { addressAnswer, addressQuery, signedUp, signUp as signUpSchema } from '../../api/schemas/sign-up.ts'
import type { Parts } from '../../parts.ts'
import { hashOf, isSecret } from '../../secret.ts'
import { letIn } from '../../tenant/entrance.ts'
import { cookieOf } from '../../web/cookie.ts'
import { lookAtAddress } from './addresses.ts'
import { signUp } from './sign-up.ts'

type SignUpParts = Pick<Parts, 'tenancy' | 'users' | 'mailer' | 'environment'>

const cookieName = (appUrl: string) => (appUrl.startsWith('https:') ? '__Host-crm_sign_up' : 'crm_sign_up')

export function signUpRoutes(parts: SignUpParts): ApiRoute[] {
  const { appUrl } = parts.environment
  return [
    route({
      method: 'get',
      path: '/api/sign-up/address',
      side: 'shared',
      rule: 'anyone',
      summary: 'Whether an address can be had',
      query: addressQuery,
      answer: addressAnswer,
      handle: ({ query }) => lookAtAddress(parts.tenancy, query.address),
    }),
    route({
      method: 'post',
      path: '/api/sign-up',
      side: 'shared',
      rule: 'anyone',
      summary: 'A new tenant with its owner',
      body: signUpSchema,
      answer: signedUp,
      status: 201,
      handle: async ({ body, req, res }) => {
        const { tenant, url, entry } = await signUp(parts, body, clientAddress(req))
        // For this host alone: the tenant's host gets a cookie of its own, by `/enter`.
        res.cookie(cookieName(appUrl), entry, {
          httpOnly: true,
          sameSite: 'lax',
          secure: appUrl.startsWith('https:'),
          path: '/',
          maxAge: 600_000,
        })
        return { address: tenant.schema, url, enter: `${url}/api/auth/enter` }
      },
    }),
  ]
}

/** `/enter` of the public site: the browser that has signed up comes from its tenant's host, and goes back with a token. See tenant/entrance.ts. */
export function enterRouter({ tenancy, environment: { appUrl } }: SignUpParts): Router {
  const router = Router()
  router.get('/enter', requireShared(), async (req, res) => {
    const { tenant: tenantId, challenge } = req.query
    const entry = cookieOf(req, cookieName(appUrl))
    res.clearCookie(cookieName(appUrl), { path: '/', secure: appUrl.startsWith('https:') })
    res.set('cache-control', 'no-store')
    if (typeof tenantId !== 'string' || !isSecret(challenge) || !isSecret(entry)) throw notFound()
    const { rows } = await tenancy.sharedPool.query<{ tenant_id: string; user_id: string }>(
      `update sign_ups set entry_hash = null
       where entry_hash = $1 and tenant_id::text = $2 and entry_expires_at > now()
       returning tenant_id, user_id`,
      [hashOf(entry), tenantId],
    )
    if (rows[0] === undefined) throw notFound()
    const { tenant_id: id, user_id: userId } = rows[0]
    const token = await tenancy.run({ id }, () => letIn(tenancy.pool, userId, challenge))
    res.redirect(`${await tenancy.url({ id }, '/api/auth/enter/accept')}?token=${token}`)
  })
  return router
}
