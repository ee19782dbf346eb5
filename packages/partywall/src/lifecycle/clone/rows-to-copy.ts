/** Of which tables which rows are copied, and how. */
import { randomBytes } from 'node:crypto'
import type { CloneInput } from './clone-input.ts'
import { emptyTables } from './empty-tables.ts'
import { masksFor, type Masks } from './masks.ts'
import type { SourceTable } from './source-table.ts'

export interface RowsToCopy {
  /** Those that hold rows themselves: a partitioned table does not, and a foreign table holds them elsewhere. */
  readonly copied: readonly SourceTable[]
  readonly masks: Masks
  /** Columns that become null: `table.column`. */
  readonly cut: ReadonlySet<string>
  readonly problems: readonly string[]
}

/** @throws TenancyError INVALID_ARGUMENT for a mask that names nothing */
export async function rowsToCopy(
  tables: readonly SourceTable[],
  { data = true, mask = {}, keepSessions = false }: Pick<CloneInput, 'data' | 'mask' | 'keepSessions'>,
): Promise<RowsToCopy> {
  const masks = await masksFor(mask, tables, randomBytes(16).toString('hex'))
  if (!data) return { copied: [], masks, cut: new Set(), problems: [] }
  const { names, cut, problems } = emptyTables(tables, masks, keepSessions)
  const copied = tables.filter(({ kind, name }) => kind === 'table' && !names.has(name))
  return {
    copied,
    masks,
    cut,
    problems: [...problems, ...objectNumbers(copied, masks)],
  }
}

/** A copy of the number of an object is the same object: a large object that both tenants would read and change, or a table of the source. */
function objectNumbers(tables: readonly SourceTable[], masks: Masks): string[] {
  return tables.flatMap(({ name, columns }) =>
    columns
      .filter(({ name: column, isObjectNumber }) => isObjectNumber && masks.columns.get(name)?.get(column) === undefined)
      .map(
        ({ name: column }) =>
          `${name}.${column} holds numbers of objects of the server (oid, lo, regclass): the clone would share large objects with the source, or lead to its tables. ` +
          'Mask it with "null", or empty the table; where they are harmless, mask it with an expression that gives the value itself',
      ),
  )
}

/** What stands in place of the columns of one table. */
export function insteadOf(table: SourceTable, { masks, cut }: RowsToCopy): ReadonlyMap<string, string> {
  const nulls = table.columns.filter(({ name }) => cut.has(`${table.name}.${name}`)).map(({ name }) => [name, 'null'] as const)
  return new Map([...(masks.columns.get(table.name) ?? []), ...nulls])
}
