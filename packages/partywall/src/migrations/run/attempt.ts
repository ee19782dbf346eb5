/**
 * One attempt at one schema, and the decision about another one. An attempt that failed because of a lock is repeated later, after the other
 * schemas. After a change from outside (another deploy was faster, the tenant was renamed, the connection was lost) the schema is planned again.
 */
import type { Connections } from '../../ports/database.ts'
import { sqlStateOf } from '../../sql/sqlstate.ts'
import type { Queryable } from '../../sql/statement.ts'
import { isTenancyError, TenancyError, tenancyErrorOf } from '../../errors.ts'
import type { MigrationEntry, Tenant } from '../../types.ts'
import { applyChanges } from '../apply/apply.ts'
import { redoLast } from '../apply/redo-last.ts'
import { resetSchema } from '../apply/reset-schema.ts'
import { isOutOfMemory } from '../apply/lock-table.ts'
import { historyChangedMark, lockedMark, type MigrationLimits } from '../apply/guards.ts'
import { Progress } from '../apply/progress.ts'
import { toRun, type Planned } from '../plan/planned.ts'
import type { FleetTarget } from '../plan/targets.ts'
import { endOf, entryOf } from './report.ts'

export interface AttemptParts {
  readonly connections: Connections
  readonly limits: MigrationLimits
  /** How often a schema is tried again because of locks. */
  readonly retries: number
  /** The current state of the schema, and what is still to be done there. */
  replan(target: FleetTarget): Promise<Planned>
  /** Why migrations must not run in a schema as it is now, because they would change the shared schema; undefined when they may. */
  crossSchemaProblem(queryable: Queryable, planned: Planned): Promise<TenancyError | undefined>
  /** The tenant as the catalog has it now; undefined when it was deleted. */
  findTenant(id: string): Promise<Tenant<any> | undefined>
  /** The error of a schema for whose locks the server had no room. */
  explainOutOfMemory(schema: string, error: unknown): Promise<unknown>
  onStart(planned: Planned): void
}

/** What is known of one schema from attempt to attempt. */
export interface Turn {
  /** The plan from the start of the run. */
  readonly first: Planned
  readonly planned: Planned
  /** When the first attempt started; undefined before that. As performance.now() counts. */
  readonly startedAt: number | undefined
  /** What the attempts before have committed, in order. */
  readonly applied: readonly string[]
  /** Why the last attempt failed. */
  readonly error?: unknown
}

export type Outcome = { readonly entry: MigrationEntry } | { readonly retry: Turn; readonly afterMs: number }

const firstPauseMs = 100
const longestPauseMs = 5000
/** A lost connection, or a race with another deploy: a few attempts fix it, or none does. */
const triesAfterReplan = 5

export async function attempt(parts: AttemptParts, turn: Turn, tries: number): Promise<Outcome> {
  const { planned } = turn
  const startedAt = turn.startedAt ?? performance.now()
  if (turn.startedAt === undefined) parts.onStart(planned)
  const progress = new Progress()
  try {
    if (planned.problem !== undefined) throw planned.problem
    await apply(parts, planned, progress)
    return { entry: endOf(planned, startedAt, allOf(turn, namesOf(planned))) }
  } catch (error) {
    const applied = allOf(turn, pendingOf(planned, progress.done))
    const decision = retryDecision(error)
    if (decision === 'give up' || tries >= (decision === 'wait' ? parts.retries : triesAfterReplan)) {
      const explained = isOutOfMemory(error)
        ? await parts.explainOutOfMemory(planned.target.schema, error)
        : forReaders(planned, error)
      return { entry: endOf(planned, startedAt, applied, explained) }
    }
    const target = await currentTarget(parts, planned.target, error)
    if (target === undefined) {
      const note = goneNotes[planned.target.standIn ?? 'tenant']
      return { entry: entryOf(planned, 'done', performance.now() - startedAt, { applied, note }) }
    }
    const replanned = await parts.replan(target)
    if (isOtherRedo(turn.first, replanned)) return { entry: endOf(planned, startedAt, applied, forReaders(planned, error)) }
    const isLost = isConnectionLost(error)
    const committed = isLost ? [...applied, ...notPendingAnyMore(pendingOf(planned, progress.underway), replanned)] : applied
    const retry = { ...turn, planned: replanned, startedAt, applied: committed, error: forReaders(planned, error) }
    return { retry, afterMs: decision === 'wait' || tries > 0 ? pauseAfter(tries) : 0 }
  }
}

async function apply(
  { connections, limits, crossSchemaProblem }: AttemptParts,
  planned: Planned,
  progress: Progress,
): Promise<void> {
  const { target, state, direction, again, pending, needsHistoryWrite } = planned
  const place = { connections, target, limits, progress }
  if (again === 'all') return resetSchema(place, state, pending, (queryable) => crossSchemaProblem(queryable, planned))
  if (again === 'last' && pending[0] !== undefined) return redoLast({ ...place, progress: new Progress() }, state, pending[0])
  const migrations = toRun(planned)
  if (migrations.length === 0 && !needsHistoryWrite) return
  await applyChanges({ ...place, state, direction, migrations })
}

