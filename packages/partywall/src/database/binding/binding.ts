/**
 * A binding says for whom a statement runs: the schema whose names it sees, what follows it in the search path, and what else is
 * set for it. All of it is set for the rest of the transaction only.
 */
import { fixedRoleSetting, roleSetting, type RoleSetting } from '../boundary/role.ts'
import { tenantIdSettings } from '../boundary/tenant-id.ts'
import { statementTimeout } from '../boundary/statement-timeout.ts'
import type { Setting } from '../boundary/setting.ts'
import { boundaryOf, type Boundaries } from '../../config/boundary-option.ts'
import type { Options } from '../../config/options.ts'
import { schemasBehind, type PathOptions } from '../../config/schemas-behind.ts'
import { identifier } from '../../names/identifier.ts'
import { tenantRole } from '../../names/role-name.ts'
import { literal } from '../../sql/literal.ts'
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
  /** Texts that could leave that role are refused. */
  readonly isStrict?: boolean
  /** The role that its statements run as; the last of `settings`. Absent: that of the connection. */
  readonly role?: RoleSetting
  /** The role that its connection must have logged in as. Absent: that of the application. */
  readonly login?: string
  /** Which password that login had when the tenant was looked up. Absent: it had none. */
  readonly loginGeneration?: number
  /** Absent: it is not for a tenant. */
  readonly tenantId?: string
  /** The tenant itself, for what is told about its statements. */
  readonly tenant?: Tenant<any>
  /** Called when the server has refused the schema: the tenant that was looked up is not to be used for other requests. */
  readonly suspect?: () => void
}

/** The binding statement without parameters, for the simple protocol. */
export function bindingLiteral({ settings }: Binding, options?: LiteralOptions): string {
  return bindingLiteralOf(settings, options)
}

/** Gives up the role of an earlier binding in the same transaction, which may not call set_config. A utility statement needs no right for it. */
export const leaveRole = 'set local role none'

/**
 * The statements of a binding that takes no snapshot, for LOCK TABLE as the first statement of a transaction. They check nothing: the statement
 * behind them may lock a table of the shared schema, but reads and writes none.
 * @param database the name of the one that the connection leads to
 */
export function snapshotlessBinding({ settings: [path, ...others], role }: Binding, database: string): readonly string[] {
  const plain = others.filter((setting) => setting !== role)
  return [
    ...(role === undefined ? [] : [leaveRole]),
    `set local search_path to ${path.values[1]}`,
    ...plain.map(({ name, values }) => `set local ${name} to ${literal(values[0]!)}`),
    ...(role === undefined ? [] : [`set local role to ${identifier(role.nameIn(database))}`]),
  ]
}

type BindingOptions = PathOptions & Partial<Pick<Options, 'statementTimeoutMs' | 'boundary' | 'strict' | 'tenantIdSetting'>>

/** The database that a schema without a tenant is in. */
const defaultPlacement = 'default'

/** Makes the bindings of one tenancy; the same tenant object gets the same binding. */
export class Bindings {
  readonly #behindTenant: readonly string[]
  readonly #timeoutOf: (tenant: Tenant<any>) => number | undefined
  readonly #ofTenant = new WeakMap<Tenant<any>, Binding>()
  readonly #byDeploy = new WeakMap<Tenant<any>, Binding>()
  readonly shared: Binding
  /**
   * For statements in which every name is qualified: the catalog's. Not the shared schema, which may be missing, and which the role need not
   * be allowed to use.
   */
  readonly qualified: Binding

  /** The same two for connections of the deploy role, which take no other role. */
  readonly deploy: { readonly shared: Binding; readonly qualified: Binding }
  readonly #boundary: Boundaries
  readonly #isStrict: boolean
  readonly #tenantIdSetting: string | undefined

  constructor(options: BindingOptions) {
    const { sharedSchema, extraSearchPath, statementTimeoutMs } = options
    this.#boundary = options.boundary ?? pathForAll
    this.#isStrict = options.strict === true
    this.#tenantIdSetting = options.tenantIdSetting
    this.#timeoutOf = typeof statementTimeoutMs === 'function' ? statementTimeoutMs : () => statementTimeoutMs
    this.#behindTenant = schemasBehind(options)
    const makeShared = (role?: RoleSetting): Binding =>
      makeBinding({
        key: role === undefined ? 'shared' : 'shared by role',
        schema: sharedSchema,
        placement: defaultPlacement,
        label: `the shared schema ${JSON.stringify(sharedSchema)}`,
        settings: [searchPath(sharedSchema, extraSearchPath)],
        ...(role && { role }),
      })
    this.deploy = { shared: makeShared(), qualified: qualifiedBinding() }
    const hasRoles = this.#boundary.default !== 'path'
    this.shared = hasRoles ? makeShared(fixedRoleSetting('shared')) : this.deploy.shared
    this.qualified = hasRoles ? qualifiedBinding(fixedRoleSetting('catalog')) : this.deploy.qualified
  }

