/**
 * Tenants that lost a table by hand while the shared schema has one of its name. A migration of such a tenant reads and changes the shared one, without an
 * error: `drop table leads` drops it for all tenants. So nothing runs there until the table is back, unless what is pending creates it.
 */
import { lostRelations } from '../../catalog/relations/relations.ts'
import { schemasBehind, type PathOptions } from '../../config/schemas-behind.ts'
import { TenancyError } from '../../errors.ts'
import type { Queryable } from '../../sql/statement.ts'
import { createdRelations } from './created-relations.ts'
import { listed } from './mismatches.ts'
import type { Planned } from './planned.ts'

/** The same plans; those of such tenants have a problem. Costs one query when tenants have pending migrations. */
export async function refuseLostNames(
  queryable: Queryable,
  options: PathOptions,
  plans: readonly Planned[],
): Promise<readonly Planned[]> {
  const schemas = schemasBehind(options)
  if (schemas.length === 0 || !plans.some(mayFall)) return plans
  const lost = Map.groupBy(await lostRelations(queryable, schemas), ({ schema }) => schema)
  if (lost.size === 0) return plans
  return plans.map((planned) => {
    if (!mayFall(planned)) return planned
    const created = createdRelations(planned.direction === 'up' ? planned.pending : [])
    const names = (lost.get(planned.target.schema) ?? []).map(({ name }) => name).filter((name) => !created.has(name))
    return names.length === 0 ? planned : { ...planned, problem: wouldChangeShared(planned.target.schema, names) }
  })
}

/** A reset starts from an empty schema. */
function mayFall(planned: Planned): boolean {
  const { target, again, pending, problem } = planned
  return target.tenant !== undefined && problem === undefined && again !== 'all' && pending.length > 0
}

function wouldChangeShared(schema: string, names: readonly string[]): TenancyError {
  return new TenancyError(
    'NAME_IN_BOTH_SCOPES',
    `Nothing was migrated in ${JSON.stringify(schema)}: it lacks ${listed(names.map((name) => JSON.stringify(name)))}, which its migrations made, and the ` +
      'shared schema has a table of that name, which a migration would read and change. Create it in the schema of the tenant again, or restore it: ' +
      'docs/shared-schema.md#repairs says how.',
    { details: { schema, names, missing: true } },
  )
}
