/**
 * A binding says for whom a statement runs: the schema whose names it sees, and what stands behind it in the search path.
 *
 * The binding statement sets the path for the rest of its transaction only. It checks in the same breath that the schema is
 * there and may be used: PostgreSQL itself skips a missing or forbidden schema of the path in silence, and the statement would
 * find the tables of the shared schema.
 */
import { escapeLiteral } from 'pg'
import { TenancyError } from '../../errors.ts'
import type { Options } from '../../config/options.ts'
import type { Tenant } from '../../types.ts'
import { identifier } from '../../names/identifier.ts'

export interface Binding {
  /** Two bindings with the same key may share a checked-out connection. */
  readonly key: string
  /** A number that the key always gives, for choosing a connection. */
  readonly keyHash: number
  readonly schema: string
  /** For messages: `tenant "acme"` or `the shared schema "public"`. */
  readonly label: string
  /** The parameters of the binding statement: the schema as a quoted identifier, the rest of the path, and the timeout if it has one. */
  readonly values: readonly string[]
}

/** What the server says, in any language, when a check of the binding statement fails: a schema of this name "does not exist". */
export const noUsageMark = 'partywall: no usage privilege'
export const temporaryMark = 'partywall: temporary tables'

/** What a binding statement does beside setting the path. */
interface Extras {
  /**
   * It also refuses when the session has a temporary schema: the connection served another binding before, a function may have left
   * tables there, and they would be seen behind the tenant's own.
   */
  readonly onHandover?: boolean
  /** Whether it holds for the transaction only. */
  readonly isLocal?: boolean
}

/** A session that ever had a temporary table keeps the schema for it; to look for tables in it would cost each handover more. */
const mayHaveTemporaryTables = 'pg_catalog.pg_my_temp_schema() operator(pg_catalog.<>) 0'

/**
 * `pg_temp` ends the path, so that a temporary table never stands before a table of the tenant. The casts to regnamespace raise
 * 3F000; they depend on a parameter so that they are not evaluated before their turn. Everything is qualified: in a transaction the
 * statement is read under the tenant's own path, which may hold functions of the same names.
 */
function bindingExpression(values: readonly string[], { onHandover = false, isLocal = true }: Extras): string {
  const [schema, rest, timeout] = values as [string, string, string?]
  const refuseWhen = (condition: string, mark: string): string =>
    `when ${condition} then ${asText(`('"${mark}"' operator(pg_catalog.||) pg_catalog.left(${rest}, 0))`)} `
  return (
    `select 1 where pg_catalog.set_config('search_path', case ` +
    refuseWhen(`not pg_catalog.has_schema_privilege(${schema}::pg_catalog.regnamespace, 'usage')`, noUsageMark) +
    (onHandover ? refuseWhen(mayHaveTemporaryTables, temporaryMark) : '') +
    `else ${asText(schema)} operator(pg_catalog.||) ${rest} end, ${isLocal}) is null` +
    (timeout === undefined ? '' : ` or pg_catalog.set_config('statement_timeout', ${timeout}, ${isLocal}) is null`)
  )
}

/** The name of a schema, checked and quoted by PostgreSQL. */
function asText(name: string): string {
  return `${name}::pg_catalog.regnamespace::pg_catalog.text`
}

/** A binding statement with parameters. It returns no row. */
export interface BindingStatement {
  /** The name under which it may be prepared on a connection of its own. */
  readonly name: string
  readonly text: string
}

const withParameters = (name: string, parameters: readonly string[], extras: Extras = {}): BindingStatement => ({
  name,
  text: bindingExpression(parameters, extras),
})

/** The binding statements for bindings without and with a timeout. */
const statements = [
  ['$1', '$2'],
  ['$1', '$2', '$3'],
].map((parameters) => {
  const suffix = parameters.length === 3 ? '_timeout' : ''
  return {
    plain: withParameters(`partywall_binding${suffix}`, parameters),
    handover: withParameters(`partywall_handover${suffix}`, parameters, { onHandover: true }),
  }
})

