import type { RequestHandler } from 'express'
import { attempts } from '../../api/attempts.ts'
import { clientAddress } from '../../api/client-address.ts'
import { ApiProblem } from '../../api/problems.ts'
import { route, type ApiRoute } from '../../api/route.ts'
import { away, billing as billingSchema, checkout, plans, type Billing } from '../../api/schemas/billing.ts'
import type { Parts } from '../../parts.ts'
import { readPlans, trialDays } from '../plans.ts'
import { subscriptionOf } from '../subscriptions.ts'
import { applyEvent } from './apply-event.ts'
import { SignatureRefused } from './provider.ts'

export function billingRoutes({ tenancy, billing, files }: Pick<Parts, 'tenancy' | 'billing' | 'files'>): ApiRoute[] {
  const priceList = async () => ({ items: await readPlans(tenancy.sharedPool), trialDays })
  const listed = {
    method: 'get',
    path: '/api/plans',
    rule: 'anyone',
    summary: 'The plans and their prices',
    answer: plans,
  } as const

  const read = async (): Promise<Billing> => {
    const tenant = tenancy.current()
    const [subscription, members, records, used] = await Promise.all([
      subscriptionOf(tenancy.sharedPool, tenant.id),
      tenancy.members.list(tenant, { limit: 1000 }),
      tenancy.pool.query<{ total: number }>('select total from record_count'),
      files.usage(),
    ])
    return {
      plan: tenant.attributes.plan,
      status: subscription?.status ?? 'active',
      trialEndsAt: subscription?.trialEndsAt?.toISOString() ?? null,
      paidUntil: subscription?.paidUntil?.toISOString() ?? null,
      limits: tenant.attributes.limits,
      used: { members: members.length, records: records.rows[0]!.total, fileBytes: used.bytes },
    }
  }

  return [
    route({ ...listed, side: 'shared', handle: priceList }),
    route({ ...listed, side: 'tenant', handle: priceList }),
    route({
      method: 'get',
      path: '/api/billing',
      side: 'tenant',
      rule: 'member',
      summary: 'What was bought, and what of it is used',
      answer: billingSchema,
      handle: read,
    }),
    route({
      method: 'post',
      path: '/api/billing/checkout',
      side: 'tenant',
      rule: { can: 'billing.manage' },
      summary: 'The address where a plan is paid',
      body: checkout,
      answer: away,
      handle: async ({ body }) => {
        const { id } = tenancy.current()
        return billing.checkout({ tenantId: id, plan: body.plan, returnUrl: await tenancy.url({ id }, '/settings/billing') })
      },
    }),
    route({
      method: 'post',
      path: '/api/billing/portal',
      side: 'tenant',
      rule: { can: 'billing.manage' },
      summary: "The provider's page with invoices, where a customer cancels",
      answer: away,
      handle: async () => {
        const { id, attributes } = tenancy.current()
        return billing.portal({ tenantId: id, plan: attributes.plan, returnUrl: await tenancy.url({ id }, '/settings/billing') })
      },
    }),
  ]
}

/** What a tenant that is suspended still has: the price list, and the way to pay. It is no sign-in, and shows nothing of the tenant: a payment opens it. */
export function suspendedApi({ tenancy, billing }: Pick<Parts, 'tenancy' | 'billing'>) {
  const tries = attempts({ most: 20, windowMs: 60_000 })
  return async (tenantId: string, req: Parameters<RequestHandler>[0]): Promise<object | undefined> => {
    if (req.method === 'GET' && req.path === '/api/plans') return { items: await readPlans(tenancy.sharedPool), trialDays }
    if (req.method !== 'POST' || req.path !== '/api/reactivation') return undefined
    tries.count(clientAddress(req))
    const { plan } = checkout.parse(req.body)
    return billing.checkout({ tenantId, plan, returnUrl: await tenancy.url({ id: tenantId }, '/') })
  }
}

/** `POST /api/billing/webhook`, for the provider. It needs the bytes as they came. */
export function webhookRoute({ tenancy, billing }: Pick<Parts, 'tenancy' | 'billing'>): ApiRoute {
  return route({
    method: 'post',
    path: '/api/billing/webhook',
    side: 'shared',
    rule: 'anyone',
    summary: 'Messages of the provider of payments, with its signature',
    handle: async ({ req }) => {
      const body: unknown = req.body
      if (!Buffer.isBuffer(body)) throw new ApiProblem(400, 'UNREADABLE_REQUEST', 'The request cannot be read.')
      await applyEvent(tenancy, readEvent(body))
      function readEvent(bytes: Buffer) {
        try {
          return billing.event({ headers: req.headers, body: bytes })
        } catch (error) {
          if (error instanceof SignatureRefused) throw new ApiProblem(401, 'SIGNATURE_REFUSED', 'The signature is not accepted.')
          throw error
        }
      }
    },
  })
}
