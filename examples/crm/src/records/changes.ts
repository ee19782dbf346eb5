/** From the fields of a request to the columns of a table. The names of columns are those of this app; a client sends values. */
export type Columns = Readonly<Record<string, string | { readonly column: string; readonly sql: (parameter: string) => string }>>

export interface Changed {
  readonly columns: readonly string[]
  /** For each column, what it is set to: `$1`, or an expression around it. */
  readonly expressions: readonly string[]
  readonly values: readonly unknown[]
}

/** Fields that are absent are left as they are. */
export function changedColumns(columns: Columns, fields: Readonly<Record<string, unknown>>): Changed {
  const given = Object.entries(columns).filter(([field]) => fields[field] !== undefined)
  return {
    columns: given.map(([, column]) => (typeof column === 'string' ? column : column.column)),
    expressions: given.map(([, column], index) => {
      const parameter = `$${index + 1}`
      return typeof column === 'string' ? parameter : column.sql(parameter)
    }),
    values: given.map(([field]) => fields[field]),
  }
}
