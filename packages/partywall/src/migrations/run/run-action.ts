/** What the audit says of a run: one entry before the first schema is changed, and one with what became of it. */
import type { RunAction } from '../../catalog/runs/migration-runs.ts'
import type { MigrationEntry } from '../../types.ts'
import type { Goal, Planned } from '../plan/planned.ts'
import type { StandIn } from '../plan/targets.ts'

/** @param busy the schemas that have something to do */
export function actionOfStart(goal: Goal, busy: readonly Planned[], isResumed: boolean): RunAction {
  const tenants = busy.flatMap(({ target }) => (target.standIn === undefined ? (target.tenant ?? []) : []))
  const count = (standIn: StandIn): number => busy.filter(({ target }) => target.standIn === standIn).length
  const [templates, ready] = [count('template'), count('ready schema')]
  return {
    action: 'migrations.started',
    tenant: onlyOne(tenants, busy.length),
    details: {
      work: workOf(goal),
      shared: tenants.length + templates + ready < busy.length,
      tenants: tenants.length,
      ...(templates > 0 && { templates }),
      ...(ready > 0 && { readySchemas: ready }),
      to: goal.to,
      ...(isResumed && { resumed: true }),
      schemas: tenants.map(({ schema }) => schema),
    },
  }
}

/** @param entries those of the schemas that had something to do */
export function actionOfEnd(goal: Goal, entries: readonly MigrationEntry[]): RunAction {
  const tenants = entries.filter(({ tenantId }) => tenantId !== undefined)
  const count = (state: MigrationEntry['state']): number => tenants.filter((entry) => entry.state === state).length
  return {
    action: `migrations.${workOf(goal)}`,
    tenant: onlyOne(
      tenants.map(({ tenantId }) => ({ id: tenantId! })),
      entries.length,
    ),
    details: {
      shared: entries.find(({ target }) => target === 'shared')?.state,
      done: count('done'),
      failed: count('failed'),
      skipped: count('skipped'),
      migrations: [...new Set(entries.flatMap(({ applied }) => applied))],
    },
  }
}

type Work = 'run' | 'down' | 'redo' | 'reset' | 'fake'

function workOf({ direction, again, fake }: Goal): Work {
  if (again !== undefined) return again === 'last' ? 'redo' : 'reset'
  if (fake === true) return 'fake'
  return direction === 'down' ? 'down' : 'run'
}

function onlyOne<T>(tenants: readonly T[], schemas: number): T | undefined {
  return schemas === 1 ? tenants[0] : undefined
}
