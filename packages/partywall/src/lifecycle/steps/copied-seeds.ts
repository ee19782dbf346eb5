/** A copy of rows holds what seeds have written. So these seeds count as run where the rows are copied to: otherwise they would write them twice. */
import type { Queryable } from '../../sql/statement.ts'
import type { Tenant } from '../../types.ts'
import { doneSeedsSql, insertCopiedSeedsSql } from './steps-sql.ts'

/** A seed that has run where rows were copied from. */
export interface DoneSeed {
  readonly name: string
  /** The set that it belongs to; null for those of every new tenant. */
  readonly set: string | null
}

export async function doneSeedsOf(queryable: Queryable, { id }: Pick<Tenant<any>, 'id'>): Promise<readonly DoneSeed[]> {
  return (await queryable.query<DoneSeed & Record<string, unknown>>(doneSeedsSql(id))).rows
}

/** Inside the transaction that makes the tenant, before its steps are recorded. */
export async function recordCopiedSeeds(
  transaction: Queryable,
  { id }: Pick<Tenant<any>, 'id'>,
  seeds: readonly DoneSeed[],
): Promise<void> {
  if (seeds.length > 0) await transaction.query(insertCopiedSeedsSql(id, seeds))
}
