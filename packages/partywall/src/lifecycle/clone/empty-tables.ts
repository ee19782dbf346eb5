/** Of which tables no row is copied, and what that means for the tables that refer to them. */
import type { Masks } from './masks.ts'
import { findLoginTables } from './login-tables.ts'
import { withChildren, type SourceTable } from './source-table.ts'

export interface EmptyTables {
  readonly names: ReadonlySet<string>
  /** Columns that become null, because they refer to rows that are not copied: `table.column`. */
  readonly cut: ReadonlySet<string>
  /** Why the rows cannot be copied; none where they can. */
  readonly problems: readonly string[]
}

export function emptyTables(tables: readonly SourceTable[], masks: Masks, keepSessions: boolean): EmptyTables {
  const found = keepSessions ? [] : findLoginTables(tables)
  const names = withChildren([...found.filter((name) => !masks.kept.has(name)), ...masks.emptied], tables)
  const cut = new Set<string>()
  const problems: string[] = []
  for (const table of tables) {
    if (names.has(table.name)) continue
    for (const { name, to, columns, isFull } of table.foreignKeys) {
      if (!names.has(to)) continue
      const isNullable = (column: string) =>
        table.columns.some((one) => one.name === column && one.isNullable && !one.isGenerated)
      const nullable = columns.filter(isNullable)
      if (nullable.length === 0 || (isFull && nullable.length < columns.length)) {
        problems.push(
          `the rows of ${table.name} need rows of ${to} (foreign key ${name}), of which none is copied: empty ${table.name}, too (mask: "empty"), or keep ` +
            `${to} ("keep")`,
        )
      } else for (const column of nullable) cut.add(`${table.name}.${column}`)
    }
  }
  return { names, cut, problems }
}
