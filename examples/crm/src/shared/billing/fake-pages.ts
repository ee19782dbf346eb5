/** The pages of the fake provider: `/pay/<checkout>` of the public site. A real provider has them at its own host, where no cookie of this app goes. */
import { randomUUID } from 'node:crypto'
import { request } from 'node:http'
import express, { Router } from 'express'
import { requireShared } from 'partywall/express'
import { z } from 'zod'
import { notFound } from '../../api/problems.ts'
import type { PlanId } from '../../api/schemas/billing.ts'
import type { Parts } from '../../parts.ts'
import { html, page } from '../../web/html.ts'
import { formsToTenants } from '../../web/security-headers.ts'
import { planOf } from '../plans.ts'
import { signedMessage } from './fake-provider.ts'
import type { BillingEvent } from './provider.ts'

interface Checkout {
  readonly tenant_id: string
  readonly plan: PlanId
  readonly return_url: string
}

const month = 30 * 86_400_000

export function fakePages({ tenancy, environment }: Pick<Parts, 'tenancy' | 'environment'>): Router {
  const router = Router()
  const find = async (id: unknown): Promise<Checkout> => {
    const { data } = z.uuid().safeParse(id)
    const { rows } = await tenancy.sharedPool.query<Checkout>(
      'select tenant_id, plan, return_url from fake_checkouts where id = $1 and expires_at > now()',
      [data ?? null],
    )
    if (rows[0] === undefined) throw notFound()
    return rows[0]
  }

  router.get('/pay/:id', requireShared(), async (req, res) => {
    const { plan: planId } = await find(req.params['id'])
    const plan = await planOf(tenancy.sharedPool, planId)
    const price = new Intl.NumberFormat('en', { style: 'currency', currency: plan.currency }).format(plan.priceCents / 100)
    res.set({ 'cache-control': 'no-store', 'content-security-policy': formsToTenants(environment.appUrl) })
    res.send(
      page(
        'Pay',
        html`<h1>${plan.name}, ${price} a month</h1>
          <p>This page stands for that of a company that takes payments. No money moves.</p>
          <form method="post">
            <button name="action" value="pay">Pay ${price}</button>
            <button name="action" value="cancel">Cancel the subscription</button>
            <button name="action" value="back">Back</button>
          </form>`,
      ),
    )
  })

  router.post('/pay/:id', requireShared(), express.urlencoded({ extended: false, limit: '1kb' }), async (req, res) => {
    const { tenant_id: tenantId, plan, return_url: returnUrl } = await find(req.params['id'])
    const { action } = z.object({ action: z.enum(['pay', 'cancel', 'back']) }).parse(req.body ?? {})
    if (action === 'pay') await send({ id: randomUUID(), type: 'paid', tenantId, plan, paidUntil: new Date(Date.now() + month) })
    if (action === 'cancel') await send({ id: randomUUID(), type: 'cancelled', tenantId })
    res.redirect(303, returnUrl)
  })

  /** Over HTTP, as from another machine. */
  const send = (event: BillingEvent): Promise<void> => {
    const { body, headers } = signedMessage(environment, event)
    const { host } = new URL(environment.appUrl)
    return new Promise((resolve, reject) => {
      const sending = request(
        {
          host: '127.0.0.1',
          port: environment.port,
          path: '/api/billing/webhook',
          method: 'POST',
          headers: { ...headers, host, 'content-type': 'application/json', 'content-length': body.length },
        },
        (answer) => {
          answer.resume()
          if (answer.statusCode === 204) resolve()
          else reject(new Error(`The webhook answered ${answer.statusCode}.`))
        },
      )
      sending.on('error', reject)
      sending.end(body)
    })
  }
  return router
}
