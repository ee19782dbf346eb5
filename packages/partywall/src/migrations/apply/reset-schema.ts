/**
 * Empties the schema of a tenant and applies all migrations there again, in one transaction: a process that is killed in the middle loses
 * nothing. Only what is in the schema may go, so it is refused while something elsewhere depends on it.
 */
import type { Migration } from '../../ports/migration-source.ts'
import { TenancyError } from '../../errors.ts'
import { explainPrivilege } from '../../sql/privilege.ts'
import type { Queryable } from '../../sql/statement.ts'
import type { SchemaState } from '../history/schema-state.ts'
import type { ApplyPlace } from './batches.ts'
import { dependentsOutsideSql, dropText, objectsInSql, type SchemaObject } from './empty-schema-sql.ts'
import { forgetPlansText } from './forget-plans.ts'
import { assertPlannedText, beginText } from './guards.ts'
import { applyToNew } from './new-schema.ts'

/**
 * Costs four round trips, and one for each migration in TypeScript.
 * @param review called when the schema is empty: why the migrations must not run there
 * @throws TenancyError NOT_PERMITTED, MIGRATION_FAILED, INVALID_MIGRATION; the errors of lockedMark and historyChangedMark as they are
 */
export async function resetSchema(
  { connections, target, limits }: ApplyPlace,
  { digest }: SchemaState,
  migrations: readonly Migration[],
  review: (queryable: Queryable) => Promise<TenancyError | undefined>,
): Promise<void> {
  const { schema } = target
  await connections.transaction(async (transaction) => {
    const bound = transaction.in(schema)
    await bound.query({ text: `${beginText(schema, limits)};\n${assertPlannedText(target, digest)}` })
    await emptySchema(bound, schema)
    const problem = await review(transaction)
    if (problem !== undefined) throw problem
    await applyToNew(transaction, target, migrations)
    await bound.query({ text: forgetPlansText(schema) })
  })
}

async function emptySchema(queryable: Queryable, schema: string): Promise<void> {
  const outside = await queryable.query<SchemaObject>(dependentsOutsideSql(schema))
  if (outside.rows.length > 0) throw dependsOutside(schema, outside.rows)
  const { rows } = await queryable.query<SchemaObject>(objectsInSql(schema))
  if (rows.length === 0) return
  try {
    await queryable.query({ text: dropText(rows) })
  } catch (error) {
    throw explainPrivilege(
      error,
      `empty the schema ${JSON.stringify(schema)}`,
      'Connect as the role that owns what is in the schema.',
    )
  }
}

function dependsOutside(schema: string, objects: readonly SchemaObject[]): TenancyError {
  const shown = objects.slice(0, 5).map(({ type, identity }) => `${type} ${identity}`)
  const more = objects.length > shown.length ? ` and ${objects.length - shown.length} more` : ''
  return new TenancyError(
    'MIGRATION_FAILED',
    `The schema ${JSON.stringify(schema)} was not emptied, because objects outside of it would be dropped with it: ${shown.join(', ')}${more}. ` +
      'Drop them, or let them no longer depend on the tenant. Move an extension to the shared schema: alter extension … set schema ….',
    { details: { schema } },
  )
}
