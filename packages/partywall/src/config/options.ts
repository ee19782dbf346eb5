/**
 * The options of a tenancy, complete and checked. This is the only place with defaults. A value comes from the argument of
 * `createTenancy`, else from the defaults. Of the environment partywall itself reads only NODE_ENV; a partywall.config.ts may read more.
 */
import { resolve as resolvePath } from 'node:path'
import type { StandardSchemaV1 } from '@standard-schema/spec'
import { catalogSchema } from '../names/identifier.ts'
import { TenancyError } from '../errors.ts'
import type { MigrationSource } from '../ports/migration-source.ts'
import type { Resolver } from '../ports/resolver.ts'
import type { Tenant } from '../types.ts'
import { mostTimeoutMs } from '../whole-number.ts'
import { boolean, definedIfGiven, invalid, knownKeys, list, oneOf, text, wholeNumber } from './checks.ts'
import { boundaryOption, needsLogins, sharedGrantsOption, type Boundaries, type SharedGrants } from './boundary-option.ts'
import type { Config, HooksOption, PoolOptions } from './config.ts'
import { appUrlOption, domainsOption } from './domains-option.ts'
import { databaseOptions, type GivenDatabase } from './database-option.ts'
import { authOption, type AuthOption } from './auth-option.ts'
import { filesOption, type FilesOption } from './files-option.ts'
import { membersOption, type MembersOption } from './members-option.ts'
import { settingsOption, type GivenSettings, type SettingsOption } from './settings-option.ts'
import { projectRoot } from './project-root.ts'
import { usageOption, type UsageOption } from './usage-option.ts'
import { warmOption, type Warmth } from './warm-option.ts'

/** The folder of seeds. `isGiven`: the config names it, so it must exist. */
export type SeedsOption = false | { readonly folder: string; readonly isGiven: boolean }

/** `tenancy.options`: a config with its defaults, without `database` and the values in `settings`, which may hold secrets. */
export interface PublicOptions {
  readonly root: string
  readonly migrations: {
    /** `false`: there are none on purpose. */
    readonly shared: string | MigrationSource | false
    /** By kind; the kind `default` is always there. */
    readonly tenant: Readonly<Record<string, string | MigrationSource | false>>
    readonly outOfOrder: 'refuse' | 'allow'
    readonly shadowed: readonly string[]
    readonly onDrift: 'warn' | 'refuse' | undefined
    readonly template: boolean
  }
  readonly attributes: StandardSchemaV1<any, object> | undefined
  readonly resolve: readonly Resolver[]
  readonly appUrl: string | undefined
  readonly sharedSchema: string
  readonly includeShared: boolean
  readonly extraSearchPath: readonly string[]
  readonly outsideScope: 'refuse' | 'shared'
  readonly boundary: Boundaries
  readonly strict: boolean
  readonly shared: { readonly grants: SharedGrants }
  readonly behind: 'allow' | 'refuse' | undefined
  readonly tenantIdSetting: string
  readonly pool: Readonly<Required<Omit<PoolOptions, 'maxPerTenant'>>> & { readonly maxPerTenant: number | undefined }
  readonly seeds: SeedsOption
  readonly warm: Warmth
  readonly domains: { readonly nameServers: readonly string[] | undefined }
  readonly members: MembersOption
  readonly settings: SettingsOption
  readonly auth: AuthOption
  readonly files: FilesOption | undefined
  readonly hooks: {
    readonly beforeDelete: ((tenant: Tenant<any>) => unknown) | undefined
    readonly onProvision: HooksOption['onProvision']
  }
  readonly statementTimeoutMs: number | ((tenant: Tenant<any>) => number | undefined) | undefined
  /** Undefined: nothing is counted. */
  readonly usage: UsageOption | undefined
  readonly tenantCacheMs: number
}

/** The same with the connections of the database and their secrets, as the config has them. */
export interface Options extends PublicOptions, GivenDatabase, GivenSettings {}

