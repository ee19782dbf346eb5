/**
 * Drops what is in the schema of a tenant that is being deleted, in batches: each is a transaction, and needs few of the locks that the server has room for
 * (`max_locks_per_transaction`). It continues with what is left, so it may be interrupted at any time.
 */
import type { Database, Transaction } from '../../ports/database.ts'
import { explainPrivilege } from '../../sql/privilege.ts'
import { sqlState, sqlStateOf } from '../../sql/sqlstate.ts'
import { dropKinds, nextDropsSql } from './drop-batches-sql.ts'
import { lockStates, patiently } from './patiently.ts'
import { assertNotReferenced } from './references.ts'
import { guardSchema } from './schema-move.ts'

/** A table of twenty columns with some indexes and defaults needs about 30 locks; the server has room for 6,400 by default. */
const mostAtOnce = 60

/** @throws TenancyError TENANT_REFERENCED, TENANT_LOCKED, NOT_PERMITTED */
export async function dropInBatches(database: Database, schema: string): Promise<void> {
  for (let size = mostAtOnce; ;) {
    try {
      const attempt = (): Promise<boolean> => database.transaction((transaction) => dropBatch(transaction, schema, size))
      if (!(await patiently(schema, attempt, lockStates))) return
    } catch (error) {
      // The batch needs more locks than there is room for.
      if (sqlStateOf(error) !== '53200' || size === 1) throw error
      size = Math.ceil(size / 4)
    }
  }
}

/** False when there is nothing left that is dropped one by one. */
async function dropBatch(transaction: Transaction, schema: string, size: number): Promise<boolean> {
  if (!(await guardSchema(transaction, schema))) return false
  for (const kind of dropKinds) {
    const { rows } = await transaction.query<{ text: string }>(nextDropsSql(kind, schema, size))
    if (rows.length === 0) continue
    try {
      await drop(
        transaction,
        schema,
        rows.map(({ text }) => text),
      )
    } catch (error) {
      throw explainPrivilege(
        error,
        `drop ${kind} of the tenant`,
        'Delete tenants as the role that owns their schemas: the option "database.deploy".',
      )
    }
    return true
  }
  return false
}

/** Without `cascade` the server refuses what something depends on. Then it is looked at what that is, which takes longer: nothing outside may be taken along. */
async function drop(transaction: Transaction, schema: string, texts: readonly string[]): Promise<void> {
  await transaction.query({ text: 'savepoint partywall_drop' })
  try {
    await transaction.query({ text: texts.map((text) => `${text};`).join('\n') })
  } catch (error) {
    if (sqlStateOf(error) !== sqlState.dependentObjects) throw error
    await transaction.query({ text: 'rollback to savepoint partywall_drop' })
    await assertNotReferenced(transaction, schema)
    await transaction.query({ text: texts.map((text) => `${text} cascade;`).join('\n') })
  }
}
