/**
 * Every refusal of partywall is a `TenancyError` with a `code` from the table below. A message says what was refused, with the values
 * seen, and what to do about it; it ends with the address of the code's section in the docs. It never holds rows, parameters or passwords.
 */
import { innerError, read } from './inner-error.ts'
import type { FleetReport, TenantStatus } from './types.ts'

/** What each code means, for people. The keys are the closed union `TenancyErrorCode`; a retired code is never used again. */
export const errorCodes = {
  NO_TENANT: { meaning: 'A statement or a question about the tenant came from outside any scope.', http: 500 },
  WRONG_TENANT: { meaning: 'A connection that belongs to one scope was used in another.', http: 500 },
  UNKNOWN_TENANT: { meaning: 'No tenant has this id, schema, domain or external id.', http: 404 },
  INVALID_TENANT_REF: { meaning: 'What should name a tenant is not well-formed.', http: 400 },
  TENANT_SUSPENDED: { meaning: 'The tenant is suspended, archived, being deleted, or its creation failed.', http: 403 },
  TENANT_MAINTENANCE: { meaning: 'The tenant is in maintenance, or not complete yet.', http: 503 },
  TENANT_CHANGED: { meaning: 'The schema of the tenant is not the one that was looked up.', http: 503 },
  NAME_IN_BOTH_SCOPES: {
    meaning: 'A table of the shared schema has a name that the schema of the tenant has, or should have.',
    http: 503,
  },
  TENANT_BEHIND: { meaning: 'The tenant lacks migrations that this process knows.', http: 503 },
  INVALID_TENANT_MOVE: { meaning: 'The status of the tenant does not permit the call.', http: 409 },
  TENANT_REFERENCED: { meaning: 'Something outside of the tenant would break, or lose its tenant.', http: 409 },
  SHARED_ROW_REFERENCED: { meaning: 'Rows refer to the row of a shared table that should be deleted.', http: 409 },
  TENANT_LOCKED: { meaning: 'Another transaction held a lock that a change of the tenant needs.', http: 503 },
  PROVISION_FAILED: { meaning: 'A seed or a hook failed in a tenant; what ran before it is kept.', http: 500 },
  INVALID_FIXTURES: { meaning: 'The file of a load cannot be read, or does not fit the tables; nothing was written.', http: 400 },
  LOAD_FAILED: { meaning: 'The rows of a file could not be loaded; nothing of them was kept.', http: 409 },
  INVALID_SEED: { meaning: 'A seed, or the folder of seeds, cannot be used as it is.', http: 500 },
  HOOK_FAILED: { meaning: 'A hook of the configuration failed, so the work was not done.', http: 500 },
  INVALID_SCHEMA_NAME: { meaning: 'The name cannot be the name of a tenant schema.', http: 400 },
  INVALID_DOMAIN: { meaning: 'The text is not a host name.', http: 400 },
  INVALID_ATTRIBUTES: { meaning: 'The attributes do not fit the schema given as tenant.attributes.', http: 400 },
  INVALID_SETTINGS: { meaning: 'The settings do not fit the schema given as settings.schema.', http: 400 },
  SETTINGS_UNREADABLE: { meaning: 'The stored settings of the tenant cannot be read.', http: 500 },
  INVALID_OPTION: { meaning: 'An option of the configuration is unknown or out of range.', http: 500 },
  INVALID_ARGUMENT: { meaning: 'An argument of a call is unknown or out of range.', http: 400 },
  INVALID_TENANT_NAME: { meaning: 'The name for people is empty, too long or not text.', http: 400 },
  UNKNOWN_KIND: { meaning: 'The configuration has no such kind of tenants.', http: 400 },
  UNKNOWN_TEMPLATE: { meaning: 'There is no template of this name.', http: 404 },
  TEMPLATE_UNUSABLE: { meaning: 'The template is not what it was when it was examined, or cannot be copied.', http: 409 },
  SCHEMA_EXISTS: { meaning: 'The schema, or a tenant with this schema, exists already.', http: 409 },
  ADOPTION_REFUSED: { meaning: 'Tables or a schema cannot become a tenant, or be released, as they are.', http: 409 },
  CLONE_REFUSED: { meaning: 'The tenant cannot be cloned as it is, or as the call asks.', http: 409 },
  CLONE_FAILED: { meaning: 'A clone could not be made; nothing of it was kept.', http: 500 },
  ROLE_EXISTS: { meaning: 'The role of a tenant exists already, or belongs to another database of the server, too.', http: 409 },
  ROLE_MISSING: { meaning: 'The role that statements of the tenant run as does not exist, or cannot be taken.', http: 503 },
  LOGIN_REFUSED: { meaning: "No connection could be had that is logged in as the tenant's own role.", http: 503 },
  SCHEMA_MISSING: { meaning: 'The schema of the tenant is not in the database, or the role may not use it.', http: 503 },
  EXTERNAL_ID_EXISTS: { meaning: 'The external id belongs to a tenant already.', http: 409 },
  DOMAIN_NOT_CLAIMABLE: { meaning: 'A tenant cannot claim this host name.', http: 400 },
  DOMAIN_NOT_VERIFIED: { meaning: 'The record that proves the domain was not found.', http: 409 },
  DOMAIN_EXISTS: { meaning: 'The domain belongs to a tenant already.', http: 409 },
  PRIMARY_DOMAIN: { meaning: 'The primary domain of a tenant cannot go while it has others.', http: 409 },
  UNKNOWN_LOGIN: { meaning: 'This database has no login of a customer with this name.', http: 404 },
  UNKNOWN_DOMAIN: { meaning: 'No tenant has this domain.', http: 404 },
  NOT_A_MEMBER: { meaning: 'The user is not a member of this tenant.', http: 403 },
  NOT_PERMITTED_ROLE: { meaning: 'The role of the member does not permit this.', http: 403 },
  MEMBER_EXISTS: { meaning: 'The user is a member of the tenant already.', http: 409 },
  UNKNOWN_USER: { meaning: 'The sign-in has no account with this address.', http: 404 },
  USER_EXISTS: { meaning: 'The sign-in has an account with this address already.', http: 409 },
  LAST_OWNER: { meaning: 'The last owner of a tenant must stay its owner.', http: 409 },
  SEATS_TAKEN: { meaning: 'The tenant has as many members as it may have.', http: 409 },
  QUOTA_EXCEEDED: { meaning: 'The files of the tenant would take more room than it has.', http: 413 },
  FILE_STORE_FAILED: { meaning: 'The store of files did not answer, or refused.', http: 503 },
  UNKNOWN_ROLE: { meaning: 'The tenant has no such role.', http: 400 },
  ROLE_IN_USE: { meaning: 'Members have this role.', http: 409 },
  INVALID_INVITATION: { meaning: 'The invitation is unknown, used, revoked or over.', http: 404 },
  TOKEN_REFUSED: { meaning: 'The token is no token of this tenant, or not any more.', http: 401 },
  JOB_REFUSED: { meaning: 'A job of a queue has no genuine stamp, or its tenant may not be entered any more.', http: 500 },
  MAY_NOT_JOIN: { meaning: 'The tenant does not let users join with such an address.', http: 403 },
  CATALOG_MISSING: {
    meaning: 'The catalog is not installed, or older than this version, and the role may not install it.',
    http: 503,
  },
  CATALOG_NEWER: { meaning: 'The catalog was made by a newer version of partywall.', http: 503 },
  NOT_PERMITTED: { meaning: 'The role of the connection lacks a privilege that the work needs.', http: 500 },
  POOL_EXHAUSTED: { meaning: 'Every connection stayed busy until the waiting time was over.', http: 503 },
  TENANT_BUSY: { meaning: 'The tenant holds as many connections as it may, and none came free in time.', http: 503 },
  USAGE_EXCEEDED: { meaning: 'The tenant has sent as many statements as it may for the time being.', http: 429 },
  MIGRATION_FAILED: { meaning: 'A migration failed; nothing of it was kept.', http: 500 },
  FLEET_FAILED: { meaning: 'Work on many tenants failed for some of them; the report names them.', http: 500 },
  MIGRATION_CHANGED: { meaning: 'A migration that was applied has changed, or is gone.', http: 500 },
  HISTORY_MISSING: { meaning: 'A schema holds tables, but the history of its migrations is gone.', http: 500 },
  HISTORY_DISAGREES: { meaning: 'The digest of a history is not that of its rows.', http: 500 },
  DRIFT: { meaning: 'The schema of the tenant is not what its migrations gave.', http: 500 },
  INVALID_MIGRATION: {
    meaning: 'A migration file, or the folder of them, is not well-formed, or reaches beyond the tenant.',
    http: 500,
  },
  NEEDS_SESSION: { meaning: 'The statement cannot run together with its binding; it needs tenancy.session.', http: 500 },
  UNSAFE_STATEMENT: {
    meaning: 'The statement would escape its binding or reach into the state of a shared connection.',
    http: 500,
  },
  UNSAFE_SETUP: { meaning: 'The route to the server cannot keep tenants apart.', http: 503 },
  UNSUPPORTED_OBJECT: { meaning: 'The schema holds objects that cannot be copied.', http: 500 },
  RELEASED_CLIENT: { meaning: 'A client was used after it went back to the pool.', http: 500 },
  DATABASE_UNREACHABLE: { meaning: 'The database server does not answer or refuses the connection.', http: 503 },
  TEST_LEAK: { meaning: 'A test has left something behind.', http: 500 },
  EMBEDDED_FAILED: { meaning: 'The embedded PostgreSQL could not be installed, started or stopped.', http: 503 },
} as const satisfies Record<string, { meaning: string; http: number }>