const defaults = {
  migrations: { shared: 'migrations/shared', tenant: 'migrations/tenant', outOfOrder: 'refuse', shadowed: [], template: false },
  sharedSchema: 'public',
  includeShared: true,
  extraSearchPath: [],
  outsideScope: 'refuse',
  boundary: 'path',
  strict: false,
  shared: { grants: {} },
  tenantIdSetting: 'partywall.tenant_id',
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
    maxPreparedStatements: 500,
    loginMax: 10,
    warnWhenHeldMs: 60_000,
  },
  warm: {},
  domains: {},
  tenantCacheMs: 1000,
} as const satisfies Config

const keys = [
  'database',
  'root',
  'migrations',
  'tenant',
  'resolve',
  'sharedSchema',
  'includeShared',
  'extraSearchPath',
  'outsideScope',
  'boundary',
  'strict',
  'shared',
  'behind',
  'tenantIdSetting',
  'pool',
  'seeds',
  'warm',
  'domains',
  'appUrl',
  'members',
  'settings',
  'auth',
  'files',
  'hooks',
  'statementTimeoutMs',
  'usage',
  'tenantCacheMs',
] as const satisfies readonly (keyof Config)[]

/** Options that decide where data are. `database` is none of them: undefined and empty mean the embedded server, for development. */
const unsetAdvice = 'Set the variable that it is read from, or leave the option out.'
const placesAdvice = {
  root: 'Some bundlers leave import.meta.dirname undefined: write process.cwd() or an absolute path.',
  sharedSchema: unsetAdvice,
}
const sourcesAdvice = { shared: unsetAdvice, tenant: unsetAdvice }

/**
 * Completes a config with the defaults and checks it. The config itself is not changed.
 * @throws TenancyError INVALID_OPTION, naming the option, the value seen and what is allowed
 */
export function resolveOptions(config: Config<any, any> = {}): Options {
  knownKeys('', config, keys)
  const { migrations = {}, tenant = {}, shared = {}, pool = {}, hooks = {} } = config
  knownKeys('migrations.', migrations, ['shared', 'tenant', 'outOfOrder', 'shadowed', 'onDrift', 'template'])
  knownKeys('tenant.', tenant, ['attributes'])
  knownKeys('shared.', shared, ['grants'])
  knownKeys('hooks.', hooks, ['beforeDelete', 'onProvision'])
  knownKeys('pool.', pool, Object.keys(defaults.pool))
  definedIfGiven('', config, placesAdvice)
  definedIfGiven('migrations.', migrations, sourcesAdvice)
  const root = resolvePath(text('root', config.root ?? projectRoot(process.cwd(), process.argv[1])))
  const tenantSources = sourcesByKind(migrations.tenant ?? defaults.migrations.tenant, root)
  const options: Options = {
    ...databaseOptions(config.database),
    root,
    migrations: {
      shared: sourceOption('migrations.shared', migrations.shared ?? defaults.migrations.shared, root),
      tenant: tenantSources,
      outOfOrder: oneOf('migrations.outOfOrder', migrations.outOfOrder ?? defaults.migrations.outOfOrder, ['refuse', 'allow']),
      shadowed: Object.freeze(namesOption('migrations.shadowed', migrations.shadowed ?? defaults.migrations.shadowed)),
      onDrift: migrations.onDrift === undefined ? undefined : oneOf('migrations.onDrift', migrations.onDrift, ['warn', 'refuse']),
      template: boolean('migrations.template', migrations.template ?? defaults.migrations.template),
    },
    attributes: attributesOption(tenant.attributes),
    resolve: resolversOption(config.resolve ?? []),
    appUrl: config.appUrl === undefined ? undefined : appUrlOption(config.appUrl),
    sharedSchema: schemaOption('sharedSchema', config.sharedSchema ?? defaults.sharedSchema),
    includeShared: boolean('includeShared', config.includeShared ?? defaults.includeShared),
    extraSearchPath: list('extraSearchPath', config.extraSearchPath ?? defaults.extraSearchPath).map((name) =>
      schemaOption('extraSearchPath', name),
    ),
    outsideScope: oneOf('outsideScope', config.outsideScope ?? defaults.outsideScope, ['refuse', 'shared']),
    boundary: boundaryOption(config.boundary ?? defaults.boundary),
    strict: boolean('strict', config.strict ?? defaults.strict),
    shared: { grants: sharedGrantsOption(shared.grants ?? defaults.shared.grants) },
    behind: config.behind === undefined ? undefined : oneOf('behind', config.behind, ['allow', 'refuse']),
    tenantIdSetting: settingOption('tenantIdSetting', config.tenantIdSetting ?? defaults.tenantIdSetting),
    pool: poolOption(pool),
    seeds: seedsOption(config.seeds, root),
    warm: warmOption(config.warm ?? defaults.warm, Object.keys(tenantSources)),
    domains: domainsOption(config.domains ?? defaults.domains),
    members: membersOption(config.members ?? {}),
    ...settingsOption(config.settings, Object.keys(tenantSources)),
    auth: authOption(config.auth ?? {}),
    files: filesOption(config.files),
    hooks: {
      beforeDelete: hookOption('hooks.beforeDelete', hooks.beforeDelete),
      onProvision: hookOption('hooks.onProvision', hooks.onProvision),
    },
    statementTimeoutMs: timeoutOption(config.statementTimeoutMs),
    usage: usageOption(config.usage),
    tenantCacheMs: wholeNumber('tenantCacheMs', config.tenantCacheMs ?? defaults.tenantCacheMs, 0),
  }
  for (const kind of Object.keys(options.boundary.kinds)) {
    if (!Object.hasOwn(options.migrations.tenant, kind))
      throw invalid(`boundary.kinds.${kind}`, kind, 'under a kind of tenants that migrations.tenant has')
  }
  if (needsLogins(options.boundary) && options.loginKeys.length === 0) throw loginKeyMissing()
  const { migrations: given, resolve, extraSearchPath } = options
  for (const part of [given, given.tenant, resolve, extraSearchPath, options.shared, options.pool, options.hooks])
    Object.freeze(part)
  return Object.freeze(options)
}

