import type { Privileges, Relation } from '../blueprint.ts'

/** A schema as SQL that creates it elsewhere. Send the lists in their order, in one transaction. */
export interface RenderedSchema {
  /** Settings of the transaction, with which every definition means what it meant in the source. */
  readonly settings: readonly string[]
  /** Types, sequences, tables, views and functions: all that must be there before rows are copied. */
  readonly structure: readonly string[]
  /** Indexes, keys, triggers, rights, comments, and the content of materialized views: what is better made when the rows are there. */
  readonly afterRows: readonly string[]
  /** What may still lead to the source, such as a function whose body holds the name of its schema in a string. A sentence for each. */
  readonly remarks: readonly string[]
}

export interface RenderOptions {
  /** The name of the schema that the blueprint was read from: only function bodies and names that something hides hold it. */
  readonly from: string
  /** The name of the schema to create the objects in. It must exist. */
  readonly to: string
  /** The role of the new tenant, which gets what the blueprint gives to the tenant. Without it these rights are left out. */
  readonly tenantRole?: string
}

/** Some statements that make one object, or a part of it. */
export interface Unit {
  /** The objects that are there afterwards, as `Need` names them. */
  readonly keys: readonly string[]
  readonly statements: readonly string[]
  /** Where its place is among the units that could be next. */
  readonly tier: Tier
  /** Keys that it needs besides those that the blueprint tells. */
  readonly needs?: readonly string[]
  /** Something that rows could not be copied into without. */
  readonly isForRows?: boolean
}

/** From the first to the last. Those from `index` on come after the rows. */
export const tiers = [
  // PostgreSQL makes no sequence with the name of a type, but a type with that of a sequence.
  'sequence',
  'collation',
  'text search',
  'type',
  'routine',
  'table',
  'column default',
  'attachment',
  'owned by',
  'view',
  'index',
  'index attachment',
  'constraint',
  'query of a view',
  'statistics',
  'trigger',
  'rule',
  'policy',
  'state',
  'refresh',
  'owner',
  'privileges',
  'comment',
] as const
export type Tier = (typeof tiers)[number]

/** Whether the place of a unit is after the rows. */
export function isAfterRows(tier: Tier): boolean {
  return tiers.indexOf(tier) >= tiers.indexOf('index')
}

/** What the functions that render each kind of object are given. */
export interface Rendering {
  readonly options: RenderOptions
  readonly serverMajor: number
  /** What the role that runs the statements gives to each new object of a kind, where it is not as usual. */
  readonly defaultPrivileges: ReadonlyMap<string, Privileges>
  /** The owner of the schema: the role that runs the statements stands for it. */
  readonly owner: string
  /** Keys of objects that are made in two steps, because others must come between. */
  readonly split: ReadonlySet<string>
  /** Every table and view of the schema, also those that are not rendered now. */
  readonly relations: ReadonlyMap<string, Relation>
  /** Leaves the rights of the owner and of the tenant as PostgreSQL gives them to a new object. */
  readonly onlyRightsOfOthers?: boolean
}