export type TenancyErrorCode = keyof typeof errorCodes

/** The page that has a section for each code. Its address is in no other place. */
const errorsPage = 'docs/errors.md'

/** Where the docs explain a code, e.g. `docs/errors.md#NO_TENANT`. */
export function addressOf(code: TenancyErrorCode): string {
  return `${errorsPage}#${code}`
}

/** The values seen, by code, for programs. Never rows, parameters or passwords. */
export interface ErrorDetails {
  NO_TENANT: { readonly scope: 'none' | 'shared' }
  /** The schemas of the two scopes. */
  WRONG_TENANT: { readonly owner: string; readonly now: string }
  UNKNOWN_TENANT: { readonly by: 'id' | 'schema' | 'domain' | 'externalId' | 'impossible'; readonly ref: string }
  INVALID_TENANT_REF: { readonly seen: string }
  TENANT_SUSPENDED: { readonly schema: string; readonly status: Exclude<TenantStatus, 'active' | UnservedForNow> }
  TENANT_MAINTENANCE: { readonly schema: string; readonly status: UnservedForNow }
  /** The schema that was looked up. */
  TENANT_CHANGED: { readonly schema: string }
  /** The names; `missing`: the tenant lacks them, and other tenants of its kind have them. */
  NAME_IN_BOTH_SCOPES: { readonly schema: string; readonly names: readonly string[]; readonly missing: boolean }
  /** `pending`: names of migrations. `object`: what one of them creates, and the shared schema has. */
  TENANT_BEHIND: { readonly schema: string; readonly pending: readonly string[]; readonly object?: string | undefined }
  /** `move`: the call. */
  INVALID_TENANT_MOVE: { readonly schema: string; readonly status: TenantStatus; readonly move: string }
  /** `references`: objects outside. `tables`: shared tables with rows of the tenant, and how many. */
  TENANT_REFERENCED: {
    readonly schema: string
    readonly references: readonly string[]
    readonly tables: readonly { readonly table: string; readonly rows: number }[]
  }
  /** `references`: up to 20 tables with rows that refer to it, and how many; `total`: all of them together. */
  SHARED_ROW_REFERENCED: {
    readonly table: string
    readonly references: readonly { readonly schema: string; readonly table: string; readonly rows: number }[]
    readonly total: number
  }
  TENANT_LOCKED: { readonly schema: string }
  /** `step`: the file of a seed, or the name of a hook. `line`: of the SQL file; 1 is the first line. */
  PROVISION_FAILED: {
    readonly schema: string
    readonly step: string
    readonly line?: number | undefined
    readonly sqlState?: string | undefined
  }
  /** `file`: in a folder of CSV. `line`: 1 is the first; absent: it is about the whole. `problems`: sentences. */
  INVALID_FIXTURES: {
    readonly file?: string | undefined
    readonly line?: number | undefined
    readonly problems: readonly string[]
  }
  /** `target`: the schema of a tenant, or 'shared'. `line`: of the row in the file. */
  LOAD_FAILED: {
    readonly target: string
    readonly table?: string | undefined
    readonly line?: number | undefined
    readonly constraint?: string | undefined
    readonly sqlState: string
  }
  INVALID_SEED: { readonly file: string }
  HOOK_FAILED: { readonly schema: string; readonly hook: string }
  INVALID_SCHEMA_NAME: { readonly name: string }
  INVALID_DOMAIN: { readonly domain: string }
  INVALID_ATTRIBUTES: { readonly issues: readonly { readonly path: readonly string[]; readonly message: string }[] }
  INVALID_SETTINGS: { readonly issues: readonly { readonly path: readonly string[]; readonly message: string }[] }
  /** `reason`: the key is not configured, the stored text was altered, or the values do not fit the schema. `keys`: the settings that it is about. */
  SETTINGS_UNREADABLE: {
    readonly schema: string
    readonly reason: 'unknown key' | 'altered' | 'does not fit'
    readonly keys: readonly string[]
  }
  INVALID_OPTION: OptionDetails
  INVALID_ARGUMENT: OptionDetails
  INVALID_TENANT_NAME: {}
  /** `kinds`: those that the configuration has. */
  UNKNOWN_KIND: { readonly kind: string; readonly kinds: readonly string[]; readonly nearest: string | undefined }
  UNKNOWN_TEMPLATE: { readonly template: string }
  /** `reason`: a sentence. */
  TEMPLATE_UNUSABLE: { readonly template: string; readonly reason: string }
  SCHEMA_EXISTS: { readonly schema: string }
  /** Each finding has a kind, the object, and a sentence. */
  ADOPTION_REFUSED: {
    readonly schema: string
    readonly findings: readonly { readonly kind: string; readonly object: string; readonly sentence: string }[]
  }
  /** `schema` is the clone. `problems`: in words. */
  CLONE_REFUSED: { readonly schema: string; readonly source: string; readonly problems: readonly string[] }
  /** `step`: what was being done. `differences`: in sentences, where the clone came out otherwise. */
  CLONE_FAILED: {
    readonly schema: string
    readonly source: string
    readonly step: string
    readonly sqlState?: string | undefined
    readonly differences: readonly string[]
  }
  ROLE_EXISTS: { readonly schema: string; readonly role: string }
  ROLE_MISSING: { readonly schema: string }
  LOGIN_REFUSED: { readonly schema: string; readonly reason: 'other login' | 'password' | 'forbidden' | 'no login' | 'unpooled' }
  SCHEMA_MISSING: { readonly schema: string }
  EXTERNAL_ID_EXISTS: { readonly externalId: string }
  DOMAIN_EXISTS: { readonly domains: readonly string[] }
  /** `reason`: half a sentence. */
  DOMAIN_NOT_CLAIMABLE: { readonly domain: string; readonly reason: string }
  /** `record`: the name and the value that DNS must have. `seen`: whether DNS has no such record, records with other values, or did not answer. */
  DOMAIN_NOT_VERIFIED: {
    readonly domain: string
    readonly record: { readonly name: string; readonly value: string }
    readonly seen: 'none' | 'others' | 'no answer'
  }
  PRIMARY_DOMAIN: { readonly domain: string; readonly schema: string }
  UNKNOWN_LOGIN: { readonly role: string }
  UNKNOWN_DOMAIN: { readonly domain: string; readonly schema: string }
  /** `reason`: one of few words, for the log. */
  TOKEN_REFUSED: { readonly reason: string }
  JOB_REFUSED: { readonly reason: 'unstamped' | 'forged' | 'unknown' | 'suspended' | 'reused'; readonly queue: string }
  NOT_A_MEMBER: { readonly schema: string; readonly userId: string }
  NOT_PERMITTED_ROLE: { readonly schema: string; readonly userId: string; readonly role: string }
  MEMBER_EXISTS: { readonly schema: string; readonly userId: string }
  UNKNOWN_USER: { readonly email: string }
  USER_EXISTS: { readonly email: string }
  LAST_OWNER: { readonly schema: string; readonly userId: string }
  SEATS_TAKEN: { readonly schema: string; readonly seats: number }
  /** In bytes. `used`: by files, and by uploads that run. */
  QUOTA_EXCEEDED: { readonly schema: string; readonly limit: number; readonly used: number }
  /** `code`: that of the error of the store. */
  FILE_STORE_FAILED: { readonly store: string; readonly code: string }
  /** `roles`: those that there are. */
  UNKNOWN_ROLE: {
    readonly schema: string
    readonly role: string
    readonly roles: readonly string[]
    readonly nearest: string | undefined
  }
  ROLE_IN_USE: { readonly schema: string; readonly role: string }
  INVALID_INVITATION: {}
  MAY_NOT_JOIN: { readonly schema: string }
  CATALOG_MISSING: { readonly role: string; readonly database?: string; readonly installed?: number | undefined }
  CATALOG_NEWER: { readonly installed: number; readonly known: number }
  NOT_PERMITTED: {}
  POOL_EXHAUSTED: { readonly max: number; readonly connectionTimeoutMillis: number | undefined }
  TENANT_BUSY: { readonly schema: string; readonly maxPerTenant: number }
  /** `limit` statements in `windowMs`. */
  USAGE_EXCEEDED: { readonly schema: string; readonly limit: number; readonly windowMs: number }
  MIGRATION_FAILED: MigrationDetails & { readonly statement?: string | undefined; readonly sqlState?: string | undefined }
  FLEET_FAILED: { readonly report: FleetReport }
  MIGRATION_CHANGED: MigrationDetails & {
    readonly problem: 'changed' | 'gone' | 'reordered' | 'diverged' | 'unfinished'
    readonly checksum?: string | undefined
    readonly applied?: string | undefined
    /** It was applied last and has a down migration, so `tenancy.migrations.redo` can do it again. */
    readonly mayRedo?: true
    readonly was?: string
    readonly head?: string | undefined
    readonly statements?: number
    /** Files that are not applied, and applied migrations without a file. */
    readonly pending?: readonly string[]
    readonly unknown?: readonly string[]
  }
  HISTORY_MISSING: { readonly schema: string }
  HISTORY_DISAGREES: { readonly schema: string; readonly applied: number }
  /** Names of objects that differ, such as `column orders.total`. */
  DRIFT: { readonly schema: string; readonly differences: readonly string[] }
  INVALID_MIGRATION: Partial<MigrationDetails> & {
    readonly folder?: string
    readonly last?: string
    /** What the migration would change in another schema. */
    readonly object?: string
  }
  NEEDS_SESSION: {}
  UNSAFE_STATEMENT: {
    /** What the statement would leave on the session. */
    readonly leaves?: string
    readonly statement?: string
    readonly schema?: string
  }
  UNSAFE_SETUP: { readonly mode?: string; readonly version?: string }
  /** What cannot be copied, in words. */
  UNSUPPORTED_OBJECT: { readonly objects: readonly string[] }
  RELEASED_CLIENT: {}
  /** The code of Node.js or the SQLSTATE, if there is one. */
  DATABASE_UNREACHABLE: { readonly code: string | undefined }
  /** `leaks`: one sentence for each thing, with the place in the code where it is known. */
  TEST_LEAK: { readonly leaks: readonly string[] }
  EMBEDDED_FAILED: {
    readonly directory?: string
    readonly file?: string
    readonly log?: string
    readonly package?: string
    readonly uid?: number
    readonly found?: string
    readonly installed?: string
    readonly postgres?: string
  }
}

