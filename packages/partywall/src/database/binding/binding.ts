/**
 * A binding says for whom a statement runs: the schema whose names it sees, what follows it in the search path, and what else is
 * set for it. All of it is set for the rest of the transaction only.
 */
import { statementTimeout } from '../boundary/statement-timeout.ts'
import type { Setting } from '../boundary/setting.ts'
import type { Options } from '../../config/options.ts'
import { tenantChanged } from '../../scope/entering.ts'
import { identityKey, identityOf, isOutdated } from '../../tenant-identity.ts'
import type { Tenant } from '../../types.ts'
import { bindingLiteralOf, bindingStatements, type BindingStatements, type LiteralOptions } from './binding-statement.ts'
import { searchPath } from './search-path.ts'

export interface Binding {
  /** Two bindings with the same key may share a checked-out connection. */
  readonly key: string
  /** A number made of the key, for the choice of a connection. */
  readonly keyHash: number
  readonly schema: string
  /** Which database the schema is in. */
  readonly placement: string
  /** For messages: `tenant "acme"` or `the shared schema "public"`. */
  readonly label: string
  /** What is set: the search path, and whatever else. */
  readonly settings: readonly [path: Setting, ...others: Setting[]]
  /** By which statements. */
  readonly statements: BindingStatements
  /** Called when the server has refused the schema: the tenant that was looked up is not to be used for other requests. */
  readonly suspect?: () => void
}

/** The binding statement without parameters, for the simple protocol. */
export function bindingLiteral({ settings }: Binding, options?: LiteralOptions): string {
  return bindingLiteralOf(settings, options)
}

/**
 * A binding that takes no snapshot, for LOCK TABLE as the first statement of a transaction. It checks nothing: the statement behind
 * it may lock a table of the shared schema, but reads and writes none.
 */
export function snapshotlessBinding({ settings: [path] }: Binding): string {
  return `set local search_path to ${path.values[1]}`
}

type BindingOptions = Pick<Options, 'sharedSchema' | 'includeShared' | 'extraSearchPath'> &
  Partial<Pick<Options, 'statementTimeoutMs'>>

/** The database that a schema without a tenant is in. */
const defaultPlacement = 'default'

/** Makes the bindings of one tenancy; the same tenant object gets the same binding. */
export class Bindings {
  readonly #behindTenant: readonly string[]
  readonly #timeoutOf: (tenant: Tenant<any>) => number | undefined
  readonly #ofTenant = new WeakMap<Tenant<any>, Binding>()
  readonly shared: Binding
  /**
   * For statements in which every name is qualified: the catalog's. Not the shared schema, which may be missing, and which the role need not
   * be allowed to use.
   */
  readonly qualified: Binding

  constructor({ sharedSchema, includeShared, extraSearchPath, statementTimeoutMs }: BindingOptions) {
    this.#timeoutOf = typeof statementTimeoutMs === 'function' ? statementTimeoutMs : () => statementTimeoutMs
    this.#behindTenant = includeShared ? [sharedSchema, ...extraSearchPath] : extraSearchPath
    this.shared = makeBinding({
      key: 'shared',
      schema: sharedSchema,
      placement: defaultPlacement,
      label: `the shared schema ${JSON.stringify(sharedSchema)}`,
      settings: [searchPath(sharedSchema, extraSearchPath)],
    })
    this.qualified = makeBinding({
      key: 'qualified',
      schema: 'pg_catalog',
      placement: defaultPlacement,
      label: 'the catalog',
      settings: [searchPath('pg_catalog', [])],
    })
  }

  /** @throws TenancyError TENANT_CHANGED for a tenant of which this process has seen a newer generation */
  ofTenant(tenant: Tenant<any>): Binding {
    if (isOutdated(tenant)) throw tenantChanged(tenant.schema)
    const known = this.#ofTenant.get(tenant)
    if (known !== undefined) return known
    const timeoutMs = this.#timeoutOf(tenant)
    const identity = identityOf(tenant)
    const binding = makeBinding({
      key: identityKey(tenant),
      schema: tenant.schema,
      placement: tenant.placement,
      label: labelOf(tenant.schema),
      settings: [
        searchPath(tenant.schema, this.#behindTenant, identity?.schemaOid),
        ...(timeoutMs === undefined ? [] : [statementTimeout(timeoutMs)]),
      ],
      ...(identity && { suspect: () => void (identity.isSuspect = true) }),
    })
    this.#ofTenant.set(tenant, binding)
    return binding
  }

  /** For work on a schema that may have no tenant yet: provisioning and migrations. */
  ofSchema(schema: string): Binding {
    if (schema === this.shared.schema) return this.shared
    return makeBinding({
      key: `schema ${schema}`,
      schema,
      placement: defaultPlacement,
      label: labelOf(schema),
      settings: [searchPath(schema, this.#behindTenant)],
    })
  }
}

function labelOf(schema: string): string {
  return `tenant ${JSON.stringify(schema)}`
}

function makeBinding(parts: Omit<Binding, 'keyHash' | 'statements'>): Binding {
  return Object.freeze({ ...parts, keyHash: hashText(parts.key), statements: bindingStatements(parts.settings) })
}

/** FNV-1a over UTF-16 code units. */
function hashText(text: string): number {
  let hash = 0x81_1c_9d_c5
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01_00_01_93)
  return hash >>> 0
}