/** Names that the schema of a tenant may not have under these options. */
export function reservedSchemas(options: Pick<Options, 'sharedSchema' | 'extraSearchPath'>): string[] {
  return [catalogSchema, options.sharedSchema, ...options.extraSearchPath]
}

/** A folder as an absolute path; a source, or `false` for none, as it is. */
function sourceOption(option: string, value: unknown, root: string): string | MigrationSource | false {
  if (value === false) return false
  if (typeof value === 'string' && value !== '') return resolvePath(root, value)
  if (isSource(value)) return value
  throw invalid(option, value, "a folder, a source of migrations such as drizzleMigrations('drizzle'), or false for none")
}

function sourcesByKind(value: unknown, root: string): Options['migrations']['tenant'] {
  const isByKind = typeof value === 'object' && value !== null && !Array.isArray(value) && !isSource(value)
  if (!isByKind) return { default: sourceOption('migrations.tenant', value, root) }
  for (const kind of Object.keys(value)) {
    if (!kindName.test(kind) || partsOfSource.has(kind)) throw invalid(`migrations.tenant.${kind}`, value, allowedKind)
  }
  const kinds = Object.entries({ default: defaults.migrations.tenant, ...value })
  return Object.fromEntries(kinds.map(([kind, source]) => [kind, sourceOption(`migrations.tenant.${kind}`, source, root)]))
}

function namesOption(option: string, value: unknown): string[] {
  return list(option, value).map((name) => {
    // A schema in front would never match: the option is about one name in two schemas.
    if (typeof name === 'string' && name !== '' && !/[.\0]/.test(name) && Buffer.byteLength(name) <= 63) return name
    throw invalid(option, name, 'a list of names of tables, views or sequences, without a schema')
  })
}

const kindName = /^[A-Za-z0-9_-]{1,63}$/
/** An object with one of these is a source that lacks its `list`, rather than sources by kind. */
const partsOfSource = new Set(['name', 'list', 'at', 'imported', 'makeNew'])
const allowedKind =
  'a source of migrations with a function `list`, or sources by kind, whose names have 1 to 63 letters, digits, _ and - and are not those of a part of a source'

function isSource(value: unknown): value is MigrationSource {
  return typeof value === 'object' && value !== null && typeof (value as Partial<MigrationSource>).list === 'function'
}

