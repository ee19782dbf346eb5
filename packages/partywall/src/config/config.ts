/** What partywall.config.ts and `createTenancy` take: every option, its unit, range and default. */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { ClientConfig } from 'pg'
import type { AuthConfig } from './auth-option.ts'
import type { FilesConfig } from './files-option.ts'
import type { MembersConfig } from './members-option.ts'
import type { Settings, SettingsConfig } from './settings-option.ts'
import type { UsageConfig } from './usage-option.ts'
import type { MigrationSource } from '../ports/migration-source.ts'
import type { ProvisionContext } from '../ports/steps.ts'
import type { Resolver } from '../ports/resolver.ts'
import type { Attributes, Tenant } from '../types.ts'

/** How the pools of connections behave. Names and units are those of node-postgres where it has the option, too. */
export interface PoolOptions {
  /** Most connections that `tenancy.pool` opens. 1 or more. @default 10 */
  max?: number
  /** Connections that stay open when idle. 0 or more. @default 0 */
  min?: number
  /** Most connections that `tenancy.sharedPool` opens; the catalog is read through it. 1 or more. @default 3 */
  sharedMax?: number
  /** Milliseconds to wait for a connection, whether it must be opened or is busy; 0 waits indefinitely. @default 10000 */
  connectionTimeoutMillis?: number
  /** Milliseconds after which an idle connection is closed; 0 keeps it. @default 10000 */
  idleTimeoutMillis?: number
  /** Seconds after which a connection is replaced; 0 keeps it. @default 0 */
  maxLifetimeSeconds?: number
  /** Lets the process end while only idle connections are left. @default false */
  allowExitOnIdle?: boolean
  /**
   * Most connections that one tenant holds at a time. Its further queries wait in a queue of this tenant. 1 to `max`.
   * @default the same as `max`
   */
  maxPerTenant?: number | undefined
  /**
   * How many distinct tenants a connection may serve before it is replaced. A PostgreSQL session keeps in memory what it read about
   * every table that it used, so this bounds the memory of the server. `max` times this number should be well above the number of
   * tenants that are active at the same time; below it, connections are replaced all the time. 1 or more. @default 250
   */
  maxTenantsPerConnection?: number
  /**
   * Named statements that the server keeps for one connection; the one that was used least recently is closed for a new one. Each needs about
   * 25 kB in the memory of the server. 1 or more. @default 500
   */
  maxPreparedStatements?: number
  /** Most connections of tenants with the boundary `login`, over all of them; the one that was used least recently is closed for a new one. 1 or more. @default 10 */
  loginMax?: number
  /** Milliseconds after which a client that was not released is named in a warning, with the stack of its checkout; 0 never. @default 60000 */
  warnWhenHeldMs?: number
}

/** A folder of SQL and TypeScript files, relative to `root`; or the files of another tool, as in `drizzleMigrations('drizzle')` of partywall/drizzle. */
export type MigrationSourceOption = string | MigrationSource

export interface MigrationsOptions {
  /** Migrations of the shared schema; `false` when there are none on purpose. @default 'migrations/shared' */
  shared?: MigrationSourceOption | false
  /**
   * Migrations of the tenants: one source for all of them, or one for each kind of tenant, by its name. Tenants that were created
   * without a kind have the kind `default`. `false`: there are none on purpose.
   * @default 'migrations/tenant'
   * @example { default: 'migrations/tenant', enterprise: 'migrations/enterprise' }
   */
  tenant?: MigrationSourceOption | false | Readonly<Record<string, MigrationSourceOption | false>>
  /**
   * What happens to a migration that is pending and sorts before one that was applied, e.g. because its branch was merged later. `refuse`:
   * nothing runs in such a schema. `allow`: it is applied, so schemas may get the same migrations in different orders. @default 'refuse'
   */
  outOfOrder?: 'refuse' | 'allow'
  /**
   * Tables, views and sequences that the shared schema and the schemas of tenants have both, on purpose. All other names are refused in
   * the second scope: a tenant that lacks the table would use the shared one. @default []
   */
  shadowed?: readonly string[]
  /**
   * What happens to a tenant that is not what its migrations gave, before further ones are applied and before it is activated. `warn`: the process gets a
   * warning. `refuse`: the tenant is not migrated and not activated (DRIFT). Absent: tenants are not compared. Costs as `tenancy.drift`. @default none
   */
  onDrift?: 'warn' | 'refuse' | undefined
  /**
   * Whether each kind gets a template: a schema that is migrated with the tenants, and from which new ones are made, at a cost that does not grow with the
   * number of migrations. Kinds whose migrations are code, or change shared objects, have none. @default false
   */
  template?: boolean | undefined
}

