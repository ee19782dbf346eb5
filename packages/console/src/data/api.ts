/** What the API of tables and rows answers. Types only: the client imports them. */

/** Whose tables: those of a tenant, those that all tenants share, or those of a template, which nothing writes through the console. */
export interface PlaceAnswer {
  readonly kind: 'tenant' | 'shared' | 'template'
  /** As it stands in addresses: the schema of a tenant or of a template, or `shared`. */
  readonly place: string
  /** For people. */
  readonly name: string
  readonly status?: string
  /** Why nothing can be written here. */
  readonly readOnly?: string
}

export type TableKind = 'table' | 'partitioned table' | 'view' | 'materialized view' | 'foreign table'

export interface RowCount {
  readonly rows: number
  /** False: an estimate of PostgreSQL. */
  readonly isExact: boolean
}

export interface TableEntry {
  readonly name: string
  readonly kind: TableKind
  /** Absent: PostgreSQL has no estimate yet, or cannot have one. */
  readonly count?: RowCount
  readonly bytes: number
  readonly comment?: string
  /** The right to read is missing. */
  readonly isClosed?: true
  /** Their rows are those of the table. */
  readonly partitions?: readonly TableEntry[]
}

export interface TablesAnswer {
  readonly place: PlaceAnswer
  readonly tables: readonly TableEntry[]
  /** Tables that are left off because there are too many. */
  readonly left: number
}

export type ColumnKind =
  | 'text'
  | 'integer'
  | 'number'
  | 'boolean'
  | 'date'
  | 'time'
  | 'timestamp'
  | 'timestamp with time zone'
  | 'json'
  | 'array'
  | 'bytes'
  | 'enum'
  | 'uuid'
  | 'other'

export interface ColumnAnswer {
  readonly name: string
  /** As PostgreSQL writes it, e.g. `numeric(10,2)`. */
  readonly type: string
  readonly kind: ColumnKind
  readonly isKey: boolean
  readonly isNullable: boolean
  readonly isSortable: boolean
  /** An index begins with it. */
  readonly isIndexed: boolean
  /** The server makes its values: no one gives or changes them. */
  readonly made?: 'generated' | 'identity'
  /** The expression that gives a value where none is given. */
  readonly default?: string
  /** The values of an enum. */
  readonly options?: readonly string[]
  readonly comment?: string
  /** A right is missing. */
  readonly isHidden?: true
  readonly mayInsert: boolean
  readonly mayUpdate: boolean
}

/** Columns that lead to the row of another table. */
export interface LinkAnswer {
  readonly columns: readonly string[]
  /** As in addresses. */
  readonly place: string
  readonly table: string
  readonly toColumns: readonly string[]
  /** The columns that it leads to are the primary key: so a row has an address. */
  readonly isKey: boolean
}

export interface TableAnswer {
  readonly place: PlaceAnswer
  readonly name: string
  readonly kind: TableKind
  readonly columns: readonly ColumnAnswer[]
  /** The primary key; empty without one. */
  readonly key: readonly string[]
  readonly links: readonly LinkAnswer[]
  readonly comment?: string
  /** Why no row of it can be written. */
  readonly readOnly?: string
  readonly mayInsert: boolean
  readonly mayUpdate: boolean
  readonly mayDelete: boolean
  /** Policies decide which rows are seen and written. */
  readonly hasPolicies: boolean
}

/** A text; null; or the beginning of a value that is too long to travel, of bytes as hexadecimal digits, and how many bytes it has. */
export type Cell = string | null | { readonly start: string; readonly bytes: number }

export type FilterOperator = 'is' | 'contains' | 'above' | 'below' | 'null' | 'not null'

export interface Filter {
  readonly column: string
  readonly operator: FilterOperator
  /** Absent for `null` and `not null`. */
  readonly value?: string
}

export interface Sort {
  readonly column: string
  readonly descending: boolean
}

export interface RowsAnswer {
  readonly table: TableAnswer
  /** The names of the columns of the cells. */
  readonly columns: readonly string[]
  readonly rows: readonly { readonly key?: string; readonly cells: readonly Cell[] }[]
  readonly sort?: Sort
  readonly filters: readonly Filter[]
  /** Absent with filters. */
  readonly count?: RowCount
  /** Cursors of the pages beside this one. */
  readonly previous?: string
  readonly next?: string
  /** There are more rows, and nothing by which a page of them could begin. */
  readonly isCut?: true
}

export interface RowAnswer {
  readonly table: TableAnswer
  readonly key: string
  /** What a change must name: it is refused when the row was changed since. */
  readonly version: string
  /** By the name of the column; a column that may not be read is absent. */
  readonly cells: Readonly<Record<string, Cell>>
}

/** Rows of another table that refer to this one. */
export interface ReferenceAnswer {
  readonly table: string
  readonly columns: readonly string[]
  /** What they equal, in the same order. */
  readonly values: readonly string[]
  /** Absent: counting took too long. */
  readonly rows?: number
  /** There are more than were counted. */
  readonly isMore?: true
}

export interface ReferencesAnswer {
  readonly references: readonly ReferenceAnswer[]
}

/** Rows that a foreign key may lead to. */
export interface ChoicesAnswer {
  readonly choices: readonly { readonly value: string; readonly label: string }[]
}

/** A value to write: text that PostgreSQL reads, null, or bytes. */
export type GivenValue = string | null | { readonly base64: string }

export interface NewRow {
  /** By column; pairs, because a column may be called `__proto__`. Columns that are absent get their defaults. */
  readonly values: readonly (readonly [column: string, value: GivenValue])[]
}

export interface RowChange extends NewRow {
  readonly version: string
}

export interface SavedAnswer {
  readonly key: string
}

/** The body of a refusal: application/problem+json. */
export interface RowProblem {
  readonly code: string
  readonly title: string
  readonly detail: string
  readonly status: number
  /** Sentences, by the name of the column or of the filter. */
  readonly fields?: Readonly<Record<string, string>>
  /** With ROW_CHANGED: the row as it is now. */
  readonly current?: RowAnswer
}
