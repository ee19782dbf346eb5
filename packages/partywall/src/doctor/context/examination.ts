/** What an examination is, and what it is given. An examination reads; it changes nothing. */
import type { PublicOptions } from '../../config/options.ts'
import type { FindingId, Observation } from '../../findings.ts'
import type { Statement } from '../../sql/statement.ts'

export interface Examination {
  readonly id: FindingId
  /** What is wrong. The same for all findings of the examination. */
  readonly title: string
  /**
   * Without it, the examination is left out, and the report says so. `catalog`: there is a table of tenants. `current catalog`: in the version that this
   * partywall knows. `roles`: a boundary other than `path` is configured, or there are roles of tenants.
   */
  readonly needs?: 'catalog' | 'current catalog' | 'roles'
  run(context: Context): Promise<readonly Observation[]>
}

export type { Observation } from '../../findings.ts'

/** One statement in a transaction of its own, which only reads and has a time limit. */
export type Ask = <R extends object>(statement: Statement) => Promise<R[]>

export interface Context {
  /** As the role that owns the schemas. */
  readonly askDeploy: Ask
  /** As the role that the application logs in as, whatever the boundary. */
  readonly askLogin: Ask
  readonly options: PublicOptions
  /** The config names a connection for work on structure. */
  readonly hasDeploy: boolean
  readonly isEmbedded: boolean
  readonly facts: ServerFacts
  /** What is between partywall and the server. @throws TenancyError UNSAFE_SETUP */
  route(): Promise<RouteFacts>
  /** The state of each schema. The same list for all callers. */
  statuses(): Promise<readonly SchemaStatus[]>
}

/** What is read first, because the examinations build on it. */
export interface ServerFacts {
  /** As in `server_version_num`: 180004 is 18.4. */
  readonly version: number
  /** The roles of this database. */
  readonly login: string
  readonly deploy: string
  readonly tenants: string
  /** The group of the tenants that log in themselves. */
  readonly logins: string
  /** The role that makes tenants members of their group. */
  readonly granter: string
  readonly shared: string
  readonly catalog: string
  /** There are tenants' roles, or the group of them. */
  readonly hasRoles: boolean
  /** There is a table of tenants. */
  readonly hasCatalog: boolean
  /** In the version that this partywall knows. */
  readonly isCatalogCurrent: boolean
}

export type RouteFacts =
  | { readonly kind: 'direct' }
  | { readonly kind: 'pooler'; readonly mode: 'transaction' | 'session'; readonly product?: string }

/** Of `tenancy.migrations.status`, what an examination reads. */
export interface SchemaStatus {
  readonly target: string
  readonly tenantId?: string
  readonly pending: readonly string[]
  readonly ahead: readonly string[]
  readonly shadowing?: readonly string[]
  readonly fallingThrough?: readonly string[]
  readonly problem?: unknown
}