  /** @throws TenancyError TENANT_CHANGED for a tenant of which this process has seen a newer generation */
  ofTenant(tenant: Tenant<any>): Binding {
    if (isOutdated(tenant)) throw tenantChanged(tenant.schema)
    const known = this.#ofTenant.get(tenant)
    if (known !== undefined) return known
    const timeoutMs = this.#timeoutOf(tenant)
    const identity = identityOf(tenant)
    const boundary = boundaryOf(this.#boundary, tenant)
    const loginGeneration = identity?.loginGeneration ? { loginGeneration: identity.loginGeneration } : undefined
    const role = boundary === 'path' ? undefined : tenantRole(tenant.id)
    const binding = makeBinding({
      key: identityKey(tenant),
      schema: tenant.schema,
      placement: tenant.placement,
      label: labelOf(tenant.schema),
      settings: [
        searchPath(tenant.schema, this.#behindTenant, identity?.schemaOid, role),
        ...(this.#tenantIdSetting === undefined ? [] : tenantIdSettings(this.#tenantIdSetting, tenant.id)),
        ...(timeoutMs === undefined ? [] : [statementTimeout(timeoutMs)]),
      ],
      ...(boundary === 'role' && { role: roleSetting(role!), isStrict: this.#isStrict }),
      ...(boundary === 'login' && { login: role!, ...loginGeneration }),
      tenantId: tenant.id,
      tenant,
      ...(identity && { suspect: () => void (identity.isSuspect = true) }),
    })
    this.#ofTenant.set(tenant, binding)
    return binding
  }

  /** For reads of the deploy role in a tenant that it does not log in as: the path and the id of the tenant, with the check of its schema, and no role. */
  ofTenantByDeploy(tenant: Tenant<any>): Binding {
    if (isOutdated(tenant)) throw tenantChanged(tenant.schema)
    const known = this.#byDeploy.get(tenant)
    if (known !== undefined) return known
    const identity = identityOf(tenant)
    const binding = makeBinding({
      key: `${identityKey(tenant)} by deploy`,
      schema: tenant.schema,
      placement: tenant.placement,
      label: labelOf(tenant.schema),
      settings: [
        searchPath(tenant.schema, this.#behindTenant, identity?.schemaOid),
        ...(this.#tenantIdSetting === undefined ? [] : tenantIdSettings(this.#tenantIdSetting, tenant.id)),
      ],
      tenantId: tenant.id,
      ...(identity && { suspect: () => void (identity.isSuspect = true) }),
    })
    this.#byDeploy.set(tenant, binding)
    return binding
  }

  /**
   * For work on a schema that may have no tenant yet: provisioning and migrations, by the deploy role.
   * @param role given for a transaction whose other statements have it
   */
  ofSchema(schema: string, role?: RoleSetting): Binding {
    if (schema === this.shared.schema && role === undefined) return this.deploy.shared
    return makeBinding({
      key: `schema ${schema}${role === undefined ? '' : ' by role'}`,
      schema,
      placement: defaultPlacement,
      label: labelOf(schema),
      settings: [searchPath(schema, this.#behindTenant)],
      ...(role && { role }),
    })
  }
}

/** No tenant has a role of its own. */
export const pathForAll: Boundaries = { default: 'path', kinds: {}, tenants: {} }

function qualifiedBinding(role?: RoleSetting): Binding {
  return makeBinding({
    key: role === undefined ? 'qualified' : 'qualified by role',
    schema: 'pg_catalog',
    placement: defaultPlacement,
    label: 'the catalog',
    settings: [searchPath('pg_catalog', [])],
    ...(role && { role }),
  })
}

function labelOf(schema: string): string {
  return `tenant ${JSON.stringify(schema)}`
}

function makeBinding(parts: Omit<Binding, 'keyHash' | 'statements'>): Binding {
  const { role } = parts
  // The role comes last: it may not be allowed to make the other settings.
  const settings = role === undefined ? parts.settings : ([...parts.settings, role] as const)
  return Object.freeze({ ...parts, settings, keyHash: hashText(parts.key), statements: bindingStatements(settings) })
}

/** FNV-1a over UTF-16 code units. */
function hashText(text: string): number {
  let hash = 0x81_1c_9d_c5
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01_00_01_93)
  return hash >>> 0
}