/** The binding statements that take the values of this binding. */
export function bindingStatements({ values }: Binding): (typeof statements)[number] {
  return statements[values.length - 2]!
}

/** The binding statement without parameters, for the simple protocol; for the transaction, or for the whole session. */
export function bindingLiteral({ values: [schema, rest, timeout] }: Binding, extras: Extras = {}): string {
  const literals = [escapeLiteral(schema!), `${escapeLiteral(rest!)}::pg_catalog.text`]
  if (timeout !== undefined) literals.push(escapeLiteral(timeout))
  return bindingExpression(literals, extras)
}

/**
 * A binding that takes no snapshot, for LOCK TABLE as the first statement of a transaction. It checks nothing: the statement behind
 * it may lock a table of the shared schema, but reads and writes none.
 */
export function snapshotlessBinding({ values: [schema, rest] }: Binding): string {
  return `set local search_path to ${schema}${rest}`
}

type PathOptions = Pick<Options, 'sharedSchema' | 'includeShared' | 'extraSearchPath'>

/** Makes the bindings of one tenancy; the same tenant object gets the same binding. */
export class Bindings {
  readonly #behindTenant: string
  readonly #timeoutOf: (tenant: Tenant<any>) => number | undefined
  readonly #ofTenant = new WeakMap<Tenant<any>, Binding>()
  readonly shared: Binding

  constructor(options: PathOptions & Partial<Pick<Options, 'statementTimeoutMs'>>) {
    const { statementTimeoutMs } = options
    this.#timeoutOf = typeof statementTimeoutMs === 'function' ? statementTimeoutMs : () => statementTimeoutMs
    const extra = options.extraSearchPath.map(identifier)
    const behindTenant = options.includeShared ? [identifier(options.sharedSchema), ...extra] : extra
    this.#behindTenant = pathRest(behindTenant)
    this.shared = Object.freeze({
      key: 'shared',
      keyHash: hashText('shared'),
      schema: options.sharedSchema,
      label: `the shared schema ${JSON.stringify(options.sharedSchema)}`,
      values: [identifier(options.sharedSchema), pathRest(extra)],
    })
  }

  ofTenant(tenant: Tenant<any>): Binding {
    const known = this.#ofTenant.get(tenant)
    if (known !== undefined) return known
    const binding = this.#make(`tenant ${tenant.id} ${tenant.schema}`, tenant.schema, timeoutText(this.#timeoutOf(tenant)))
    this.#ofTenant.set(tenant, binding)
    return binding
  }

  /** For work on a schema that may have no tenant yet: provisioning and migrations. */
  ofSchema(schema: string): Binding {
    return schema === this.shared.schema ? this.shared : this.#make(`schema ${schema}`, schema)
  }

  #make(key: string, schema: string, timeout?: string): Binding {
    return Object.freeze({
      key,
      keyHash: hashText(key),
      schema,
      label: `tenant ${JSON.stringify(schema)}`,
      values: [identifier(schema), this.#behindTenant, ...(timeout === undefined ? [] : [timeout])],
    })
  }
}

function pathRest(schemas: readonly string[]): string {
  return [...schemas, 'pg_temp'].map((schema) => `, ${schema}`).join('')
}

/** Milliseconds, as PostgreSQL reads them. A tenant without one keeps what the role or the server has. */
function timeoutText(millis: number | undefined): string | undefined {
  if (millis === undefined) return undefined
  if (Number.isSafeInteger(millis) && millis >= 0 && millis <= 2_147_483_647) return String(millis)
  throw new TenancyError(
    'INVALID_OPTION',
    `"statementTimeoutMs" must give whole milliseconds from 0 (no limit) to 2147483647, or undefined; it gave ${String(millis)}.`,
    { details: { option: 'statementTimeoutMs' } },
  )
}

/** FNV-1a over UTF-16 code units. */
function hashText(text: string): number {
  let hash = 0x81_1c_9d_c5
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01_00_01_93)
  return hash >>> 0
}
