/** The history that most tools keep: a table with a row for each migration that was applied, and its name. No checksum. */
import { identifier } from '../../../names/identifier.ts'
import type { Statement } from '../../../sql/statement.ts'
import type { ImportedHistory } from '../../../ports/migration-source.ts'

export interface NamesTable {
  /** The column with the name of the migration. */
  readonly name: string
  /** The columns that give the order. */
  readonly order: readonly string[]
  /** Gives the name of the migration for a name in the table. @default the same name */
  readonly rename?: (name: string) => string
}

/** An imported history that is in the schema that is migrated. */
export function namesHistory(table: string, columns: NamesTable): ImportedHistory {
  const { rename = (name) => name } = columns
  return {
    table,
    async read(queryable, from) {
      const { rows } = await queryable.query<{ name: string }>(namesSql(from.table, columns))
      return rows.map(({ name }) => rename(name))
    },
  }
}

function namesSql(table: string, { name, order }: NamesTable): Statement {
  return {
    text: `
      select ${identifier(name)}::text as name
      from ${table}
      order by ${order.map(identifier).join(', ')}`,
  }
}