/** Requests are told to come again. */
export type UnservedForNow = 'maintenance' | 'pending' | 'provisioning'

export interface OptionDetails {
  /** The name of the option or argument, as it is written, e.g. `pool.max`. */
  readonly option?: string
  /** The known name that comes nearest to an unknown one. */
  readonly nearest?: string | undefined
  /** The call or the object that the option belongs to, e.g. `tenants.create`. */
  readonly what?: string
  readonly seen?: unknown
  readonly package?: string
  readonly type?: string
  readonly resolver?: string
  /** The sources of migrations between which a call does not choose. */
  readonly sources?: readonly string[]
}

export interface MigrationDetails {
  readonly schema: string
  /** Of the migration; absent when the schema was not reached at all. */
  readonly name?: string | undefined
  readonly file?: string | undefined
  /** In the file; 1 is the first line. */
  readonly line?: number | undefined
}

/** What an error holds besides its text. A code whose details are all optional may leave them out. */
export type CauseAndDetails<C extends TenancyErrorCode> = { readonly cause?: unknown } & ({} extends ErrorDetails[C]
  ? { readonly details?: ErrorDetails[C] }
  : { readonly details: ErrorDetails[C] })

/** Registered for all copies of partywall in the process. */
const brand = Symbol.for('partywall.TenancyError')
/** On the details of an error: the error. */
const owner = Symbol.for('partywall.TenancyError.owner')

