/**
 * Every option, its unit, range and default: the only place where defaults live. Where an option comes from: the argument of
 * `createTenancy`, else the default. The environment is read by your partywall.config.ts, not by us.
 */
import { resolve as resolvePath } from 'node:path'
import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { ClientConfig } from 'pg'
import { catalogSchema, identifier } from '../names/identifier.ts'
import { TenancyError } from '../errors.ts'
import type { MigrationSource } from '../ports/migration-source.ts'
import { nearest } from '../nearest.ts'
import type { Resolver } from '../ports/resolver.ts'
import type { Attributes, Tenant } from '../types.ts'

/** How one pool of connections behaves. The names and units are those of node-postgres. */
export interface PoolOptions {
  /** Most connections that `tenancy.pool` opens. 1 or more. @default 10 */
  max?: number
  /** Connections kept open when idle. 0 or more. @default 0 */
  min?: number
  /** Most connections that `tenancy.sharedPool` opens; the catalog is read through it. 1 or more. @default 3 */
  sharedMax?: number
  /** Milliseconds to wait for a connection, whether it must be opened or is busy; 0 waits forever. @default 10000 */
  connectionTimeoutMillis?: number
  /** Milliseconds after which an idle connection is closed; 0 keeps it. @default 10000 */
  idleTimeoutMillis?: number
  /** Seconds after which a connection is replaced; 0 keeps it. @default 0 */
  maxLifetimeSeconds?: number
  /** Lets the process end while only idle connections are left. @default false */
  allowExitOnIdle?: boolean
  /**
   * Most connections that one tenant holds at a time; who is over it waits in the line of its own tenant. 1 or more, up to `max`.
   * @default as many as `max`
   */
  maxPerTenant?: number | undefined
  /**
   * After how many distinct tenants a connection is replaced when it comes back. A PostgreSQL session keeps what it learned of every
   * table it has touched, so this bounds its memory. `max` times this should be well above the number of tenants that are active at
   * the same time; below it connections are replaced all the time. 1 or more. @default 250
   */
  maxTenantsPerConnection?: number
  /** Milliseconds after which a client that was not released is named in a warning, with the stack of its checkout; 0 never. @default 60000 */
  warnWhenHeldMs?: number
}

/**
 * Where migrations come from: a folder of SQL and TypeScript files, relative to `root`, or the files of another tool, as in
 * `drizzleMigrations('drizzle')` of partywall/drizzle. A folder that is not there counts as empty.
 */
export interface MigrationFolders {
  /** Migrations of the shared schema. @default 'migrations/shared' */
  shared?: string | MigrationSource
  /** Migrations of every tenant of the kind `default`. @default 'migrations/tenant' */
  tenant?: string | MigrationSource
}

export interface Config<S extends StandardSchemaV1<any, object> = StandardSchemaV1<any, Attributes>> {
  /**
   * Where PostgreSQL is: a connection string, or the options of node-postgres. Absent or empty: an embedded PostgreSQL for
   * development is started, with its data in `<root>/.partywall`.
   */
  database?: string | ClientConfig | undefined
  /** The folder that relative paths start from. The command line sets it to the folder of the config file. @default process.cwd() */
  root?: string
  migrations?: MigrationFolders
  /** Further kinds of tenants: the name of the kind, and where its tenant migrations come from. @default {} */
  kinds?: Record<string, string | MigrationSource>
  tenant?: {
    /** A Standard Schema (zod, valibot, arktype, …) that validates the attributes of a tenant, types them and fills defaults. */
    attributes?: S
  }
  /** Who the tenant of a request is: resolvers in order of priority. @default [] */
  resolve?: readonly Resolver[]
  /** The schema with the tables that all tenants have in common. @default 'public' */
  sharedSchema?: string
  /** Whether the shared schema stands behind the tenant's in the search path. @default true */
  includeShared?: boolean
  /** Further schemas behind both, for extensions. @default [] */
  extraSearchPath?: readonly string[]
  /** What a statement does outside every scope: it is refused (NO_TENANT), or goes to the shared schema. @default 'refuse' */
  outsideScope?: 'refuse' | 'shared'
  /** What stops one tenant's code from reaching another tenant. `path`: the search path alone. @default 'path' */
  boundary?: 'path'
  pool?: PoolOptions
  /**
   * Most milliseconds that one statement of a tenant may take, or a function that says it for each tenant, e.g. by its plan;
   * undefined leaves what the role or the server has set, 0 is no limit. It rides in the binding and costs no round trip. @default undefined
   */
  statementTimeoutMs?: number | ((tenant: Tenant<any>) => number | undefined) | undefined
  /** Milliseconds for which a looked-up tenant, or the answer that there is none, is believed; 0 looks up every time. @default 1000 */
  tenantCacheMs?: number
}