/** Each once: a migration that another process has rolled back meanwhile is done twice. */
function allOf({ applied }: Turn, now: readonly string[]): readonly string[] {
  return [...new Set([...applied, ...now])]
}

function namesOf({ pending }: Planned): string[] {
  return pending.map(({ name }) => name)
}

/** What is only recorded, such as a baseline, is not pending, and is no work of the run. */
function pendingOf(planned: Planned, names: readonly string[]): string[] {
  return namesOf(planned).filter((name) => names.includes(name))
}

/** What was sent when the connection was lost, and is in the history now: the answer was lost, not the work. */
function notPendingAnyMore(names: readonly string[], replanned: Planned): string[] {
  return names.filter((name) => !namesOf(replanned).includes(name))
}

/** Outside of a transaction, the migration may be rolled back already: the one before it is the last one now, and must stay. */
function isOtherRedo(first: Planned, { again, pending }: Planned): boolean {
  return again === 'last' && pending[0]?.name !== first.pending[0]?.name
}

/** The target with its current schema; undefined when its tenant was deleted. Another tenant may have its name by now, and is a target of its own. */
async function currentTarget(parts: AttemptParts, target: FleetTarget, error: unknown): Promise<FleetTarget | undefined> {
  const mayBeOther = isTenancyError(error, 'SCHEMA_MISSING') || (target.standIn === undefined && isChanged(error))
  if (target.tenant === undefined || !mayBeOther) return target
  const tenant = await parts.findTenant(target.tenant.id)
  // What is left of its schema must not get tables again.
  if (tenant?.status === 'deleting') return undefined
  return tenant && { ...target, target: tenant.schema, schema: tenant.schema, tenant }
}

/** `wait`: again after a pause. `replan`: again from the current state, at first without a pause. */
type RetryDecision = 'wait' | 'replan' | 'give up'

function retryDecision(error: unknown): RetryDecision {
  const state = sqlStateOf(error)
  const message = error instanceof Error ? error.message : ''
  if (message.includes(lockedMark)) return 'wait'
  if (isChanged(error) || isTenancyError(error, 'SCHEMA_MISSING')) return 'replan'
  if (state !== undefined && (lockStates.has(state) || isOutOfMemory(error))) return 'wait'
  if (state !== undefined && /^(?:08|57P0[1-4])/.test(state)) return 'replan'
  if (isTenancyError(error)) return isDown(error) ? 'replan' : 'give up'
  // A statement of partywall's own failed: another deploy has created the history, or a row of it, in the meantime.
  if (state === duplicateTable || state === uniqueViolation) return 'replan'
  return isConnectionLost(error) ? 'replan' : 'give up'
}

/** The schema is not the one, or not in the state, that the plan was made from. */
function isChanged(error: unknown): boolean {
  return error instanceof Error && error.message.includes(historyChangedMark)
}

/** The client does not know what became of the statement. */
function isConnectionLost(error: unknown): boolean {
  const message = error instanceof Error ? error.message : ''
  return sqlStateOf(error) === undefined && /terminated|ECONNRESET|EPIPE|ECONNREFUSED|not queryable/i.test(message)
}

/** No connection could be opened, and time may change that: the server is starting, or has crashed. */
function isDown(error: unknown): boolean {
  const unreachable = tenancyErrorOf(error, 'DATABASE_UNREACHABLE')
  return unreachable !== undefined && /^(?:08|57P0|ECONN|EPIPE)/.test(unreachable.details.code ?? '08')
}

/** What became of a schema that is not there any more. */
const goneNotes = {
  tenant: 'the tenant was deleted during the run',
  template: 'the template was dropped during the run',
  'ready schema': 'the ready schema was given to a new tenant, or dropped, during the run',
} as const

const duplicateTable = '42P07'
const uniqueViolation = '23505'
/** lock_not_available, deadlock_detected, serialization_failure */
const lockStates = new Set(['55P03', '40P01', '40001'])

/** The error for the report. The errors of the guards name relations that do not exist, which means nothing to a reader. */
function forReaders({ target }: Planned, error: unknown): unknown {
  const message = error instanceof Error ? error.message : ''
  const isLocked = message.includes(lockedMark)
  if (!isLocked && !isChanged(error)) return error
  return new TenancyError(
    'MIGRATION_FAILED',
    `The schema ${JSON.stringify(target.schema)} is being migrated by another deploy: ` +
      (isLocked
        ? 'that deploy held the lock of the schema at every attempt. '
        : 'its history was changed again after each plan of this run. ') +
      'Wait until that deploy has ended, and run again.',
    { details: { schema: target.schema } },
  )
}

/** Longer each time; and random, so that two deploys do not meet again. */
function pauseAfter(tries: number): number {
  return Math.min(longestPauseMs, firstPauseMs * 2 ** tries) * (0.5 + Math.random() / 2)
}
