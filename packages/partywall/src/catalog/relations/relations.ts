/**
 * The relations that a tenant should have. A tenant whose table was dropped by hand uses a shared table of this name; where no other tenant has the table
 * any more, only these names tell that there was one.
 */
import type { Queryable } from '../../sql/statement.ts'
import { lostSql, recordAllSql, recordNewSql } from './relations-sql.ts'

export class Relations {
  /** Those whose names are kept. A process creates tenants with few histories: that of its files. */
  readonly #recorded = new Set<string>()

  /**
   * Keeps what a new tenant has. Costs a query for the first tenant with these migrations, and nothing afterwards.
   * @param queryable the transaction that creates it
   * @returns to be called when it is committed
   */
  async recordNew(queryable: Queryable, { kind, schema }: { kind: string; schema: string }, digest: string): Promise<() => void> {
    const key = JSON.stringify([kind, digest])
    if (!this.#recorded.has(key)) await queryable.query(recordNewSql(kind, schema))
    return () => void this.#recorded.add(key)
  }

  /** After a run of migrations: the process cannot know which histories its tenants have now. */
  async recordAll(queryable: Queryable): Promise<void> {
    this.#recorded.clear()
    await queryable.query(recordAllSql)
  }
}

export interface LostRelation {
  /** Of the tenant. */
  readonly id: string
  readonly schema: string
  readonly name: string
}

/**
 * What tenants lack, and one of these schemas has. One query for all tenants.
 * @param schemas those that the search path has behind the tenant's
 */
export async function lostRelations(queryable: Queryable, schemas: readonly string[]): Promise<readonly LostRelation[]> {
  return (await queryable.query<LostRelation & Record<string, unknown>>(lostSql(schemas))).rows
}
