/**
 * One try at one schema, and what to do when it did not work: what time may cure (a lock that somebody holds) is tried again later, what
 * a second look may cure (another deploy was faster, the tenant was renamed, the connection was lost) is planned anew.
 */
import type { Connections } from '../../ports/database.ts'
import { sqlStateOf } from '../../sql/sqlstate.ts'
import { isTenancyError, TenancyError } from '../../errors.ts'
import type { Tenant } from '../../types.ts'
import { applyChanges } from '../apply/apply.ts'
import type { Planned } from '../plan/planned.ts'
import { lockedMark, movedMark, type TransactionLimits } from '../history/history-sql.ts'
import { endOf, entryOf, type MigrationEntry } from './report.ts'
import type { FleetTarget } from '../plan/targets.ts'

export interface AttemptParts {
  readonly connections: Connections
  readonly limits: TransactionLimits
  /** How often a schema is tried again because of locks. */
  readonly retries: number
  /** How the schema stands now, and what is still to be done there. */
  replan(target: FleetTarget): Promise<Planned>
  /** The tenant as the catalog has it now; undefined when it is no more. */
  findTenant(id: string): Promise<Tenant<any> | undefined>
  onBegin(planned: Planned): void
}

/** What is known of one schema from try to try. */
export interface Turn {
  /** The plan of the beginning. */
  readonly first: Planned
  readonly planned: Planned
  readonly begun: number | undefined
  /** Why it was not done the last time. */
  readonly error?: unknown
}

export type Outcome = { readonly entry: MigrationEntry } | { readonly retry: Turn; readonly afterMs: number }

const firstPauseMs = 100
const longestPauseMs = 5000
/** A lost connection, or a race with another deploy: cured by the next tries, or not at all. */
const triesInDoubt = 5

export async function attempt(parts: AttemptParts, turn: Turn, tries: number): Promise<Outcome> {
  const { planned } = turn
  const begun = turn.begun ?? performance.now()
  if (turn.begun === undefined) parts.onBegin(planned)
  try {
    if (planned.problem !== undefined) throw planned.problem
    await apply(parts, planned)
    return { entry: endOf(planned, begun) }
  } catch (error) {
    const cure = cureOf(error)
    if (cure === undefined || tries >= (cure === 'wait' ? parts.retries : triesInDoubt)) {
      return { entry: endOf(planned, begun, inOurWords(planned, error)) }
    }
    const target = await whereIsIt(parts, planned.target, error)
    if (target === undefined) {
      return { entry: entryOf(planned, 'done', performance.now() - begun, { note: 'the tenant was deleted during the run' }) }
    }
    const retry = { ...turn, planned: await parts.replan(target), begun, error: inOurWords(planned, error) }
    return { retry, afterMs: cure === 'wait' || tries > 0 ? pause(tries) : 0 }
  }
}

async function apply({ connections, limits }: AttemptParts, planned: Planned): Promise<void> {
  const { target, state, direction, isUnwritten } = planned
  // What is only to be written down stands in the history that the work begins with.
  const isAdopted = new Set(state.toAdopt?.map(({ name }) => name))
  const migrations = planned.pending.filter(({ name }) => !isAdopted.has(name))
  if (migrations.length === 0 && !isUnwritten) return
  await applyChanges(connections, target, state, { direction, migrations }, limits)
}

/** The target as it is now; undefined when its tenant is no more. */
async function whereIsIt(parts: AttemptParts, target: FleetTarget, error: unknown): Promise<FleetTarget | undefined> {
  if (target.tenant === undefined || !isTenancyError(error, 'SCHEMA_MISSING')) return target
  const tenant = await parts.findTenant(target.tenant.id)
  return tenant && { ...target, target: tenant.schema, schema: tenant.schema, tenant }
}

type Cure = 'wait' | 'look again'

function cureOf(error: unknown): Cure | undefined {
  const state = sqlStateOf(error)
  const message = error instanceof Error ? error.message : ''
  if (message.includes(lockedMark)) return 'wait'
  if (message.includes(movedMark) || isTenancyError(error, 'SCHEMA_MISSING')) return 'look again'
  if (state !== undefined && curedByWaiting.has(state)) return 'wait'
  if (state !== undefined && /^(?:08|57P0[1-4])/.test(state)) return 'look again'
  if (isTenancyError(error)) return undefined
  // A statement of ours failed: another deploy has made the history, or a row of it, in the meantime.
  if (state === duplicateTable || state === uniqueViolation) return 'look again'
  return state === undefined && /terminated|ECONNRESET|EPIPE|ECONNREFUSED|not queryable/i.test(message) ? 'look again' : undefined
}

const duplicateTable = '42P07'
const uniqueViolation = '23505'
/** lock_not_available, deadlock_detected, serialization_failure */
const curedByWaiting = new Set(['55P03', '40P01', '40001'])

/** The made-up names of our checks mean nothing to a reader. */
function inOurWords({ target }: Planned, error: unknown): unknown {
  const message = error instanceof Error ? error.message : ''
  const isLocked = message.includes(lockedMark)
  if (!isLocked && !message.includes(movedMark)) return error
  return new TenancyError(
    'MIGRATION_FAILED',
    `The schema ${JSON.stringify(target.schema)} is being migrated by another deploy; ` +
      (isLocked ? 'it did not end while we tried. ' : 'its history changed each time that we looked. ') +
      'Wait for the other one to end, and run again.',
    { details: { schema: target.schema } },
  )
}

/** Longer each time, and not the same for everybody. */
function pause(tries: number): number {
  return Math.min(longestPauseMs, firstPauseMs * 2 ** tries) * (0.5 + Math.random() / 2)
}
