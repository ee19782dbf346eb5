/** What is to be done in each schema, and its state. Only reads: for the previews of a run, and for the doctor. */
import { assertKnownKeys } from '../../known-keys.ts'
import { findBothScopes } from '../plan/both-scopes.ts'
import { assertIndexesNamed } from '../plan/concurrent-index.ts'
import type { Planned } from '../plan/planned.ts'
import { Planner, type PlannerParts } from '../plan/planner.ts'
import type { TargetParts } from '../plan/targets.ts'
import { statusOf, type MigrationStatus } from './report.ts'
import { assertRunOptions, goalOf, type RunOptions } from './run-options.ts'

/** The schemas, and what they should reach. By default all schemas, with every migration applied. */
export type PlanOptions = Pick<RunOptions, 'shared' | 'tenants' | 'kinds' | 'status' | 'to' | 'down' | 'edited' | 'verify'>

const planKeys = ['shared', 'tenants', 'kinds', 'status', 'to', 'down', 'edited', 'verify'] as const

export type StatusParts = TargetParts<any> & PlannerParts

/**
 * @param call the name of the function that the application called, for messages
 * @throws TenancyError INVALID_MIGRATION, INVALID_ARGUMENT, UNKNOWN_TENANT, UNKNOWN_KIND
 */
export async function planSchemas(call: string, parts: StatusParts, options: PlanOptions): Promise<readonly Planned[]> {
  assertKnownKeys(call, options, planKeys)
  assertRunOptions(call, options)
  const listed = { ...parts, standIns: parts.standIns?.filter(({ areListed }) => areListed) }
  const { plans } = await Planner.select(listed, options, goalOf(options))
  assertIndexesNamed(plans)
  return plans
}

/** As `planSchemas`. */
export async function readStatuses(call: string, parts: StatusParts, options: PlanOptions): Promise<MigrationStatus[]> {
  const plans = await planSchemas(call, parts, options)
  const scopes = await findBothScopes(parts.catalog, parts.options, plans)
  return plans.map((planned) => statusOf(planned, scopes.get(planned.target.schema)))
}

/** Whether nothing is pending, there is no problem, and no name stands in both scopes. */
export async function areUpToDate(call: string, parts: StatusParts, options: PlanOptions): Promise<boolean> {
  const plans = await planSchemas(call, parts, options)
  if (plans.some(({ pending, problem }) => pending.length > 0 || problem !== undefined)) return false
  const scopes = await findBothScopes(parts.catalog, parts.options, plans)
  return !plans.some(({ target }) => scopes.has(target.schema))
}
