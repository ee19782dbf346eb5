/** Gives the schema of a tenant another name, in the transaction that changes its row. What is bound to the old name fails from the commit on. */
import { boundaryOf } from '../../config/boundary-option.ts'
import { TenancyError } from '../../errors.ts'
import type { Transaction } from '../../ports/database.ts'
import { explainPrivilege } from '../../sql/privilege.ts'
import { sqlState, sqlStateOf } from '../../sql/sqlstate.ts'
import type { Tenant } from '../../types.ts'
import { noteFreed } from '../../catalog/tenants/freed-names.ts'
import type { LifeParts } from './life-parts.ts'
import { lockTimeoutMs } from './patiently.ts'
import { guardNamesSql, presentSchemasSql, renameSchemaSql } from './schema-move-sql.ts'

/** @throws TenancyError SCHEMA_MISSING, SCHEMA_EXISTS, NOT_PERMITTED */
export async function moveSchema(
  { options }: Pick<LifeParts, 'options'>,
  transaction: Transaction,
  tenant: Tenant<any>,
  to: string,
): Promise<void> {
  const from = tenant.schema
  await transaction.query(guardNamesSql([from, to], lockTimeoutMs))
  const { rows } = await transaction.query<{ schema: string }>(presentSchemasSql([from, to]))
  const present = new Set(rows.map(({ schema }) => schema))
  if (!present.has(from)) throw schemaMissing(from)
  if (present.has(to)) throw nameTaken(to)
  try {
    await transaction.query({ text: renameSchemaSql(from, to) })
  } catch (error) {
    const state = sqlStateOf(error)
    if (state === sqlState.duplicateSchema || state === sqlState.uniqueViolation) throw nameTaken(to, error)
    throw explainPrivilege(
      error,
      `rename the schema ${JSON.stringify(from)}`,
      'Rename tenants as the role that owns their schemas (the option "database.deploy"), which also needs: grant create on database … to …;',
    )
  }
  if (boundaryOf(options.boundary, tenant) === 'path') await noteFreed(transaction, from)
}

/** Waits for a running migration of the schema, and keeps others out until the transaction ends. */
export async function guardSchema(transaction: Transaction, schema: string): Promise<boolean> {
  await transaction.query(guardNamesSql([schema], lockTimeoutMs))
  return (await transaction.query(presentSchemasSql([schema]))).rows.length > 0
}

/** The result of a statement that gives a row the name. Another tenant may have it, whose schema is not there. */
export async function orNameTaken<T>(schema: string, change: Promise<T>): Promise<T> {
  try {
    return await change
  } catch (error) {
    throw sqlStateOf(error) === sqlState.uniqueViolation ? nameTaken(schema, error) : error
  }
}

/** The refusal of a name that a schema or another tenant has. */
function nameTaken(schema: string, cause?: unknown): TenancyError {
  return new TenancyError(
    'SCHEMA_EXISTS',
    `The schema name ${JSON.stringify(schema)} is taken: a schema of the database, or another tenant, has it. Choose another name with { schema }.`,
    { details: { schema }, ...(cause !== undefined && { cause }) },
  )
}

function schemaMissing(schema: string): TenancyError {
  return new TenancyError(
    'SCHEMA_MISSING',
    `The schema ${JSON.stringify(schema)} of the tenant is not in the database, so it was not renamed. Restore it from a backup; or delete the ` +
      'tenant, if it is not needed any more.',
    { details: { schema } },
  )
}
