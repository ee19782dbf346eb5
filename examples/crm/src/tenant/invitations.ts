/** The way in for colleagues: a mail with a link, and a page where they choose a password. */
import type { Response } from 'express'
import { memberOf } from 'partywall/express'
import { attempts } from '../api/attempts.ts'
import { clientAddress } from '../api/client-address.ts'
import { ApiProblem } from '../api/problems.ts'
import { route, type ApiRoute } from '../api/route.ts'
import * as schemas from '../api/schemas/members.ts'
import { session } from '../api/schemas/session.ts'
import { invitationMail } from '../mail/mails.ts'
import type { Parts } from '../parts.ts'
import { noteActivity } from '../records/activity.ts'
import { hashOf } from '../secret.ts'
import type { Passwords } from './passwords.ts'
import { sessionOf } from './session.ts'

type InvitationParts = Pick<Parts, 'tenancy' | 'users' | 'mailer'> & { passwords: Passwords }

export function invitationRoutes({ tenancy, users, mailer, passwords }: InvitationParts): ApiRoute[] {
  const tries = attempts({ most: 30, windowMs: 60_000 })
  const common = { side: 'tenant', rule: { can: 'members.manage' } } as const

  /** An invitation that is open. Its token is looked for in this tenant alone. */
  const lookUp = async (token: string) => {
    const { rows } = await tenancy.pool.query<{ invitation_id: string; invited_by: string | null }>(
      'select invitation_id, u.name as invited_by from invited left join "user" u on u.id = invited_by_id where token_hash = $1',
      [hashOf(token)],
    )
    const open = rows[0] === undefined ? undefined : (await openOnes()).find(({ id }) => id === rows[0]!.invitation_id)
    if (open === undefined) throw new ApiProblem(404, 'INVALID_INVITATION', 'This invitation does not exist, or it is over.')
    return { ...open, invitedBy: rows[0]!.invited_by }
  }
  const openOnes = async () =>
    (await tenancy.members.invitations(tenancy.current(), { limit: 1000 })).filter(({ state }) => state === 'open')

  /** Who has an account from before uses its password: an invitation is no way to replace it. */
  const accountOf = async (email: string, given: { name: string; password: string; client: string }): Promise<string> => {
    const { rows } = await tenancy.pool.query('select from "user" where email = $1', [email])
    if (rows.length > 0) return passwords.check({ email, password: given.password, client: given.client })
    const { id } = await users.users.create({ email, name: given.name, password: given.password, verified: true })
    return id
  }

  return [
    route({
      ...common,
      method: 'get',
      path: '/api/invitations',
      summary: 'The invitations that are open',
      answer: schemas.invitations,
      handle: async () => ({ items: await openOnes() }),
    }),
    route({
      ...common,
      method: 'post',
      path: '/api/invitations',
      summary: 'Invites a colleague by mail',
      body: schemas.newInvitation,
      answer: schemas.invitation,
      status: 201,
      handle: async ({ body, req }) => {
        const tenant = tenancy.current()
        const { userId } = memberOf(req)
        const seats = tenant.attributes.limits.members
        const taken = (await tenancy.members.list(tenant, { limit: 1000 })).length
        if (seats !== null && taken >= seats)
          throw new ApiProblem(402, 'PLAN_LIMIT', `Your plan has room for ${seats} members. A larger plan has more.`)
        const { token, ...invitation } = await tenancy.members.invite(tenant, body)
        const { rows } = await tenancy.pool.query<{ name: string }>(
          `with kept as (insert into invited (token_hash, invitation_id, invited_by_id) values ($1, $2, $3))
           select name from "user" where id = $3`,
          [hashOf(token), invitation.id, userId],
        )
        const [url, { mailFooter: footer }] = await Promise.all([tenancy.url(tenant, '/join'), tenancy.settings()])
        await mailer.send(
          // Behind `#`, so that no log of a server has the token.
          invitationMail({ to: body.email, tenant: tenant.name, invitedBy: rows[0]!.name, url: `${url}#${token}`, footer }),
        )
        await noteActivity(tenancy.pool, { userId, action: 'invited', kind: 'member', title: body.email })
        return invitation
      },
    }),
    route({
      ...common,
      method: 'delete',
      path: '/api/invitations/:id',
      summary: 'Ends an invitation',
      params: schemas.invitationParam,
      handle: async ({ params }) => {
        await tenancy.members.revokeInvitation(tenancy.current(), params.id)
      },
    }),
    route({
      method: 'post',
      path: '/api/invitations/look',
      side: 'tenant',
      rule: 'anyone',
      summary: 'Who is invited by a token',
      body: schemas.invitationToken,
      answer: schemas.invitationFacts,
      handle: async ({ body, req }) => {
        tries.count(clientAddress(req))
        const { email, role, invitedBy } = await lookUp(body.token)
        return { email, role, invitedBy, tenant: tenancy.current().name }
      },
    }),
    route({
      method: 'post',
      path: '/api/invitations/accept',
      side: 'tenant',
      rule: 'anyone',
      summary: 'Makes the account of who is invited, and signs it in',
      body: schemas.acceptance,
      answer: session,
      status: 201,
      handle: async ({ body, req, res }) => {
        const client = clientAddress(req)
        tries.count(client)
        const { email } = await lookUp(body.token)
        const userId = await accountOf(email, { ...body, client })
        const { role } = await tenancy.actingAs(`user:${userId}`, () => tenancy.members.accept(body.token, userId, { email }))
        await noteActivity(tenancy.pool, { userId, action: 'joined', kind: 'member', title: body.name })
        await signIn(res, email, body.password)
        return sessionOf(tenancy, { userId, role })
      },
    }),
  ]

  async function signIn(res: Response, email: string, password: string): Promise<void> {
    const { headers } = await users.call((api) => api.signInEmail({ body: { email, password }, returnHeaders: true }))
    for (const cookie of headers.getSetCookie()) res.append('set-cookie', cookie)
  }
}