/** The same, complete and checked. */
export interface Options {
  readonly database: ClientConfig | undefined
  readonly root: string
  readonly migrations: { readonly shared: string | MigrationSource; readonly tenant: string | MigrationSource }
  readonly kinds: Readonly<Record<string, string | MigrationSource>>
  readonly attributes: StandardSchemaV1<any, object> | undefined
  readonly resolve: readonly Resolver[]
  readonly sharedSchema: string
  readonly includeShared: boolean
  readonly extraSearchPath: readonly string[]
  readonly outsideScope: 'refuse' | 'shared'
  readonly boundary: 'path'
  readonly pool: Readonly<Required<Omit<PoolOptions, 'maxPerTenant'>>> & { readonly maxPerTenant: number | undefined }
  readonly statementTimeoutMs: number | ((tenant: Tenant<any>) => number | undefined) | undefined
  readonly tenantCacheMs: number
}

const defaults = {
  migrations: { shared: 'migrations/shared', tenant: 'migrations/tenant' },
  sharedSchema: 'public',
  includeShared: true,
  extraSearchPath: [],
  outsideScope: 'refuse',
  boundary: 'path',
  pool: {
    max: 10,
    min: 0,
    sharedMax: 3,
    connectionTimeoutMillis: 10_000,
    idleTimeoutMillis: 10_000,
    maxLifetimeSeconds: 0,
    allowExitOnIdle: false,
    maxPerTenant: undefined,
    maxTenantsPerConnection: 250,
    warnWhenHeldMs: 60_000,
  },
  tenantCacheMs: 1000,
} as const satisfies Config

const keys = {
  '': [
    'database',
    'root',
    'migrations',
    'kinds',
    'tenant',
    'resolve',
    'sharedSchema',
    'includeShared',
    'extraSearchPath',
    'outsideScope',
    'boundary',
    'pool',
    'statementTimeoutMs',
    'tenantCacheMs',
  ],
  'migrations.': ['shared', 'tenant'],
  'tenant.': ['attributes'],
  'pool.': Object.keys(defaults.pool),
} as const satisfies Record<string, readonly string[]>

/** Gives a config its type, so that tenants' attributes infer. Checks nothing: `createTenancy` does. */
export function defineConfig<const S extends StandardSchemaV1<any, object> = StandardSchemaV1<any, Attributes>>(
  config: Config<S>,
): Config<S> {
  return config
}

/**
 * Completes a config with the defaults and checks it. The config given is left as it is.
 * @throws TenancyError INVALID_OPTION, naming the option, the value seen and what is allowed
 */