export interface DomainsOptions {
  /** The name servers that are asked for TXT records: addresses, perhaps with ports. @default those of the system */
  nameServers?: readonly string[]
}

export interface WarmOptions {
  /**
   * How many schemas wait for the next tenants of the kind `default`, or of each kind by its name; from 0 to 100. A new tenant gets one by a rename. Each is a whole
   * schema: it has the tables of a tenant, and every run of migrations migrates it.
   * @default 0
   * @example { default: 5, enterprise: 1 }
   */
  size?: number | Readonly<Record<string, number>>
}

/** What keeps the code of one tenant from another tenant: the search path alone, a role that PostgreSQL checks, or a login of the tenant's own. */
export type Boundary = 'path' | 'role' | 'login'

/** One boundary for all tenants; or by the kind, the schema or the id of a tenant. */
export type BoundaryOption =
  | Boundary
  | {
      /** For tenants that are not named. @default 'path' */
      readonly default?: Boundary
      readonly kinds?: Readonly<Record<string, Boundary>>
      /** By schema or id. */
      readonly tenants?: Readonly<Record<string, Boundary>>
    }

/** The options of node-postgres, and what the boundaries `role` and `login` need beside them. */
export interface DatabaseOptions extends ClientConfig {
  /**
   * How to connect for work that changes structure: creating and migrating tenants, roles, grants. Its role owns the schemas and tables, so the role
   * of the application need own nothing. @default the connection of the application
   */
  deploy?: string | ClientConfig | undefined
  /**
   * The secret from which the passwords of the boundary `login` are derived; 32 characters or more. Of a list, the first is used for new passwords,
   * the others while they are being replaced.
   */
  loginKey?: string | readonly string[] | undefined
}

export interface HooksOption {
  /**
   * Called before a tenant is deleted: to cancel a subscription, or to copy files. When it throws or rejects, nothing is deleted. It is called again
   * when the deletion is tried again, so it must be repeatable. It runs outside every scope.
   */
  beforeDelete?: (tenant: Tenant<any>) => unknown
  /**
   * Called in a new tenant after its seeds, in its scope: to register it elsewhere, or to create its first user. The tenant is active when it has
   * resolved. When it throws, or the process is killed, it is called again by `tenants.resume`: at least once, so it must be repeatable.
   */
  onProvision?: (tenant: Tenant<any>, context: ProvisionContext) => unknown
}

export interface Config<
  S extends StandardSchemaV1<any, object> = StandardSchemaV1<any, Attributes>,
  T extends StandardSchemaV1<any, object> = StandardSchemaV1<any, Settings>,
