import { z } from 'zod'
import { moment } from './common.ts'

export const planId = z.enum(['starter', 'growth', 'scale'])
export const limits = z.object({
  members: z.int().nullable(),
  /** Customers, leads, projects, tasks and notes together. */
  records: z.int().nullable(),
  fileBytes: z.number().nullable(),
})
const plan = z
  .object({
    id: planId,
    name: z.string(),
    description: z.string(),
    priceCents: z.int(),
    currency: z.string(),
    limits,
  })
  .meta({ id: 'Plan' })
export const plans = z.object({ items: z.array(plan), trialDays: z.int() })

export const billing = z
  .object({
    plan: planId,
    status: z.enum(['trial', 'active', 'overdue', 'ended']),
    trialEndsAt: moment.nullable(),
    paidUntil: moment.nullable(),
    limits,
    used: z.object({ members: z.int(), records: z.int(), fileBytes: z.number() }),
  })
  .meta({ id: 'Billing' })

export const checkout = z.strictObject({ plan: planId })
/** An address of the provider: go there with the whole page. */
export const away = z.object({ url: z.url() }).meta({ id: 'Away' })

export type PlanId = z.infer<typeof planId>
export type Plan = z.infer<typeof plan>
export type Billing = z.infer<typeof billing>
export type Limits = z.infer<typeof limits>
