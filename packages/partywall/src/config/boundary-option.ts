/** The options of the wall between tenants: which boundary holds for whom, and what tenants may write in the shared schema. */
import { isUuid, schemaNameProblem } from '../names/identifier.ts'
import type { Tenant } from '../types.ts'
import { invalid, knownKeys, list, oneOf } from './checks.ts'
import type { Boundary, BoundaryOption } from './config.ts'

/** The option `boundary`, complete. */
export interface Boundaries {
  readonly default: Boundary
  readonly kinds: Readonly<Record<string, Boundary>>
  /** By the schema or the id of a tenant. */
  readonly tenants: Readonly<Record<string, Boundary>>
}

/** What tenants may do with the rows of a shared table beside reading them. */
export type SharedPrivilege = 'insert' | 'update' | 'delete'

export type SharedGrants = Readonly<Record<string, readonly SharedPrivilege[]>>

const boundaries = ['path', 'role', 'login'] as const satisfies readonly Boundary[]

/** @throws TenancyError INVALID_OPTION */
export function boundaryOption(value: BoundaryOption): Boundaries {
  if (typeof value !== 'object' || value === null) return complete(oneOf('boundary', value, boundaries), {}, {})
  knownKeys('boundary.', value, ['default', 'kinds', 'tenants'])
  const tenants = byName('tenants', value.tenants ?? {})
  for (const name of Object.keys(tenants)) {
    if (!isUuid(name) && schemaNameProblem(name) !== undefined)
      throw invalid(`boundary.tenants.${name}`, name, 'under the schema or the id of a tenant')
  }
  return complete(oneOf('boundary.default', value.default ?? 'path', boundaries), byName('kinds', value.kinds ?? {}), tenants)
}

/** The boundary of one tenant: its own, else that of its kind, else the default. */
export function boundaryOf(option: Boundaries, { id, schema, kind }: Pick<Tenant<any>, 'id' | 'schema' | 'kind'>): Boundary {
  return own(option.tenants, id) ?? own(option.tenants, schema) ?? own(option.kinds, kind) ?? option.default
}

/** Whether any tenant has a role of its own. */
export function needsRoles(option: Boundaries): boolean {
  return [option.default, ...Object.values(option.kinds), ...Object.values(option.tenants)].some((one) => one !== 'path')
}

/** Whether any tenant has a login of its own. */
export function needsLogins(option: Boundaries): boolean {
  return [option.default, ...Object.values(option.kinds), ...Object.values(option.tenants)].includes('login')
}

const privileges = ['insert', 'update', 'delete'] as const satisfies readonly SharedPrivilege[]

/** @throws TenancyError INVALID_OPTION */
export function sharedGrantsOption(value: unknown): SharedGrants {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalid('shared.grants', value, 'an object with a list of privileges for each table')
  return Object.freeze(
    Object.fromEntries(
      Object.entries(value).map(([table, given]) => {
        const option = `shared.grants.${table}`
        if (table === '' || table.includes('\0') || table.includes('.') || Buffer.byteLength(table) > 63)
          throw invalid(option, table, 'under the name of a table of the shared schema, without the schema')
        return [table, Object.freeze(list(option, given).map((one) => oneOf(option, one, privileges)))]
      }),
    ),
  )
}

function byName(option: string, value: unknown): Record<string, Boundary> {
  knownKeys(`boundary.${option}.`, value, Object.keys(value ?? {}))
  return Object.fromEntries(
    Object.entries(value as object).map(([name, one]) => [name, oneOf(`boundary.${option}.${name}`, one, boundaries)]),
  )
}

function complete(fallback: Boundary, kinds: Boundaries['kinds'], tenants: Boundaries['tenants']): Boundaries {
  return Object.freeze({ default: fallback, kinds: Object.freeze(kinds), tenants: Object.freeze(tenants) })
}

/** A kind may be called `constructor`. */
function own(record: Readonly<Record<string, Boundary>>, name: string): Boundary | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined
}
