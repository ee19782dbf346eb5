/**
 * Deletes a row of a shared table that tenants refer to. What is done to the rows of tenants is done in batches, each a transaction with its entry in the audit, so
 * a call that is interrupted leaves the shared row, and the next one goes on. The last transaction locks the shared row and looks once more: it deletes the row when
 * nothing refers to it, or nothing is done.
 */
import { recordAction } from '../../catalog/audit/record.ts'
import { isTenancyError, TenancyError } from '../../errors.ts'
import { inParallel } from '../../fleet/workers.ts'
import { identifier } from '../../names/identifier.ts'
import type { Database, Transaction } from '../../ports/database.ts'
import { seen } from '../../seen.ts'
import { explainPrivilege } from '../../sql/privilege.ts'
import { sqlState, sqlStateOf } from '../../sql/sqlstate.ts'
import { assertWholeNumber } from '../../whole-number.ts'
import { lockTimeoutMs, passingStates, tryPatiently } from '../states/patiently.ts'
import { conditionOf, countReferences, placesOf, type Place, type SharedReference } from './references.ts'
import { assertSharedRow, findRow, type FoundRow, type SharedRow } from './shared-row.ts'

export interface SharedDelete extends SharedRow {
  /**
   * What becomes of rows of tenants that refer to it: `restrict` refuses while there are some, `cascade` deletes them, `set-null` empties their columns.
   */
  readonly policy: 'restrict' | 'cascade' | 'set-null'
  /** The most rows of one table that one transaction changes. 1 to 100,000. @default 5_000 */
  readonly batch?: number | undefined
}

export interface SharedDeleted {
  /** False when there was no such row: an earlier call may have deleted it. */
  readonly deleted: boolean
  /** Rows of tenants that this call deleted or changed. */
  readonly rows: number
  /** How many tenants they belong to. */
  readonly tenants: number
}

export interface SharedParts {
  readonly deploy: Database
  readonly sharedSchema: string
}

/** How often new references are looked for, before the call gives up. */
const mostRounds = 5
const concurrency = 4

export async function deleteSharedRow(parts: SharedParts, given: SharedDelete): Promise<SharedDeleted> {
  const { batch } = checked(given)
  const changed = new Map<string, number>()
  const result = (deleted: boolean): SharedDeleted => ({
    deleted,
    rows: [...changed.values()].reduce((sum, rows) => sum + rows, 0),
    tenants: changed.size,
  })
  for (let round = 1; ; round++) {
    if (given.policy !== 'restrict' && !(await clear(parts, given, batch, changed))) return result(false)
    try {
      return result(
        await patiently(parts, () => parts.deploy.transaction((transaction) => deleteOnce(transaction, parts, given))),
      )
    } catch (error) {
      // Others have added references since they were looked for.
      if (given.policy === 'restrict' || round === mostRounds || !isTenancyError(error, 'SHARED_ROW_REFERENCED')) throw error
    }
  }
}

/** False when there is no such row. */
async function clear(
  { deploy, sharedSchema }: SharedParts,
  given: SharedDelete,
  batch: number,
  changed: Map<string, number>,
): Promise<boolean> {
  const found = await deploy.transaction(async (transaction) => {
    const row = await findRow(transaction, sharedSchema, given)
    if (row === undefined) return undefined
    const references = await countReferences(transaction, row, await placesOf(transaction, row, given.columns))
    return { row, references }
  })
  if (found === undefined) return false
  const { row, references } = found
  const foreign = references.filter(({ tenantId }) => tenantId === undefined)
  if (foreign.length > 0)
    throw referenced(
      row.table,
      foreign,
      'These tables belong to no tenant, so nothing was done: decide yourself what becomes of their rows.',
    )
  if (given.policy === 'set-null') assertMayBeNull(references)
  await inParallel(references, concurrency, (place) => clearPlace(deploy, sharedSchema, given, row, place, batch, changed))
  return true
}

async function clearPlace(
  deploy: Database,
  sharedSchema: string,
  given: SharedDelete,
  row: FoundRow,
  place: Place,
  batch: number,
  changed: Map<string, number>,
): Promise<void> {
  const { tenantId, schema, table } = place
  for (let left = true; left;) {
    const rows = await patiently({ sharedSchema }, () =>
      deploy.transaction(async (transaction) => {
        await limitWaiting(transaction)
        const count = await changeSome(transaction, given.policy as 'cascade' | 'set-null', row, place, batch)
        if (count > 0) {
          const details = { table, shared: row.table, policy: given.policy, rows: count }
          await recordAction(transaction, { action: 'tenant.references', tenant: { id: tenantId! }, object: schema, details })
        }
        return count
      }),
    ).catch((error: unknown) => {
      // The tenant was dropped or renamed meanwhile: the next round looks where it is.
      if (sqlStateOf(error) === sqlState.undefinedTable || sqlStateOf(error) === sqlState.invalidSchemaName) return 0
      if (isTenancyError(error, 'SCHEMA_MISSING')) return 0
      throw stillNeeded(error, row.table, place)
    })
    if (rows > 0) changed.set(tenantId!, (changed.get(tenantId!) ?? 0) + rows)
    left = rows === batch
  }
}

