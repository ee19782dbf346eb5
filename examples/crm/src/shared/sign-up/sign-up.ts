/** A sign-up: a tenant from the pool of ready schemas, its owner, the trial. All of it, or nothing of it is left. */
import { tenancyErrorOf } from 'partywall'
import type { z } from 'zod'
import { ApiProblem } from '../../api/problems.ts'
import type { signUp as signUpSchema } from '../../api/schemas/sign-up.ts'
import { welcomeMail } from '../../mail/mails.ts'
import type { Parts } from '../../parts.ts'
import { hashOf, newSecret } from '../../secret.ts'
import type { CrmTenant } from '../../tenancy.ts'
import { planOf, trialDays } from '../plans.ts'
import { beginTrial } from '../subscriptions.ts'
import { reservedAddress, takenAddress } from './addresses.ts'
import { isReserved } from './reserved.ts'

export interface SignedUpTenant {
  readonly tenant: CrmTenant
  readonly url: string
  /** Of the browser that signed up: it may enter once, in ten minutes. */
  readonly entry: string
}

type SignUpParts = Pick<Parts, 'tenancy' | 'users' | 'mailer' | 'environment'>

/**
 * @param client from where the request comes
 * @throws ApiProblem 409 for an address that cannot be had, 429
 */
export async function signUp(parts: SignUpParts, given: z.output<typeof signUpSchema>, client: string): Promise<SignedUpTenant> {
  const { tenancy, users, mailer } = parts
  const { company, address, name, email, password, plan } = given
  if (isReserved(address)) throw reservedAddress()
  const attempt = await countAttempt(parts, client)
  const { limits } = await planOf(tenancy.sharedPool, plan)
  const tenant = await createTenant(parts, { schema: address, name: company, attributes: { plan, limits } })
  try {
    const owner = await tenancy.run(tenant, () => users.users.create({ email, name, password }))
    const entry = newSecret()
    await allOf([
      tenancy.members.add(tenant, owner.id, { role: 'owner' }),
      beginTrial(tenancy.sharedPool, tenant.id, plan),
      tenancy.sharedPool.query(
        `update sign_ups set tenant_id = $2, user_id = $3, entry_hash = $4, entry_expires_at = now() + interval '10 minutes' where id = $1`,
        [attempt, tenant.id, owner.id, hashOf(entry)],
      ),
    ])
    const url = new URL(await tenancy.url(tenant)).origin
    mailer.post(welcomeMail({ to: email, name, tenant: company, url, trialDays }))
    return { tenant, url, entry }
  } catch (error) {
    // The address is free again.
    await tenancy.tenants
      .delete({ id: tenant.id }, { confirm: tenant.schema, sharedRows: 'delete' })
      .catch((failure: unknown) => {
        console.error(`crm: the tenant ${tenant.schema} of a sign-up that failed is left:`, failure)
      })
    throw error
  }
}

/** At the same time. All have ended when it rejects, so what is removed then stays removed. */
async function allOf(work: readonly Promise<unknown>[]): Promise<void> {
  const failed = (await Promise.allSettled(work)).find(({ status }) => status === 'rejected')
  if (failed !== undefined) throw (failed as PromiseRejectedResult).reason
}

/** The attempt is written before it is counted, so that two at once see each other. */
async function countAttempt({ tenancy, environment }: SignUpParts, client: string): Promise<string> {
  const { rows } = await tenancy.sharedPool.query<{ id: string }>('insert into sign_ups (client) values ($1) returning id', [
    client,
  ])
  const counted = await tenancy.sharedPool.query<{ count: number }>(
    `select count(*)::int as count from sign_ups where client = $1 and at > now() - interval '1 hour'`,
    [client],
  )
  if (counted.rows[0]!.count > environment.signUpsPerHour)
    throw new ApiProblem(429, 'TOO_MANY_SIGN_UPS', 'Too many sign-ups from your network. Try again in an hour.', {
      retryAfterSeconds: 3600,
    })
  return rows[0]!.id
}

async function createTenant(
  { tenancy }: SignUpParts,
  input: Parameters<Parts['tenancy']['tenants']['create']>[0],
): Promise<CrmTenant> {
  try {
    return await tenancy.actingAs('sign-up', () => tenancy.tenants.create(input))
  } catch (error) {
    if (tenancyErrorOf(error, 'SCHEMA_EXISTS') !== undefined) throw takenAddress()
    // A name that partywall keeps for itself.
    if (tenancyErrorOf(error, 'INVALID_SCHEMA_NAME') !== undefined) throw reservedAddress()
    throw error
  }
}