> {
  /**
   * Where PostgreSQL is: a connection string, or the options of node-postgres. Absent or empty: an embedded PostgreSQL for
   * development is started, with its data in `<root>/.partywall`.
   */
  database?: string | DatabaseOptions | undefined
  /** The folder that relative paths start from. @default the folder of the nearest package.json, at the working directory or above it; on the command line, at the config file or above it */
  root?: string
  migrations?: MigrationsOptions
  tenant?: {
    /** A Standard Schema (zod, valibot, arktype, …) that validates the attributes of a tenant, types them and fills in defaults. */
    attributes?: S
  }
  /** The resolvers that find the tenant of a request, in order of priority. @default [] */
  resolve?: readonly Resolver[]
  /** The schema with the tables that all tenants have in common. @default 'public' */
  sharedSchema?: string
  /** Whether the search path of a tenant continues with the shared schema. @default true */
  includeShared?: boolean
  /** Further schemas at the end of the search path, for extensions. @default [] */
  extraSearchPath?: readonly string[]
  /** What happens to a statement outside every scope: it is refused (NO_TENANT), or runs in the shared schema. @default 'refuse' */
  outsideScope?: 'refuse' | 'shared'
  /**
   * What keeps the code of one tenant from another one. `path`: the search path alone, against mistakes. `role`: each statement runs as the tenant's
   * role. `login`: the tenant has connections of its own, which log in as its role. @default 'path'
   * @example { default: 'role', kinds: { enterprise: 'login' } }
   */
  boundary?: BoundaryOption
  /** Under the boundary `role`: refuses texts of several statements, DO, SET ROLE and CREATE FUNCTION, which can leave the role. @default false */
  strict?: boolean
  shared?: {
    /**
     * What tenants with the boundary `role` or `login` may do with rows of tables in the shared schema, beside reading them.
     * @default {}
     * @example { signups: ['insert'] }
     */
    grants?: Readonly<Record<string, readonly ('insert' | 'update' | 'delete')[]>>
  }
  /**
   * Whether a tenant is entered that lacks migrations which this process knows. undefined: it is refused where one of them creates a table, view or
   * sequence whose name the shared schema has, because the tenant would use that one. @default undefined
   */
  behind?: 'allow' | 'refuse' | undefined
  /**
   * Another setting of PostgreSQL that has the id of the tenant during each of its statements, for policies that you have already; a name with a dot.
   * `partywall.tenant_id`, which protected tables read, is always set. @default 'partywall.tenant_id'
   */
  tenantIdSetting?: string
  pool?: PoolOptions
  /**
   * The folder of seeds, relative to `root`: SQL and TypeScript files that run in every new tenant, in the order of their names. Its sub-folders are sets, which
   * `tenancy.seed` runs. `false`: there are none. @default 'seeds', where that folder exists
   */
  seeds?: string | false | undefined
  /** Schemas that are ready for the next tenants, so that a creation takes milliseconds. @default none */
  warm?: WarmOptions
  /**
   * The address of your application, such as `https://example.com`: `tenancy.url` takes scheme and port from it, and the host where the path names the tenant.
   * @default `https` without a port; for hosts under `localhost` `http`, and the port of the variable PORT or 3000
   */
  appUrl?: string
  /** How the domains of customers are proven. */
  domains?: DomainsOptions
  /** Which roles the members of tenants may have, what each may do, and how many members there may be. */
  members?: MembersConfig
  /** What each tenant may be configured with, and which of it is secret. @default none */
  settings?: SettingsConfig<T>
  /** The sign-in of the application, for `partywall user`: who the accounts belong to, and how they are made. */
  auth?: AuthConfig
  /**
   * Where the files of tenants are, for `tenantFiles` of partywall/files. What deletes a tenant deletes its files, and a clone gets a copy of them. @default none
   */
  files?: FilesConfig
  /** Functions of the application that take part in the life of a tenant. */
  hooks?: HooksOption
  /**
   * Most milliseconds that one statement of a tenant may take, or a function that returns them for a tenant, e.g. by its plan.
   * undefined keeps what the role or the server has set, 0 is no limit. Sent with the binding: no extra round trip. @default undefined
   */
  statementTimeoutMs?: number | ((tenant: Tenant<any>) => number | undefined) | undefined
  /** Counts what each tenant uses, stores it for `tenancy.usage`, and limits it where that is asked for. @default false */
  usage?: boolean | UsageConfig | undefined
  /**
   * Most milliseconds for which a tenant that was looked up, or the answer that there is none, is cached while changes by other processes are
   * not seen; while they are, it is cached until it changes. 0 asks the catalog every time, and opens no connection for changes. @default 1000
   */
  tenantCacheMs?: number
}

/** Gives a config its type, so that the attributes and the settings of tenants are inferred. Checks nothing: `createTenancy` does. */
export function defineConfig<
  const S extends StandardSchemaV1<any, object> = StandardSchemaV1<any, Attributes>,
  const T extends StandardSchemaV1<any, object> = StandardSchemaV1<any, Settings>,
>(config: Config<S, T>): Config<S, T> {
  return config
}