/**
 * @example
 * catch (error) {
 *   const taken = tenancyErrorOf(error, 'DOMAIN_EXISTS')
 *   if (taken !== undefined) return `taken: ${taken.details.domains.join(', ')}`
 *   throw error
 * }
 */
export class TenancyError<C extends TenancyErrorCode = TenancyErrorCode> extends Error {
  override readonly name = 'TenancyError'
  readonly code: C
  readonly details: Readonly<ErrorDetails[C]>
  /** The message without the address of the docs, to be part of another message. Knex changes `message`, and not this. */
  declare readonly summary: string

  /** @param summary what was refused and what to do; the address of the docs is added to it */
  constructor(code: C, summary: string, ...[options]: {} extends ErrorDetails[C] ? [CauseAndDetails<C>?] : [CauseAndDetails<C>]) {
    super(`${summary} See ${addressOf(code)}`, options !== undefined && 'cause' in options ? { cause: options.cause } : undefined)
    this.code = code
    // Some libraries copy the properties of an error to one of their own: this one lets the error be found by its copied details.
    const details = Object.defineProperty({ ...(options?.details as ErrorDetails[C]) }, owner, { value: this })
    this.details = Object.freeze(details)
    Object.defineProperties(this, { [brand]: { value: true }, summary: { value: summary } })
  }
}

