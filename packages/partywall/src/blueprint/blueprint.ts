import type { Creation, Unmodeled } from './creation.ts'

/**
 * The structure of one schema as plain data, which JSON can hold. It never names the schema itself, so two tenants with the same structure
 * have equal blueprints. Names are as the catalog has them; types, expressions and definitions are SQL, as PostgreSQL prints it when the
 * schema is the only one in the search path. Lists are in the order of their names, unless the order means something.
 *
 * Not in it: rows, the values of sequences, the comment of the schema itself, security labels, the publications that a table is in, who granted
 * a privilege, and default privileges of all schemas.
 */
export interface Blueprint {
  readonly owner: string
  readonly privileges: Privileges
  readonly defaultPrivileges: readonly DefaultPrivileges[]
  /** Tables, views and materialized views, without the history of the migrations. */
  readonly relations: readonly Relation[]
  readonly sequences: readonly Sequence[]
  readonly types: readonly Type[]
  readonly routines: readonly Routine[]
  readonly statistics: readonly Statistics[]
  readonly collations: readonly Collation[]
  /** The columns of the table with the history of the migrations, such as `name text not null`. Null: there is no such table, or none is meant. */
  readonly historyColumns: readonly string[] | null
  /** Of the text search. */
  readonly dictionaries: readonly Dictionary[]
  /** Of the text search. */
  readonly configurations: readonly Configuration[]
  /** Extensions that are installed in the schema. Their members are not listed. */
  readonly extensions: readonly Extension[]
  /** Objects of kinds that are not described: it is known that they are there, but not how they are defined. */
  readonly unmodeled: readonly Unmodeled[]
  /** What rendering needs, and what follows from the rest or is no structure: it is neither compared nor part of a fingerprint. */
  readonly creation: Creation
}

/** Each is like `SELECT to everyone`, `UPDATE to the owner` or `SELECT to role "app", with grant option`. The order is alphabetical. */
export type Privileges = readonly string[]

export interface Owned {
  readonly owner: string
  readonly privileges: Privileges
  readonly comment: string | null
}

export interface Relation extends Owned {
  readonly name: string
  readonly kind: 'table' | 'partitioned table' | 'foreign table' | 'view' | 'materialized view'
  readonly persistence: 'permanent' | 'unlogged'
  /** The query of a view; null for a table. */
  readonly definition: string | null
  /** Whether a materialized view has rows to be read; true for all others. */
  readonly populated: boolean
  readonly partitionKey: string | null
  readonly partitionBound: string | null
  /** The tables that it inherits from, or is a partition of, in their order. */
  readonly parents: readonly string[]
  readonly ofType: string | null
  readonly options: readonly string[]
  readonly toastOptions: readonly string[]
  readonly replicaIdentity: 'default' | 'nothing' | 'full' | 'index'
  readonly rowSecurity: boolean
  readonly forceRowSecurity: boolean
  /** Null when it is the default of the database. */
  readonly accessMethod: string | null
  readonly tablespace: string | null
  readonly server: string | null
  readonly foreignOptions: readonly string[]
  /** Extensions that it was declared to depend on (`depends on extension`). */
  readonly dependsOn: readonly string[]
  /** In their order in the table. */
  readonly columns: readonly Column[]
  readonly constraints: readonly Constraint[]
  readonly indexes: readonly Index[]
  readonly triggers: readonly Trigger[]
  readonly rules: readonly Rule[]
  readonly policies: readonly Policy[]
}

export interface Column {
  readonly name: string
  readonly type: string
  readonly notNull: boolean
  /** The expression of a default or of a generated column. */
  readonly default: string | null
  readonly identity: 'always' | 'by default' | null
  readonly generated: 'stored' | 'virtual' | null
  /** Null when it is that of the type. */
  readonly collation: string | null
  /** Null when it is that of the type. */
  readonly storage: string | null
  readonly compression: string | null
  /** The statistics target; null when it is the default. */
  readonly statistics: number | null
  readonly options: readonly string[]
  readonly foreignOptions: readonly string[]
  /** Whether it was defined in this table, and in how many parents. */
  readonly local: boolean
  readonly inherited: number
  readonly privileges: Privileges
  readonly comment: string | null
}

export interface Constraint {
  readonly name: string
  readonly definition: string
  readonly validated: boolean
  readonly deferrable: boolean
  readonly deferred: boolean
  readonly local: boolean
  readonly inherited: number
  /** The triggers that enforce a foreign key and do not fire as usual, such as `disabled on orders`. */
  readonly alteredTriggers: readonly string[]
  readonly comment: string | null
}

export interface Index {
  readonly name: string
  readonly definition: string
  readonly options: readonly string[]
  readonly valid: boolean
  readonly clustered: boolean
  readonly replicaIdentity: boolean
  readonly parent: string | null
  readonly tablespace: string | null
  /** The statistics targets of its expressions, such as `1: 500`. */
  readonly statistics: readonly string[]
  readonly dependsOn: readonly string[]
  readonly comment: string | null
}

