/** What creating the objects of a schema needs beyond their definitions. */
export interface Creation {
  /** The major version of the server, such as 18. */
  readonly serverMajor: number
  /** Which objects must be there before others. */
  readonly needs: readonly Need[]
  /** Lists whose order means nothing, but is shown by PostgreSQL and its tools. */
  readonly orders: readonly WrittenOrder[]
  /**
   * What is not described, and would be missing in a copy: casts, publications, event triggers, security labels, partitions in another schema,
   * privileges on system columns.
   */
  readonly outside: readonly Unmodeled[]
  /** What the role that read it has declared for its new objects in all schemas, such as `functions`. A copy has it, and the original may not. */
  readonly defaultPrivileges: readonly RightsOfNew[]
}

export interface RightsOfNew {
  /** The kind of object, as ALTER DEFAULT PRIVILEGES says it. */
  readonly name: string
  /** As those of an object. */
  readonly privileges: readonly string[]
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