export function resolveOptions(config: Config<any> = {}): Options {
  onlyKnownKeys(config, '')
  const { migrations = {}, tenant = {}, pool = {}, kinds = {} } = config
  onlyKnownKeys(migrations, 'migrations.')
  onlyKnownKeys(tenant, 'tenant.')
  onlyKnownKeys(pool, 'pool.')
  const root = resolvePath(text('root', config.root ?? process.cwd()))
  const sharedSchema = schemaOption('sharedSchema', config.sharedSchema ?? defaults.sharedSchema)
  const options: Options = {
    database: databaseOption(config.database),
    root,
    migrations: {
      shared: sourceOption('migrations.shared', migrations.shared ?? defaults.migrations.shared, root),
      tenant: sourceOption('migrations.tenant', migrations.tenant ?? defaults.migrations.tenant, root),
    },
    kinds: kindsOption(kinds, root),
    attributes: attributesOption(tenant.attributes),
    resolve: resolversOption(config.resolve ?? []),
    sharedSchema,
    includeShared: boolean('includeShared', config.includeShared ?? defaults.includeShared),
    extraSearchPath: list('extraSearchPath', config.extraSearchPath ?? defaults.extraSearchPath).map((name) =>
      schemaOption('extraSearchPath', name),
    ),
    outsideScope: oneOf('outsideScope', config.outsideScope ?? defaults.outsideScope, ['refuse', 'shared']),
    boundary: oneOf('boundary', config.boundary ?? defaults.boundary, ['path']),
    pool: {
      max: count('pool.max', pool.max ?? defaults.pool.max, 1),
      min: count('pool.min', pool.min ?? defaults.pool.min, 0),
      sharedMax: count('pool.sharedMax', pool.sharedMax ?? defaults.pool.sharedMax, 1),
      connectionTimeoutMillis: count(
        'pool.connectionTimeoutMillis',
        pool.connectionTimeoutMillis ?? defaults.pool.connectionTimeoutMillis,
        0,
      ),
      idleTimeoutMillis: count('pool.idleTimeoutMillis', pool.idleTimeoutMillis ?? defaults.pool.idleTimeoutMillis, 0),
      maxLifetimeSeconds: count('pool.maxLifetimeSeconds', pool.maxLifetimeSeconds ?? defaults.pool.maxLifetimeSeconds, 0),
      allowExitOnIdle: boolean('pool.allowExitOnIdle', pool.allowExitOnIdle ?? defaults.pool.allowExitOnIdle),
      maxPerTenant: pool.maxPerTenant === undefined ? undefined : count('pool.maxPerTenant', pool.maxPerTenant, 1),
      maxTenantsPerConnection: count(
        'pool.maxTenantsPerConnection',
        pool.maxTenantsPerConnection ?? defaults.pool.maxTenantsPerConnection,
        1,
      ),
      warnWhenHeldMs: count('pool.warnWhenHeldMs', pool.warnWhenHeldMs ?? defaults.pool.warnWhenHeldMs, 0),
    },
    statementTimeoutMs: timeoutOption(config.statementTimeoutMs),
    tenantCacheMs: count('tenantCacheMs', config.tenantCacheMs ?? defaults.tenantCacheMs, 0),
  }
  for (const part of [options.migrations, options.kinds, options.resolve, options.extraSearchPath, options.pool])
    Object.freeze(part)
  return Object.freeze(options)
}

/** Names that no tenant's schema may take under these options. */
export function reservedSchemas(options: Pick<Options, 'sharedSchema' | 'extraSearchPath'>): string[] {
  return [catalogSchema, options.sharedSchema, ...options.extraSearchPath]
}

function onlyKnownKeys(part: object, prefix: keyof typeof keys): void {
  if (typeof part !== 'object' || part === null || Array.isArray(part)) {
    throw invalid(prefix.slice(0, -1) || 'the config', part, 'an object')
  }
  const known: readonly string[] = keys[prefix]
  for (const key of Object.keys(part)) {
    if (known.includes(key)) continue
    const suggestion = nearest(key, known)
    throw new TenancyError(
      'INVALID_OPTION',
      `There is no option ${JSON.stringify(prefix + key)}. ` +
        (suggestion ? `Did you mean ${JSON.stringify(prefix + suggestion)}?` : `The options here are: ${known.join(', ')}.`),
      { details: { option: prefix + key, nearest: suggestion } },
    )
  }
}