/** An error whose code tells the type of its details: `switch (error.code)` narrows it. */
export type AnyTenancyError = { [C in TenancyErrorCode]: TenancyError<C> }[TenancyErrorCode]

/**
 * The TenancyError that was thrown, or the one inside: libraries that query put an error of their own around it. Undefined when there is
 * none, and with `code` when it has another code. It also finds an error of a second copy of partywall in the same process.
 * @example
 * catch (error) {
 *   const busy = tenancyErrorOf(error, 'TENANT_BUSY')
 *   if (busy !== undefined) return `try again, ${busy.details.schema} is busy`
 *   throw error
 * }
 */
export function tenancyErrorOf(error: unknown): AnyTenancyError | undefined
export function tenancyErrorOf<C extends TenancyErrorCode>(error: unknown, code: C): TenancyError<C> | undefined
export function tenancyErrorOf(error: unknown, code?: TenancyErrorCode): TenancyError | undefined {
  const found = innerError(error, refusalIn) as TenancyError | undefined
  return code === undefined || found?.code === code ? found : undefined
}

/**
 * True for a TenancyError, and for an error of a library that was put around one. With `code`, only for that code. It is no type guard,
 * because an error around it has no `details`: `tenancyErrorOf` returns the TenancyError itself.
 * @example if (!isTenancyError(error, 'DOMAIN_EXISTS')) throw error
 */
export function isTenancyError(error: unknown, code?: TenancyErrorCode): boolean {
  const found = tenancyErrorOf(error)
  return found !== undefined && (code === undefined || found.code === code)
}

/** The error itself, or the one that it is a copy of. */
function refusalIn(error: object): object | undefined {
  if (brand in error) return error
  const details = read(error, 'details')
  return typeof details === 'object' && details !== null ? (details as { [owner]?: object })[owner] : undefined
}