function attributesOption(schema: unknown): StandardSchemaV1<any, object> | undefined {
  if (schema === undefined) return undefined
  const isStandard = (typeof schema === 'object' || typeof schema === 'function') && schema !== null && '~standard' in schema
  if (!isStandard) throw invalid('tenant.attributes', schema, 'a Standard Schema, e.g. one of zod, valibot or arktype')
  return schema as StandardSchemaV1<any, object>
}

function resolversOption(resolvers: unknown): Resolver[] {
  const all = list('resolve', resolvers)
  for (const resolver of all) {
    const isResolver =
      typeof resolver === 'function' ||
      (typeof resolver === 'object' && resolver !== null && typeof (resolver as { resolve?: unknown }).resolve === 'function')
    if (!isResolver) throw invalid('resolve', resolver, 'a list of resolvers, such as byHost(...) or a function')
  }
  return all as Resolver[]
}

function schemaOption(option: string, name: unknown): string {
  const schema = text(option, name)
  const isReserved = schema.startsWith('pg_') || schema === 'information_schema' || schema === catalogSchema
  if (isReserved) throw invalid(option, name, 'a schema of your application')
  if (Buffer.byteLength(schema) > 63 || schema.includes('\0'))
    throw invalid(option, name, 'the name of a schema, at most 63 bytes')
  return schema
}

function poolOption(pool: PoolOptions): Options['pool'] {
  const given = { ...defaults.pool, ...withoutUndefined(pool) }
  const number = (name: keyof PoolOptions, least: number, most?: number): number =>
    wholeNumber(`pool.${name}`, given[name], least, most)
  const max = number('max', 1)
  return {
    max,
    min: number('min', 0),
    sharedMax: number('sharedMax', 1),
    connectionTimeoutMillis: number('connectionTimeoutMillis', 0),
    idleTimeoutMillis: number('idleTimeoutMillis', 0),
    maxLifetimeSeconds: number('maxLifetimeSeconds', 0),
    allowExitOnIdle: boolean('pool.allowExitOnIdle', given.allowExitOnIdle),
    maxPerTenant: given.maxPerTenant === undefined ? undefined : number('maxPerTenant', 1, max),
    maxTenantsPerConnection: number('maxTenantsPerConnection', 1),
    maxPreparedStatements: number('maxPreparedStatements', 1),
    loginMax: number('loginMax', 1),
    warnWhenHeldMs: number('warnWhenHeldMs', 0),
  }
}

/** Only a folder that is named must exist. */
function seedsOption(value: unknown, root: string): SeedsOption {
  if (value === false) return false
  if (value === undefined) return Object.freeze({ folder: resolvePath(root, 'seeds'), isGiven: false })
  if (typeof value === 'string' && value !== '') return Object.freeze({ folder: resolvePath(root, value), isGiven: true })
  throw invalid('seeds', value, 'a folder, or false for none')
}

function hookOption(option: string, value: unknown): ((...args: any[]) => unknown) | undefined {
  if (value === undefined || typeof value === 'function') return value as ((...args: any[]) => unknown) | undefined
  throw invalid(option, value, 'a function')
}

/** PostgreSQL takes any name of two parts; without a dot it would be one of its own settings, such as the role. */
function settingOption(option: string, value: unknown): string {
  const name = text(option, value)
  if (/^[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)+$/.test(name) && Buffer.byteLength(name) <= 63) return name
  throw invalid(option, value, 'a name such as app.tenant_id: lower-case letters, digits and _, with a dot')
}

function loginKeyMissing(): TenancyError {
  return new TenancyError(
    'INVALID_OPTION',
    "The boundary 'login' needs the option \"database.loginKey\", from which the passwords of the tenants' roles are derived. Give 32 random " +
      'characters or more: openssl rand -base64 32 prints some.',
    { details: { option: 'database.loginKey' } },
  )
}

function timeoutOption(value: unknown): Options['statementTimeoutMs'] {
  if (value === undefined || typeof value === 'function') return value as Options['statementTimeoutMs']
  return wholeNumber('statementTimeoutMs', value, 0, mostTimeoutMs)
}

function withoutUndefined<T extends object>(values: T): Partial<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<T>
}
