/**
 * A binding says for whom a statement runs: the schema whose names it sees, and what stands behind it in the search path.
 *
 * The binding statement sets the path for the rest of its transaction only. It checks in the same breath that the schema is
 * there and may be used: PostgreSQL itself skips a missing or forbidden schema of the path in silence, and the statement would
 * find the tables of the shared schema.
 */
import { escapeLiteral } from 'pg'
import type { Options } from '../options.ts'
import type { Tenant } from '../types.ts'
import { identifier } from './identifier.ts'

export interface Binding {
  /** Two bindings with the same key may share a checked-out connection. */
  readonly key: string
  readonly schema: string
  /** For messages: `tenant "acme"` or `the shared schema "public"`. */
  readonly label: string
  /** The parameters of the binding statement: the schema as a quoted identifier, and the rest of the path. */
  readonly values: readonly [schema: string, rest: string]
}

/** What the server says, in any language, when a check of the binding statement fails: a schema of this name "does not exist". */
export const noUsageMark = 'partywall: no usage privilege'
export const temporaryMark = 'partywall: temporary tables'

/**
 * `pg_temp` ends the path, so that a temporary table never stands before a table of the tenant. The casts to regnamespace raise
 * 3F000; they depend on a parameter so that they are not evaluated before their turn.
 */
function bindingExpression(schema: string, rest: string, { onHandover = false, isLocal = true, tell = '' } = {}): string {
  const refuse = (mark: string): string => `('"${mark}"' || left(${rest}, 0))::regnamespace::text`
  return (
    `select 1 where set_config('search_path', case ` +
    `when not has_schema_privilege(${schema}::regnamespace, 'usage') then ${refuse(noUsageMark)} ` +
    (onHandover ? `when pg_my_temp_schema() <> 0 then ${refuse(temporaryMark)} ` : '') +
    `else ${schema}::regnamespace::text || ${rest} end, ${isLocal}) is null${tell}`
  )
}

/** The binding statement, with `Binding.values` as its parameters. It returns no row. */
export const bindingText = bindingExpression('$1', '$2')

/**
 * The same for a connection that served another binding before: it also refuses when the session has a temporary schema, for a
 * function may have left tables there, and they would be seen behind the tenant's own.
 */
export const handoverText = bindingExpression('$1', '$2', { onHandover: true })

/**
 * The same for the first statement on a connection. It "returns" one row (which nobody fetches, but its completion counts it) when
 * the server session that answers is the one that was opened, the third parameter: then no pooler stands between, and the binding
 * may be prepared once and for all. That saves the server a third of its work on a small statement.
 */
export const firstText = bindingExpression('$1', '$2', { onHandover: true, tell: ' or pg_backend_pid() = $3::int' })

/** The binding statement without parameters, for the simple protocol. */
export function bindingLiteral({ values: [schema, rest] }: Binding): string {
  return bindingExpression(escapeLiteral(schema), `${escapeLiteral(rest)}::text`)
}

/** The binding statement for a whole session, not for a transaction only. */
export function sessionBindingLiteral({ values: [schema, rest] }: Binding): string {
  return bindingExpression(escapeLiteral(schema), `${escapeLiteral(rest)}::text`, { isLocal: false })
}

/** Makes the bindings of one tenancy; the same tenant object gets the same binding. */
export class Bindings {
  readonly #behindTenant: string
  readonly #ofTenant = new WeakMap<Tenant<any>, Binding>()
  readonly shared: Binding

  constructor(options: Pick<Options, 'sharedSchema' | 'includeShared' | 'extraSearchPath'>) {
    const extra = options.extraSearchPath.map(identifier)
    const behindTenant = options.includeShared ? [identifier(options.sharedSchema), ...extra] : extra
    this.#behindTenant = pathRest(behindTenant)
    this.shared = Object.freeze({
      key: 'shared',
      schema: options.sharedSchema,
      label: `the shared schema ${JSON.stringify(options.sharedSchema)}`,
      values: [identifier(options.sharedSchema), pathRest(extra)] as const,
    })
  }

  ofTenant(tenant: Tenant<any>): Binding {
    const known = this.#ofTenant.get(tenant)
    if (known !== undefined) return known
    const binding = this.#make(`tenant ${tenant.id} ${tenant.schema}`, tenant.schema)
    this.#ofTenant.set(tenant, binding)
    return binding
  }

  /** For work on a schema that may have no tenant yet: provisioning and migrations. */
  ofSchema(schema: string): Binding {
    return schema === this.shared.schema ? this.shared : this.#make(`schema ${schema}`, schema)
  }

  #make(key: string, schema: string): Binding {
    return Object.freeze({
      key,
      schema,
      label: `tenant ${JSON.stringify(schema)}`,
      values: [identifier(schema), this.#behindTenant] as const,
    })
  }
}

function pathRest(schemas: readonly string[]): string {
  return [...schemas, 'pg_temp'].map((schema) => `, ${schema}`).join('')
}
