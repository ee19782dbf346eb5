/** Something in a database, and whether it is still the same. */
export interface DatabaseObject {
  /** Such as `table`, `function`, `extension`, `role`. */
  readonly kind: string
  /** Null for what belongs to no schema. */
  readonly schema: string | null
  readonly name: string
  /** A hash of its definition, with all that hangs on it: the columns, constraints, indexes, triggers, … of a table. Not of its rows. */
  readonly hash: string
}

export interface DatabaseObjectChange {
  readonly change: 'created' | 'changed' | 'dropped'
  readonly kind: string
  readonly schema: string | null
  readonly name: string
}
