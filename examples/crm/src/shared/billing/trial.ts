/** The end of a trial, or of what was paid: the tenant is suspended, keeps its data, and can pay at its own host. */
import { suspendedMail } from '../../mail/mails.ts'
import type { Parts } from '../../parts.ts'

/** Days after the end of what was paid, in which a payment may come late. */
const graceDays = 7

/** Call it in the scope of a tenant. Repeatable. */
export async function endTrial({ tenancy, mailer }: Pick<Parts, 'tenancy' | 'mailer'>): Promise<void> {
  const { id, name } = tenancy.current()
  const { rows } = await tenancy.sharedPool.query(
    `update subscriptions set status = case status when 'ended' then status else 'overdue' end, changed_at = now()
     where tenant_id = $1
       and (status = 'trial' and trial_ends_at < now()
         or status = 'overdue'
         or status = 'active' and paid_until < now() - make_interval(days => $2)
         or status = 'ended' and coalesce(paid_until, now()) <= now())
     returning status`,
    [id, graceDays],
  )
  if (rows.length === 0) return
  const to = await ownersOf(tenancy)
  const url = await tenancy.url({ id }, '/')
  await tenancy.actingAs('job:end-trials', () => tenancy.tenants.suspend({ id }))
  for (const address of to) await mailer.send(suspendedMail({ to: address, tenant: name, url }))
}

async function ownersOf(tenancy: Parts['tenancy']): Promise<string[]> {
  const { members, pool } = tenancy
  const owners = (await members.list(tenancy.current(), { limit: 1000 })).filter(({ role }) => role === 'owner')
  const { rows } = await pool.query<{ email: string }>('select email from "user" where id = any($1)', [
    owners.map(({ userId }) => userId),
  ])
  return rows.map(({ email }) => email)
}
