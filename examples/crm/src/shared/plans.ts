/** The price list, in the shared schema: all tenants buy from the same. */
import type { Pool } from 'pg'
import type { Plan, PlanId } from '../api/schemas/billing.ts'

export const trialDays = 14

interface PlanRow {
  readonly id: PlanId
  readonly name: string
  readonly description: string
  readonly price_cents: number
  readonly currency: string
  readonly members: number | null
  readonly records: number | null
  readonly file_bytes: number | null
}

export async function readPlans(sharedPool: Pool): Promise<Plan[]> {
  const { rows } = await sharedPool.query<PlanRow>(
    `select id, name, description, price_cents, currency, members, records, file_bytes::float8 as file_bytes from plans order by position`,
  )
  return rows.map(({ id, name, description, price_cents: priceCents, currency, members, records, file_bytes: fileBytes }) => ({
    id,
    name,
    description,
    priceCents,
    currency,
    limits: { members, records, fileBytes },
  }))
}

/** @throws Error for a plan that the list does not have */
export async function planOf(sharedPool: Pool, id: PlanId): Promise<Plan> {
  const plan = (await readPlans(sharedPool)).find((each) => each.id === id)
  if (plan === undefined) throw new Error(`The table plans has no plan ${JSON.stringify(id)}.`)
  return plan
}
