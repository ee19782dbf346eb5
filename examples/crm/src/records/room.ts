/** The limit of the plan on records. */
import type { ClientBase } from 'pg'
import { ApiProblem } from '../api/problems.ts'
import type { Limits } from '../api/schemas/billing.ts'

/**
 * Call it behind the inserts, in their transaction: triggers have counted them, and hold the count until the end, so that two transactions cannot pass the limit together.
 * @throws ApiProblem 402
 */
export async function assertRoom(client: ClientBase, { records }: Limits): Promise<void> {
  if (records === null) return
  const { rows } = await client.query<{ total: number }>('select total from record_count')
  if (rows[0]!.total > records)
    throw new ApiProblem(
      402,
      'PLAN_LIMIT',
      `Your plan has room for ${records} records, and they are used up. A larger plan has more.`,
    )
}
