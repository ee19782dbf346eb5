/** The history that most tools keep: a table with a row for each migration that was applied, and its name. No checksum. */
import { identifier } from '../../../names/identifier.ts'
import type { Statement } from '../../../sql/statement.ts'
import type { FormerHistory } from '../../../ports/migration-source.ts'

export interface FormerColumns {
  /** The column with the name of the migration. */
  readonly name: string
  /** The columns that say the order. */
  readonly order: readonly string[]
  /** From the name in the table to that of the migration. */
  readonly rename?: (name: string) => string
}

/** A former history in the schema that is migrated itself. */
export function formerTable(table: string, columns: FormerColumns): FormerHistory {
  const { rename = (name) => name } = columns
  return {
    table,
    async read(queryable, from) {
      const { rows } = await queryable.query<{ name: string }>(namesSql(from.table, columns))
      return rows.map(({ name }) => rename(name))
    },
  }
}

function namesSql(table: string, { name, order }: FormerColumns): Statement {
  return {
    text: `
      select ${identifier(name)}::text as name
      from ${table}
      order by ${order.map(identifier).join(', ')}`,
  }
}
