/** What creating the objects of a schema needs beyond their definitions. */
export interface Creation {
  /** The major version of the server, such as 18. */
  readonly serverMajor: number
  /** Which objects must be there before others. */
  readonly needs: readonly Need[]
  /** Lists whose order means nothing, but is shown by PostgreSQL and its tools. */
  readonly orders: readonly WrittenOrder[]
  /** What belongs to no schema and leads to objects of this one: casts, publications, event triggers, security labels. */
  readonly outside: readonly Unmodeled[]
}

export interface WrittenOrder {
  /** As in `Need`, or `["schema"]`. */
  readonly object: string
  readonly list: 'options' | 'settings' | 'grantees'
  /** The names of options and settings; the words for those who have privileges, such as `the owner`. */
  readonly names: readonly string[]
}

/**
 * Objects are named by their kind and their name, as JSON: `["relation","orders"]`, `["query","open_orders"]`, `["default","orders","id"]`,
 * `["constraint","orders","orders_pkey"]`, `["index","orders_open"]`, `["type","mood"]`, `["routine","add(a integer)"]`, `["collation","plain"]`.
 */
export interface Need {
  readonly object: string
  readonly needs: string
}

export interface Unmodeled {
  readonly kind: string
  readonly name: string
}
