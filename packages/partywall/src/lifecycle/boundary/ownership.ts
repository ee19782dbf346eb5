/** Gives what is in a schema to the deploy role, as far as the server permits it. */
import { readJson } from '../../sql/json-rows.ts'
import type { Queryable } from '../../sql/statement.ts'
import { giveToSql, ownedByOthersSql, type OwnedByOther } from './ownership-sql.ts'

export interface Ownership {
  /** Roles that owned something, and own it no more. They need rights now. */
  readonly formerOwners: readonly string[]
  /** What the deploy role may not take, with its owner, e.g. `table acme.projects of "old"`. */
  readonly left: readonly string[]
}

/** One statement, and one more if there is something to give. ALTER … OWNER locks each table for a moment against all others. */
export async function takeOwnership(transaction: Queryable, schema: string, deploy: string): Promise<Ownership> {
  const rows = await readJson<OwnedByOther>(transaction, ownedByOthersSql(schema))
  const mine = rows.filter(({ may_alter }) => may_alter)
  if (mine.length > 0) await transaction.query({ text: mine.map(({ object }) => giveToSql(object, deploy)).join('\n') })
  return {
    formerOwners: [...new Set(mine.map(({ owner }) => owner))],
    left: rows.filter(({ may_alter }) => !may_alter).map(({ object, owner }) => `${object} of ${JSON.stringify(owner)}`),
  }
}
