/** What a message of the provider changes: the subscription, the plan of the tenant, and whether it is served. */
import type { CrmTenancy } from '../../tenancy.ts'
import { inTransaction } from '../../transaction.ts'
import { planOf } from '../plans.ts'
import type { BillingEvent } from './provider.ts'

/** Repeatable: a provider sends a message again when it got no answer. Resolves to whether the message was new. */
export async function applyEvent(tenancy: CrmTenancy, event: BillingEvent): Promise<boolean> {
  const { sharedPool } = tenancy
  const { rows } = await sharedPool.query('select from billing_events where id = $1', [event.id])
  if (rows.length > 0) return false
  const ref = { id: event.tenantId }
  const tenant = await tenancy.tenants.find(ref)
  if (tenant === undefined) return false
  if (event.type === 'paid') {
    const { limits } = await planOf(sharedPool, event.plan)
    await sharedPool.query(
      `insert into subscriptions (tenant_id, plan, status, paid_until) values ($1, $2, 'active', $3)
       on conflict (tenant_id) do update set plan = excluded.plan, status = 'active', paid_until = excluded.paid_until, changed_at = now()`,
      [event.tenantId, event.plan, event.paidUntil],
    )
    await tenancy.tenants.update(ref, { attributes: { plan: event.plan, limits } })
    if (tenant.status === 'suspended') await tenancy.tenants.activate(ref)
  } else {
    await inTransaction(sharedPool, async (client) => {
      await client.query(`update subscriptions set status = 'ended', changed_at = now() where tenant_id = $1`, [event.tenantId])
    })
  }
  // Last: a message whose work failed in the middle is done again.
  await sharedPool.query('insert into billing_events (id) values ($1) on conflict do nothing', [event.id])
  return true
}