/** Bound to the schema of the tenant, because its triggers may name tables without a schema. */
async function changeSome(
  transaction: Transaction,
  policy: 'cascade' | 'set-null',
  row: FoundRow,
  place: Place,
  batch: number,
): Promise<number> {
  const values: string[] = []
  const some = `
    select part.tableoid, part.ctid
    from ${place.name} as part
    where ${conditionOf(row, place, values)}
    limit ${batch}`
  const nulls = place.columns.map((column) => `${identifier(column)} = null`).join(', ')
  const text =
    policy === 'cascade'
      ? `delete from ${place.name} as changed where (changed.tableoid, changed.ctid) in (${some})`
      : `update ${place.name} as changed set ${nulls} where (changed.tableoid, changed.ctid) in (${some})`
  return (await transaction.in(place.schema).query({ text, values })).rowCount ?? 0
}

/** False when there is no such row. @throws TenancyError SHARED_ROW_REFERENCED when something refers to it; nothing is done then */
async function deleteOnce(transaction: Transaction, { sharedSchema }: SharedParts, given: SharedDelete): Promise<boolean> {
  await limitWaiting(transaction)
  const before = await findRow(transaction, sharedSchema, given)
  if (before === undefined) return false
  // A foreign key of another transaction waits for the row; a plain column does not, so nothing is written to such tables until the end.
  const plain = (await placesOf(transaction, before, given.columns)).filter(({ by }) => by === 'column')
  if (plain.length > 0) await transaction.query({ text: `lock table ${plain.map(({ name }) => name).join(', ')} in share mode` })
  const row = await findRow(transaction, sharedSchema, given, true)
  if (row === undefined) return false
  const references = await countReferences(transaction, row, await placesOf(transaction, row, given.columns))
  if (references.length > 0)
    throw referenced(row.table, references, "Delete them first, or use the policy 'cascade' or 'set-null'.")
  try {
    const { text, values } = row.condition
    await transaction.query({ text: `delete from ${row.name} as shared where ${text}`, values: [...values] })
  } catch (error) {
    throw stillNeeded(error, row.table)
  }
  await recordAction(transaction, { action: 'shared.deleted', object: row.table, details: { policy: given.policy } })
  return true
}

async function limitWaiting(transaction: Transaction): Promise<void> {
  await transaction.query({
    text: `select pg_catalog.set_config('lock_timeout', $1::text, true)`,
    values: [String(lockTimeoutMs)],
  })
}

function patiently<T>({ sharedSchema }: Pick<SharedParts, 'sharedSchema'>, attempt: () => Promise<T>): Promise<T> {
  return tryPatiently(attempt, {
    retries: 4,
    mayPass: (error) => passingStates.has(sqlStateOf(error) ?? ''),
    giveUp: (cause) =>
      new TenancyError(
        'TENANT_LOCKED',
        'The shared row was not deleted: at every attempt another transaction held a lock that the work needs. Try again when it has ended; what is done already is kept.',
        { details: { schema: sharedSchema }, cause },
      ),
  })
}

/** Something else refers to a row that should go. */
function stillNeeded(error: unknown, table: string, place?: Place): unknown {
  const state = sqlStateOf(error)
  if (state === '23503' || state === '23502') {
    const where = place === undefined ? [] : [{ ...place, rows: 1 }]
    return referenced(table, where, `PostgreSQL refused it: ${(error as Error).message}. Nothing of this batch was kept.`, error)
  }
  return explainPrivilege(
    error,
    `change rows that refer to ${JSON.stringify(table)}`,
    'Do it as the role that owns the schemas of the tenants: the option "database.deploy".',
  )
}

const mostNamed = 20

function referenced(
  table: string,
  references: readonly SharedReference[],
  advice: string,
  cause?: unknown,
): TenancyError<'SHARED_ROW_REFERENCED'> {
  const named = references.slice(0, mostNamed).map(({ schema, table: of, rows }) => ({ schema, table: of, rows }))
  const shown = named.slice(0, 5).map(({ schema, table: of, rows }) => `${schema}.${of} (${rows})`)
  const total = references.reduce((sum, { rows }) => sum + rows, 0)
  return new TenancyError(
    'SHARED_ROW_REFERENCED',
    `The row of ${JSON.stringify(table)} is not deleted: ${total} ${total === 1 ? 'row refers' : 'rows refer'} to it, in ${shown.join(', ')}` +
      `${references.length > 5 ? ` and ${references.length - 5} more tables` : ''}. ${advice}`,
    { details: { table, references: named, total }, ...(cause !== undefined && { cause }) },
  )
}

function assertMayBeNull(references: readonly Place[]): void {
  const required = references.flatMap(({ schema, table, links }) =>
    links.filter(({ isRequired }) => isRequired).map(({ column }) => `${schema}.${table}.${column}`),
  )
  if (required.length === 0) return
  throw new TenancyError(
    'INVALID_ARGUMENT',
    `The policy 'set-null' cannot be used: ${required.slice(0, 5).join(', ')} may not be null. Nothing was done.`,
    { details: { option: 'policy', what: 'shared.delete' } },
  )
}

function checked(given: SharedDelete): { readonly batch: number } {
  assertSharedRow('shared.delete', given, ['policy', 'batch'])
  const { policy, batch = 5000 } = given
  if (policy !== 'restrict' && policy !== 'cascade' && policy !== 'set-null') {
    throw new TenancyError(
      'INVALID_ARGUMENT',
      `"policy" of shared.delete must be 'restrict', 'cascade' or 'set-null'; it is ${seen(policy, 'quoted')}.`,
      { details: { option: 'policy', what: 'shared.delete' } },
    )
  }
  assertWholeNumber('INVALID_ARGUMENT', '"batch" of shared.delete', 'batch', batch, { least: 1, most: 100_000 })
  return { batch }
}
