/** The option `migrations.onDrift`: what happens to tenants that are not what their migrations gave, before further ones are applied. */
import { TenancyError } from '../../errors.ts'
import type { Tenant } from '../../types.ts'
import { listed } from '../plan/mismatches.ts'
import { toRun, type Goal, type Planned } from '../plan/planned.ts'

/** What differs in tenants that have drifted, by their ids: names of objects. */
export type FindDrifted = (tenants: readonly Tenant<any>[]) => Promise<ReadonlyMap<string, readonly string[]>>

export interface DriftGate {
  readonly options: { readonly migrations: { readonly onDrift: 'warn' | 'refuse' | undefined } }
  /** Given by the front: tenants are compared in a room above this one. */
  readonly findDrifted?: FindDrifted | undefined
}

/** A drifted tenant gets a problem, or only a warning. A run that empties tenants, or only records migrations, depends on no structure. */
export async function refuseDrifted(
  { options, findDrifted }: DriftGate,
  { again, fake }: Goal,
  plans: readonly Planned[],
): Promise<readonly Planned[]> {
  const { onDrift } = options.migrations
  if (onDrift === undefined || findDrifted === undefined || again === 'all' || fake === true) return plans
  const ready = plans.flatMap((planned) => {
    const { target, problem } = planned
    return target.tenant !== undefined && target.standIn === undefined && problem === undefined && toRun(planned).length > 0
      ? [target.tenant]
      : []
  })
  const drifted = ready.length === 0 ? new Map<string, readonly string[]>() : await findDrifted(ready)
  if (drifted.size === 0) return plans
  if (onDrift === 'warn') {
    const schemas = ready.filter(({ id }) => drifted.has(id)).map(({ schema }) => schema)
    process.emitWarning(`These tenants are not what their migrations gave, and are migrated all the same: ${listed(schemas)}.`, {
      code: 'PARTYWALL_DRIFT',
      detail: seeDrift,
    })
    return plans
  }
  return plans.map((planned) => {
    const { tenant, schema } = planned.target
    const names = tenant && drifted.get(tenant.id)
    return names === undefined ? planned : { ...planned, problem: hasDrifted(schema, names, 'migrated') }
  })
}

/** @param refused what was not done with the tenant: `migrated` or `activated` */
export function hasDrifted(schema: string, differences: readonly string[], refused: string): TenancyError {
  return new TenancyError(
    'DRIFT',
    `The tenant ${JSON.stringify(schema)} was not ${refused}, because it is not what its migrations gave: ${listed(differences)}. ` +
      `Look at it with \`npx partywall drift --tenant ${schema}\`, and repair it. Or set the option "migrations.onDrift" to "warn".`,
    { details: { schema, differences } },
  )
}

const seeDrift = 'See docs/errors.md#PARTYWALL_DRIFT'
