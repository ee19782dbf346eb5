/** A provider for development: one page with a button, and messages with a signature, as real ones send them. */
import { createHmac, randomUUID, timingSafeEqual } from 'node:crypto'
import type { Pool } from 'pg'
import { z } from 'zod'
import { planId } from '../../api/schemas/billing.ts'
import { secretFor, type Environment } from '../../environment.ts'
import { SignatureRefused, type BillingEvent, type BillingProvider } from './provider.ts'

const message = z.discriminatedUnion('type', [
  z.object({ id: z.uuid(), type: z.literal('paid'), tenantId: z.uuid(), plan: planId, paidUntil: z.coerce.date() }),
  z.object({ id: z.uuid(), type: z.literal('cancelled'), tenantId: z.uuid() }),
])

const signatureHeader = 'fake-signature'
const toleranceSeconds = 300

export function createFakeProvider(sharedPool: Pool, environment: Environment): BillingProvider {
  const order: BillingProvider['checkout'] = async ({ tenantId, plan, returnUrl }) => {
    const id = randomUUID()
    await sharedPool.query(
      `insert into fake_checkouts (id, tenant_id, plan, return_url, expires_at) values ($1, $2, $3, $4, now() + interval '1 hour')`,
      [id, tenantId, plan, returnUrl],
    )
    return { url: `${environment.appUrl}/pay/${id}` }
  }
  return {
    checkout: order,
    portal: order,
    event({ headers, body }) {
      const parts = /^t=(\d{1,12}),v1=([0-9a-f]{64})$/.exec(String(headers[signatureHeader]))
      if (parts === null) throw new SignatureRefused('no signature')
      const [, at, signature] = parts
      if (Math.abs(Date.now() / 1000 - Number(at)) > toleranceSeconds) throw new SignatureRefused('too old')
      const expected = macOf(environment, at!, body)
      if (!timingSafeEqual(Buffer.from(signature!, 'hex'), expected)) throw new SignatureRefused('another signature')
      return message.parse(JSON.parse(body.toString('utf8')))
    },
  }
}

/** What the fake provider sends. */
export function signedMessage(environment: Environment, event: BillingEvent, at = new Date()) {
  const body = Buffer.from(JSON.stringify(event))
  const seconds = String(Math.floor(at.getTime() / 1000))
  return { body, headers: { [signatureHeader]: `t=${seconds},v1=${macOf(environment, seconds, body).toString('hex')}` } }
}

function macOf(environment: Environment, seconds: string, body: Buffer): Buffer {
  return createHmac('sha256', secretFor('billing', environment)).update(`${seconds}.`).update(body).digest()
}
