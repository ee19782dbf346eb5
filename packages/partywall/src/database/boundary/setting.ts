/**
 * What a binding sets: the search path, the id of the tenant, a timeout, the role. Each is a parameter of PostgreSQL that the binding statement sets with
 * `set_config`, for the rest of the transaction.
 */
export interface Setting {
  /** PostgreSQL's name of the parameter, such as `statement_timeout`. */
  readonly name: string
  /**
   * Stands for the setting in the names of prepared statements, so without `_` and unlike every other tag. The search path has the empty one:
   * every binding of a tenant sets it, and a shorter name is fewer bytes for each statement.
   */
  readonly tag: string
  /** The texts that the value is made of; they reach the server as parameters. */
  readonly values: readonly string[]
  /** The same texts as SQL, for the simple protocol, which takes no parameters. */
  literals(): readonly string[]
  /** The value as an SQL expression. `values` are its texts as SQL: parameters such as `$1`, or literals. */
  expression(values: readonly string[], checks: SettingChecks): string
}

export interface SettingChecks {
  /** The connection served another binding before, and the binding statement must fail if temporary tables may be left of it. */
  readonly refusesTemporary: boolean
  /** The statement may run in a transaction that is open, whose session does not know of what was committed since it began. */
  readonly inTransaction: boolean
}
