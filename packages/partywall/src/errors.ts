/**
 * Every refusal of partywall is a `TenancyError` with a `code` from the table below. A message has three beats: what was
 * refused, the values seen, and what to do about it. It never holds rows, parameters or passwords.
 */

/** What each code means, for people. The keys are the closed union `TenancyErrorCode`; a retired code is never used again. */
export const errorCodes = {
  NO_TENANT: { meaning: 'A statement or a question about the tenant came from outside any scope.', http: 500 },
  WRONG_TENANT: { meaning: 'A connection that belongs to one scope was used in another.', http: 500 },
  UNKNOWN_TENANT: { meaning: 'No tenant has this id, schema or domain.', http: 404 },
  AMBIGUOUS_TENANT: { meaning: 'Two facts of one request name different tenants.', http: 400 },
  INVALID_TENANT_REF: { meaning: 'What should name a tenant is not well-formed.', http: 400 },
  TENANT_SUSPENDED: { meaning: 'The tenant is suspended or archived.', http: 403 },
  TENANT_MAINTENANCE: { meaning: 'The tenant is in maintenance.', http: 503 },
  NOT_A_MEMBER: { meaning: 'The user is not a member of the tenant.', http: 403 },
  INVALID_SCHEMA_NAME: { meaning: 'The name cannot be the name of a tenant schema.', http: 400 },
  INVALID_DOMAIN: { meaning: 'The text is not a host name.', http: 400 },
  INVALID_ATTRIBUTES: { meaning: 'The attributes do not fit the schema given as tenant.attributes.', http: 400 },
  INVALID_OPTION: { meaning: 'An option of the configuration is unknown or out of range.', http: 500 },
  INVALID_ARGUMENT: { meaning: 'An argument of a call is unknown or out of range.', http: 400 },
  INVALID_TENANT_NAME: { meaning: 'The name for people is empty, too long or not text.', http: 400 },
  UNKNOWN_KIND: { meaning: 'The configuration has no such kind of tenants.', http: 400 },
  SCHEMA_EXISTS: { meaning: 'The schema, or a tenant with this schema, exists already.', http: 409 },
  SCHEMA_MISSING: { meaning: 'The schema of the tenant is not in the database, or the role may not use it.', http: 503 },
  DOMAIN_EXISTS: { meaning: 'The domain belongs to a tenant already.', http: 409 },
  PRIMARY_DOMAIN: { meaning: 'The primary domain of a tenant cannot go while it has others.', http: 409 },
  UNKNOWN_DOMAIN: { meaning: 'No tenant has this domain.', http: 404 },
  CATALOG_MISSING: {
    meaning: 'The catalog is not installed, or older than this version, and the role may not install it.',
    http: 503,
  },
  CATALOG_NEWER: { meaning: 'The catalog was made by a newer version of partywall.', http: 503 },
  NOT_PERMITTED: { meaning: 'The role of the connection lacks a privilege that the work needs.', http: 500 },
  POOL_EXHAUSTED: { meaning: 'Every connection stayed busy until the waiting time was over.', http: 503 },
  TENANT_BUSY: { meaning: 'The tenant holds as many connections as it may, and none came free in time.', http: 503 },
  MIGRATION_FAILED: { meaning: 'A migration failed; nothing of it was kept.', http: 500 },
  FLEET_FAILED: { meaning: 'Work on many tenants failed for some of them; the report names them.', http: 500 },
  MIGRATION_CHANGED: { meaning: 'A migration that was applied has changed, or is gone.', http: 500 },
  HISTORY_MISSING: { meaning: 'A schema holds tables, but the history of its migrations is gone.', http: 500 },
  HISTORY_DISAGREES: { meaning: 'The digest of a history is not that of its rows.', http: 500 },
  INVALID_MIGRATION: {
    meaning: 'A migration file, or the folder of them, is not well-formed, or reaches beyond the tenant.',
    http: 500,
  },
  NEEDS_SESSION: { meaning: 'The statement cannot run together with its binding; it needs tenancy.session.', http: 500 },
  UNSAFE_STATEMENT: {
    meaning: 'The statement would escape its binding or reach into the state of a shared connection.',
    http: 500,
  },
  UNSAFE_SETUP: { meaning: 'The way to the server cannot keep tenants apart; `tenancy.probe()` found it.', http: 503 },
  RELEASED_CLIENT: { meaning: 'A client was used after it went back to the pool.', http: 500 },
  DATABASE_UNREACHABLE: { meaning: 'The database server does not answer or refuses the connection.', http: 503 },
  EMBEDDED_FAILED: { meaning: 'The embedded PostgreSQL could not be installed, started or stopped.', http: 503 },
  DRIFT: { meaning: 'The structure of a schema is not what its migrations give.', http: 500 },
  UNSUPPORTED_OBJECT: { meaning: 'A schema holds an object that the blueprint cannot carry.', http: 500 },
} as const satisfies Record<string, { meaning: string; http: number }>

export type TenancyErrorCode = keyof typeof errorCodes

const brand = Symbol.for('partywall.TenancyError')

export interface TenancyErrorOptions {
  /** The values seen, for programs. Never rows, parameters or passwords. */
  details?: Record<string, unknown>
  cause?: unknown
}

export class TenancyError extends Error {
  override readonly name = 'TenancyError'
  readonly code: TenancyErrorCode
  readonly details: Readonly<Record<string, unknown>>

  constructor(code: TenancyErrorCode, message: string, options: TenancyErrorOptions = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined)
    this.code = code
    this.details = Object.freeze({ ...options.details })
    Object.defineProperty(this, brand, { value: true })
  }
}

/** True for a TenancyError, also one of a second copy of partywall in the same process. With `code`, only for that code. */
export function isTenancyError(error: unknown, code?: TenancyErrorCode): error is TenancyError {
  if (typeof error !== 'object' || error === null || !(brand in error)) return false
  return code === undefined || (error as unknown as TenancyError).code === code
}
