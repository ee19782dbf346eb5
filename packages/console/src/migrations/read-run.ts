/** A run as the console shows it: from this process while it works here, else from the catalog. */
import type { RecordedEntry, RecordedRun } from 'partywall'
import type { AnyTenancy } from '../parts.ts'
import type { RunAnswer, RunDetail, RunEntry } from './api.ts'
import { recordedErrorOf } from './errors.ts'
import { lifeOf } from './process-of.ts'
import type { RunRegistry } from './run-registry.ts'

const mostFailures = 100

export function answerOf(run: RecordedRun, registry: RunRegistry): RunAnswer {
  const live = registry.working(run.id)
  const state = stateOf(run, registry)
  const { pending, done, failed, skipped } = run.counts
  return {
    id: run.id,
    state,
    where: live === undefined ? 'elsewhere' : 'here',
    work: run.work,
    ...(run.to !== undefined && { to: run.to }),
    ...(run.by !== undefined && { by: run.by }),
    startedAt: run.startedAt.toISOString(),
    ...(run.endedAt !== undefined && { endedAt: run.endedAt.toISOString() }),
    ...(run.activeAt !== undefined && { activeAt: run.activeAt.toISOString() }),
    // Data may have been written since a redo or a reset.
    mayResume: run.isLast && run.work !== 'redo' && run.work !== 'reset' && (state === 'failed' || state === 'interrupted'),
    ...(state === 'running' && live?.signal.aborted === true && { isStopping: true as const }),
    counts: state === 'running' && live !== undefined ? live.counts : { waiting: pending, running: 0, done, failed, skipped },
  }
}

function stateOf(run: RecordedRun, registry: RunRegistry): RunAnswer['state'] {
  if (run.state !== 'running') return run.state
  const live = registry.find(run.id)
  if (live?.isOver === false) return 'running'
  const life = lifeOf(run.by?.origin, run.startedAt)
  // It gave up here; or another process goes on with it.
  if (life === 'here') return live === undefined ? 'running' : 'interrupted'
  return life === 'gone' ? 'interrupted' : 'running'
}

export async function readRun(tenancy: AnyTenancy, registry: RunRegistry, id: string): Promise<RunDetail | undefined> {
  const [run] = await tenancy.migrations.runs({ id })
  if (run === undefined) return undefined
  const answer = answerOf(run, registry)
  const live = registry.find(id)
  const error = live?.error === undefined ? {} : { error: live.error }
  if (live?.isOver === false && answer.state === 'running') return { ...answer, ...live.entries, ...error }
  const failures = await tenancy.migrations.entries(id, { states: ['failed'], limit: mostFailures })
  const recent = live?.entries.recent ?? []
  return { ...answer, running: [], failures: failures.map(entryOf), recent, ...error }
}

export function entryOf({ target, tenantId, state, applied, error, durationMs }: RecordedEntry): RunEntry {
  return {
    target,
    ...(tenantId !== undefined && { tenantId }),
    state,
    applied,
    ...(error !== undefined && { error: recordedErrorOf(error) }),
    ...(durationMs !== undefined && { durationMs }),
  }
}
