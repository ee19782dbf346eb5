/** What the database holds now in both scopes: names that a tenant shares with the shared schema, and tenants that fall through to it. */
import { TenancyError } from '../../errors.ts'
import { lostRelations } from '../../catalog/relations/relations.ts'
import type { Options } from '../../config/options.ts'
import type { Queryable } from '../../sql/statement.ts'
import { recordedIn, type SchemaState } from '../history/schema-state.ts'
import type { Planned } from './planned.ts'
import { shadowAdvice } from './shadowed.ts'
import { inBothScopesSql } from './shadowed-sql.ts'

/** Of one tenant. */
export interface BothScopes {
  /** Its relations whose name the shared schema has, too, and which the option `migrations.shadowed` does not list. */
  readonly shadowing: readonly string[]
  /** Relations that it lacks, and the shared schema has: other tenants with the same migrations have them, or had them. */
  readonly fallingThrough: readonly string[]
}

type ScopeOptions = Pick<Options, 'sharedSchema' | 'includeShared' | 'migrations'>

/** By schema; a tenant in order is absent. Two queries for all tenants; none when the search path of a tenant has no shared schema. */
export async function findBothScopes(
  queryable: Queryable,
  { sharedSchema, includeShared, migrations: { shadowed } }: ScopeOptions,
  plans: readonly Planned[],
): Promise<Map<string, BothScopes>> {
  const tenants = plans.filter(({ target }) => target.tenant !== undefined && target.standIn === undefined)
  if (!includeShared || tenants.length === 0) return new Map()
  const { rows } = await queryable.query<{ name: string; schema: string }>(inBothScopesSql(sharedSchema, undefined))
  const found = new Map<string, { shadowing: string[]; fallingThrough: string[] }>()
  const of = (schema: string): { shadowing: string[]; fallingThrough: string[] } => {
    if (!found.has(schema)) found.set(schema, { shadowing: [], fallingThrough: [] })
    return found.get(schema)!
  }
  const listed = new Set(shadowed)
  const planned = new Set(tenants.map(({ target }) => target.schema))
  const alike = [...Map.groupBy(tenants, stateKeys()).values()]
  for (const [name, having] of Map.groupBy(rows, (row) => row.name)) {
    const schemas = new Set(having.map(({ schema }) => schema))
    if (!listed.has(name)) for (const schema of schemas) of(schema).shadowing.push(name)
    for (const group of alike) {
      const lacking = group.filter(({ target }) => !schemas.has(target.schema))
      if (lacking.length < group.length) for (const { target } of lacking) of(target.schema).fallingThrough.push(name)
    }
  }
  for (const { schema, name } of await lostRelations(queryable, [sharedSchema])) {
    if (planned.has(schema) && !of(schema).fallingThrough.includes(name)) of(schema).fallingThrough.push(name)
  }
  return found
}

/**
 * Refuses a new tenant that has a name of the shared schema. After its migrations: those in code are known then, too. One query.
 * @throws TenancyError INVALID_MIGRATION
 */
export async function assertNothingShadowed(queryable: Queryable, options: ScopeOptions, schema: string): Promise<void> {
  const { sharedSchema, includeShared, migrations } = options
  if (!includeShared) return
  const { rows } = await queryable.query<{ name: string }>(inBothScopesSql(sharedSchema, schema))
  const object = rows.find(({ name }) => !migrations.shadowed.includes(name))?.name
  if (object === undefined) return
  throw new TenancyError(
    'INVALID_MIGRATION',
    `The tenant ${JSON.stringify(schema)} was not created: its migrations create ${JSON.stringify(object)}, and the shared schema ` +
      `${JSON.stringify(sharedSchema)} has that name, too. ${shadowAdvice(object)}`,
    { details: { schema, object } },
  )
}

/** Equal for tenants of one source that have the same migrations, in whatever order. A history with a problem is compared with itself only. */
function stateKeys(): (planned: Planned) => string {
  const known = new Map<SchemaState, string>()
  return ({ target, state, problem }) => {
    if (problem !== undefined) return target.schema
    let names = known.get(state)
    if (names === undefined)
      known.set(
        state,
        (names = JSON.stringify(
          recordedIn(state)
            .map(({ name }) => name)
            .toSorted(),
        )),
      )
    return JSON.stringify([target.source!.name, names])
  }
}