function databaseOption(value: unknown): ClientConfig | undefined {
  if (value === undefined || value === '') return undefined
  // A connection string may hold a password: it is never quoted in a message.
  if (typeof value === 'string') {
    if (/^postgres(ql)?:\/\//.test(value)) return { connectionString: value }
    throw new TenancyError(
      'INVALID_OPTION',
      'The option "database" is text, but not a connection string. Give postgres://user@host:port/database, or the options of node-postgres as an object.',
      { details: { option: 'database' } },
    )
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value }
  throw invalid('database', value, 'a connection string or the options of node-postgres')
}

/** A folder as a whole path, or a source as it is. */
function sourceOption(option: string, value: unknown, root: string): string | MigrationSource {
  if (typeof value === 'string' && value !== '') return resolvePath(root, value)
  const isSource = typeof value === 'object' && value !== null && typeof (value as Partial<MigrationSource>).list === 'function'
  if (isSource) return value as MigrationSource
  throw invalid(option, value, "a folder, or a source of migrations such as drizzleMigrations('drizzle')")
}

function kindsOption(kinds: unknown, root: string): Record<string, string | MigrationSource> {
  if (typeof kinds !== 'object' || kinds === null || Array.isArray(kinds))
    throw invalid('kinds', kinds, 'an object of name: folder')
  const entries = Object.entries(kinds).map(([kind, source]) => {
    if (kind === 'default')
      throw invalid('kinds.default', source, 'absent: the kind "default" has its folder in migrations.tenant')
    return [kind, sourceOption(`kinds.${kind}`, source, root)] as const
  })
  return Object.fromEntries(entries)
}

function attributesOption(schema: unknown): StandardSchemaV1<any, object> | undefined {
  if (schema === undefined) return undefined
  const isStandard = (typeof schema === 'object' || typeof schema === 'function') && schema !== null && '~standard' in schema
  if (!isStandard) throw invalid('tenant.attributes', schema, 'a Standard Schema, as zod, valibot and arktype make them')
  return schema as StandardSchemaV1<any, object>
}

function resolversOption(resolvers: unknown): Resolver[] {
  const all = list('resolve', resolvers)
  for (const resolver of all) {
    const isResolver =
      typeof resolver === 'function' || (typeof resolver === 'object' && resolver !== null && 'resolve' in resolver)
    if (!isResolver) throw invalid('resolve', resolver, 'a list of resolvers, such as byHost(...) or a function')
  }
  return all as Resolver[]
}

function schemaOption(option: string, name: unknown): string {
  const schema = text(option, name)
  const isReserved = schema.startsWith('pg_') || schema === 'information_schema' || schema === catalogSchema
  if (isReserved) throw invalid(option, name, 'a schema of yours')
  identifier(schema)
  return schema
}

function timeoutOption(value: unknown): Options['statementTimeoutMs'] {
  if (value === undefined || typeof value === 'function') return value as Options['statementTimeoutMs']
  return count('statementTimeoutMs', value, 0)
}

function text(option: string, value: unknown): string {
  if (typeof value === 'string' && value !== '') return value
  throw invalid(option, value, 'text')
}

function boolean(option: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value
  throw invalid(option, value, 'true or false')
}

function count(option: string, value: unknown, least: number): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= least) return value
  throw invalid(option, value, `a whole number of at least ${least}`)
}

function list(option: string, value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return [...value]
  throw invalid(option, value, 'a list')
}

function oneOf<const T extends string>(option: string, value: unknown, allowed: readonly T[]): T {
  if (allowed.includes(value as T)) return value as T
  throw invalid(option, value, allowed.map((item) => `'${item}'`).join(' or '))
}

function invalid(option: string, value: unknown, allowed: string): TenancyError {
  const seen =
    typeof value === 'object' && value !== null ? (Array.isArray(value) ? 'a list' : 'an object') : JSON.stringify(value)
  return new TenancyError('INVALID_OPTION', `The option "${option}" must be ${allowed}; it is ${seen ?? typeof value}.`, {
    details: { option },
  })
}