interface Trigger {
  readonly name: string
  readonly definition: string
  readonly enabled: FiringState
  /** PostgreSQL made it for a partition, because the partitioned table has it. */
  readonly inherited: boolean
  readonly dependsOn: readonly string[]
  readonly comment: string | null
}

interface Rule {
  readonly name: string
  readonly definition: string
  readonly enabled: FiringState
  readonly comment: string | null
}

/** `enabled` fires unless the session is a replica; `replica` only if it is; `always` in both cases. */
export type FiringState = 'enabled' | 'disabled' | 'replica' | 'always'

export interface Policy {
  readonly name: string
  readonly command: string
  readonly permissive: boolean
  readonly roles: readonly string[]
  readonly using: string | null
  readonly check: string | null
  readonly comment: string | null
}

/** Not the value that a sequence has reached. The numbers are text, because they may be larger than a JavaScript number can hold. */
export interface Sequence extends Owned {
  readonly name: string
  readonly persistence: 'permanent' | 'unlogged'
  readonly type: string
  readonly start: string
  readonly increment: string
  readonly minimum: string
  readonly maximum: string
  readonly cache: string
  readonly cycle: boolean
  /** The column that it is dropped with, such as `orders.id`. */
  readonly ownedBy: string | null
  readonly isIdentity: boolean
}

export type Type = EnumType | CompositeType | DomainType | RangeType

interface NamedType<K extends string> extends Owned {
  readonly name: string
  readonly kind: K
}

export interface EnumType extends NamedType<'enum'> {
  /** In their order. */
  readonly labels: readonly string[]
}

export interface CompositeType extends NamedType<'composite type'> {
  /** In their order. */
  readonly attributes: readonly Attribute[]
}

interface Attribute {
  readonly name: string
  readonly type: string
  readonly collation: string | null
  readonly comment: string | null
}

export interface DomainType extends NamedType<'domain'> {
  readonly base: string
  readonly notNull: boolean
  readonly default: string | null
  readonly collation: string | null
  readonly constraints: readonly Constraint[]
}

export interface RangeType extends NamedType<'range'> {
  readonly subtype: string
  readonly operatorClass: string
  readonly collation: string | null
  readonly canonical: string | null
  readonly difference: string | null
  readonly multirange: string | null
}

export interface Routine extends Owned {
  /** With the types of its arguments: `total(integer, text)`. */
  readonly name: string
  /** Without them, and as SQL writes it: `total`. */
  readonly bareName: string
  /** The arguments that distinguish it from others of the name. */
  readonly identity: string
  /** The name with the types of the input alone, as GRANT wants it. */
  readonly signature: string
  readonly kind: 'function' | 'procedure' | 'aggregate' | 'window function'
  /** With names and defaults. */
  readonly arguments: string
  readonly result: string | null
  readonly language: string
  /** The body as it was written; the name of the schema may stand in it. */
  readonly source: string
  /** The body that PostgreSQL has parsed (`begin atomic … end`). */
  readonly parsedBody: string | null
  readonly library: string | null
  readonly volatility: 'immutable' | 'stable' | 'volatile'
  readonly parallel: 'safe' | 'restricted' | 'unsafe'
  readonly strict: boolean
  readonly securityDefiner: boolean
  readonly leakproof: boolean
  readonly cost: number
  readonly rows: number
  readonly support: string | null
  /** Settings of the function, such as `work_mem=4MB`. In a search path, the schema itself is `{schema}`. */
  readonly settings: readonly string[]
  /** What PostgreSQL knows of an aggregate, such as `state function: add`. */
  readonly aggregate: readonly string[]
  /** The types for which its language has transforms that it uses. */
  readonly transforms: readonly string[]
  readonly dependsOn: readonly string[]
}

interface Statistics {
  readonly name: string
  readonly table: string
  readonly columns: string
  readonly kinds: readonly string[]
  readonly target: number | null
  readonly owner: string
  readonly comment: string | null
}

export interface Collation {
  readonly name: string
  readonly definition: Readonly<Record<string, string | number | boolean | null>>
  readonly owner: string
  readonly comment: string | null
}

interface Dictionary {
  readonly name: string
  readonly template: string
  /** As SQL: `language = 'english'`. */
  readonly options: string | null
  readonly owner: string
  readonly comment: string | null
}

interface Configuration {
  readonly name: string
  readonly parser: string
  /** The dictionaries of each kind of token, in their order: `asciiword with unaccent, english_stem`. */
  readonly mappings: readonly string[]
  readonly owner: string
  readonly comment: string | null
}

interface Extension {
  readonly name: string
  readonly version: string
}

interface DefaultPrivileges {
  /** The role whose new objects get them, and the kind of object. */
  readonly name: string
  readonly privileges: Privileges
}
