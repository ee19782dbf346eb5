/** What each tenant has bought. */
import type { Pool } from 'pg'
import type { Billing, PlanId } from '../api/schemas/billing.ts'
import { trialDays } from './plans.ts'

export interface Subscription {
  readonly plan: PlanId
  readonly status: Billing['status']
  readonly trialEndsAt: Date | null
  readonly paidUntil: Date | null
}

export async function subscriptionOf(sharedPool: Pool, tenantId: string): Promise<Subscription | undefined> {
  const { rows } = await sharedPool.query<Subscription>(
    `select plan, status, trial_ends_at as "trialEndsAt", paid_until as "paidUntil" from subscriptions where tenant_id = $1`,
    [tenantId],
  )
  return rows[0]
}

export async function beginTrial(sharedPool: Pool, tenantId: string, plan: PlanId): Promise<void> {
  await sharedPool.query(
    `insert into subscriptions (tenant_id, plan, status, trial_ends_at) values ($1, $2, 'trial', now() + make_interval(days => $3))
     on conflict (tenant_id) do nothing`,
    [tenantId, plan, trialDays],
  )
}
