/** Who is here, in which tenant, and what they may do. */
import { memberOf } from 'partywall/express'
import { route, type ApiRoute } from '../api/route.ts'
import { permissions, place, session, type Session } from '../api/schemas/session.ts'
import type { Parts } from '../parts.ts'
import { subscriptionOf } from '../shared/subscriptions.ts'

type User = Session['user']

export function sessionRoutes({ tenancy }: Pick<Parts, 'tenancy'>): ApiRoute[] {
  return [
    route({
      method: 'get',
      path: '/api/place',
      side: 'tenant',
      rule: 'anyone',
      summary: 'The name of the tenant, for the page of the sign-in',
      answer: place,
      handle: () => {
        const { name, schema } = tenancy.current()
        return { name, address: schema }
      },
    }),
    route({
      method: 'get',
      path: '/api/session',
      side: 'tenant',
      rule: 'member',
      summary: 'Who is signed in, and what they may do',
      answer: session,
      handle: ({ req }) => sessionOf(tenancy, memberOf(req)),
    }),
  ]
}

/** Call it in the scope of the tenant. */
export async function sessionOf(tenancy: Parts['tenancy'], { userId, role }: { userId: string; role: string }): Promise<Session> {
  const tenant = tenancy.current()
  const [user, settings, subscription, roles] = await Promise.all([
    tenancy.pool.query<User>('select id, name, email, "jobTitle", "timeZone" from "user" where id = $1', [userId]),
    tenancy.settings(),
    subscriptionOf(tenancy.sharedPool, tenant.id),
    tenancy.members.roles(tenant),
  ])
  const can = roles.find(({ name }) => name === role)?.can ?? []
  return {
    user: user.rows[0]!,
    role,
    can: permissions.filter((permission) => role === 'owner' || can.includes(permission)),
    tenant: {
      id: tenant.id,
      name: tenant.name,
      address: tenant.schema,
      plan: tenant.attributes.plan,
      trialEndsAt: subscription?.status === 'trial' ? (subscription.trialEndsAt?.toISOString() ?? null) : null,
      currency: settings.currency,
      timeZone: settings.timeZone,
    },
  }
}
