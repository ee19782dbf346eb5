/** What a clone would copy and cost. It changes nothing. */
import { readBlueprint } from '../../blueprint/read-blueprint.ts'
import type { Tenant } from '../../types.ts'
import { sharedRowsOf, type SharedRows } from '../states/shared-rows.ts'
import { lockTimeoutMs } from '../states/patiently.ts'
import type { CloneInput } from './clone-input.ts'
import { assertCloneInput } from './clone-input.ts'
import type { CloneParts } from './clone-parts.ts'
import { renderClone } from './clone-structure.ts'
import { columnsLikeSecrets } from './login-tables.ts'
import { rowsToCopy } from './rows-to-copy.ts'
import { readSourceTables } from './source-table.ts'

export interface ClonePlan {
  /** The schema of the source, and that of the clone. */
  readonly source: string
  readonly schema: string
  readonly tables: readonly PlannedTable[]
  /** The sums of what is copied. `rows` is an estimate. */
  readonly rows: number
  readonly bytes: number
  readonly indexes: number
  /** About how many locks the transaction holds at its end: see max_locks_per_transaction. */
  readonly locks: number
  /** Columns that become null, because they refer to rows that are not copied. */
  readonly cut: readonly string[]
  /** Columns that are copied without a mask, and whose name says that they hold a secret. */
  readonly mayHoldSecrets: readonly string[]
  /** Rows of the source in shared tables, which are not copied. */
  readonly sharedRows: readonly Omit<SharedRows, 'isBound'>[]
  /** Why it cannot be made; none where it can. */
  readonly refused: readonly string[]
  /** What may lead from the clone to the source, in sentences. */
  readonly remarks: readonly string[]
}

export interface PlannedTable {
  readonly name: string
  /** An estimate by the statistics of the server; null where it has none yet. */
  readonly rows: number | null
  readonly bytes: number
  readonly indexes: number
  /** Whether its rows are copied. */
  readonly isCopied: boolean
  /** Columns with a mask. */
  readonly masked: readonly string[]
}

export async function planClone(parts: CloneParts, from: Tenant<any>, input: CloneInput<any>): Promise<ClonePlan> {
  assertCloneInput(input)
  const { tables, blueprint, sharedRows } = await parts.catalog.deploy.transaction(async (transaction) => {
    await transaction.query({ text: `set local lock_timeout = ${lockTimeoutMs}` })
    return {
      tables: await readSourceTables(transaction, from.schema),
      blueprint: await readBlueprint(transaction, from.schema),
      sharedRows: await sharedRowsOf(transaction, from.id),
    }
  })
  const chosen = await rowsToCopy(tables, input)
  const { remarks } = await renderClone(blueprint, from.schema, input.schema, undefined)
  const planned = tables.map(({ name, rows, bytes, indexes }) => ({
    name,
    rows,
    bytes,
    indexes,
    isCopied: chosen.copied.some((table) => table.name === name),
    masked: [...(chosen.masks.columns.get(name)?.keys() ?? [])],
  }))
  const copied = planned.filter(({ isCopied }) => isCopied)
  const indexes = sum(planned.map((table) => table.indexes))
  return {
    source: from.schema,
    schema: input.schema,
    tables: planned,
    rows: sum(copied.map(({ rows }) => rows ?? 0)),
    bytes: sum(copied.map(({ bytes }) => bytes)),
    indexes,
    // Each table has one of the source, its own, and two for what it stores out of line.
    locks: 4 * tables.length + indexes + blueprint.sequences.length + blueprint.types.length + blueprint.routines.length + 20,
    cut: [...chosen.cut],
    mayHoldSecrets: columnsLikeSecrets(chosen.copied).filter((name) => !isMasked(name, planned)),
    sharedRows: sharedRows.map(({ table, column, rows }) => ({ table, column, rows })),
    refused: chosen.problems,
    remarks,
  }
}

function isMasked(name: string, tables: readonly PlannedTable[]): boolean {
  return tables.some((table) => table.masked.some((column) => `${table.name}.${column}` === name))
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
