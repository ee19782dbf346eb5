/**
 * Schedules of a fleet: one definition, a job for every active tenant, in the time zone of the tenant. How far a schedule has come is a row of the catalog. Who ticks
 * holds that row, so two processes never do the same minute, and a minute whose process died is done by the next one.
 */
import { Cron } from 'croner'
import { catalogKey } from '../../catalog-key.ts'
import { TenancyError } from '../../errors.ts'
import { inParallel } from '../../fleet/workers.ts'
import { assertKnownKeys } from '../../known-keys.ts'
import type { Database } from '../../ports/database.ts'
import { seen } from '../../seen.ts'
import type { Tenant } from '../../types.ts'
import { assertWholeNumber } from '../../whole-number.ts'
import type { JobTenancy } from './job-tenancy.ts'
import { jitterOf, lastOccurrence, occurrenceId } from './occurrences.ts'
import { beginScheduleSql, endScheduleSql, holdScheduleSql } from './schedules-sql.ts'

export interface TenantSchedule<A extends object = any> {
  /** A cron expression of five fields, such as `0 8 * * 1`. */
  readonly cron: string
  /** The time zone in which the expression is read. @default 'UTC' */
  readonly timeZone?: string | ((tenant: Tenant<A>) => string)
  /** Only tenants of these kinds. @default every kind */
  readonly kinds?: string | readonly string[]
  /** The data of the job of a tenant. @default {} */
  readonly data?: object | ((tenant: Tenant<A>) => object)
  /** Each tenant's job starts up to so many milliseconds later, so that not all start at once. @default 0 */
  readonly jitterMs?: number
  /** How late an occurrence may be and still be done. What is older is reported as missed. @default 3_600_000 */
  readonly graceMs?: number
  /** How many jobs are enqueued at a time. @default 4 */
  readonly concurrency?: number
}

/** A tenant that got no job for an occurrence, or fewer than there were. */
export interface MissedOccurrence {
  readonly schema: string
  readonly tenantId: string
  /** The newest one that was missed. */
  readonly at: Date
  readonly reason: 'late' | 'failed'
  /** How many were missed. */
  readonly count: number
  readonly error?: unknown
}

export interface ScheduleReport {
  readonly schedule: string
  readonly enqueued: number
  readonly missed: readonly MissedOccurrence[]
}

/** The job of a tenant and an occurrence. `id` is the same whenever the same occurrence is asked for again. */
export interface DueJob {
  readonly tenant: Tenant<any>
  readonly at: Date
  readonly startAt: Date
  readonly id: string
  readonly data: object
}

export type ScheduleListener = (report: ScheduleReport) => unknown

export class Schedules {
  readonly #schedules = new Map<string, Required<TenantSchedule>>()
  readonly #tenancy: JobTenancy
  readonly #onReport: ScheduleListener

  /** @param onReport called after each tick that enqueued or missed something; the default warns of what was missed */
  constructor(tenancy: JobTenancy, onReport: ScheduleListener = warnOfMissed) {
    this.#tenancy = tenancy
    this.#onReport = onReport
  }

  get names(): readonly string[] {
    return [...this.#schedules.keys()]
  }

  /** @throws TenancyError INVALID_ARGUMENT */
  add(name: string, schedule: TenantSchedule): void {
    this.#schedules.set(name, checked(name, schedule))
  }

  /**
   * Enqueues what has come due since the last tick of any process. Call it each minute. Costs a transaction for each schedule, which holds one connection while the
   * jobs are enqueued, and a query for each page of tenants.
   */
  async tick(enqueue: (schedule: string, job: DueJob) => Promise<unknown>, now = new Date()): Promise<ScheduleReport[]> {
    const reports: ScheduleReport[] = []
    for (const [name, schedule] of this.#schedules) {
      const report = await this.#tickOne(name, schedule, now, (job) => enqueue(name, job))
      if (report === undefined) continue
      reports.push(report)
      if (report.enqueued > 0 || report.missed.length > 0) await this.#onReport(report)
    }
    return reports
  }

  async #tickOne(
    name: string,
    schedule: Required<TenantSchedule>,
    now: Date,
    enqueue: (job: DueJob) => Promise<unknown>,
  ): Promise<ScheduleReport | undefined> {
    const catalog = this.#tenancy[catalogKey] as Pick<Database, 'transaction' | 'query'>
    await catalog.query(beginScheduleSql(name, now))
    return catalog.transaction(async (transaction) => {
      const { rows } = await transaction.query<{ done_until: Date | string }>(holdScheduleSql(name))
      if (rows[0] === undefined) return undefined
      const from = new Date(rows[0].done_until)
      const missed: MissedOccurrence[] = []
      let enqueued = 0
      // Clocks of processes differ a little; a tick of the past has nothing to do.
      if (now > from) {
        const due: DueJob[] = []
        for await (const tenant of this.#tenancy.tenants.each({ status: 'active', kinds: schedule.kinds })) {
          const found = dueOf(name, schedule, tenant, from, now)
          if (found.missed !== undefined) missed.push(found.missed)
          if (found.job !== undefined) due.push(found.job)
        }
        await inParallel(due, schedule.concurrency, async (job) => {
          try {
            await enqueue(job)
            enqueued++
          } catch (error) {
            missed.push({ ...nameOf(job.tenant), at: job.at, reason: 'failed', count: 1, error })
          }
        })
        await transaction.query(endScheduleSql(name, now))
      }
      return { schedule: name, enqueued, missed }
    })
  }
}

function dueOf(
  name: string,
  { cron, timeZone, data, jitterMs, graceMs }: Required<TenantSchedule>,
  tenant: Tenant<any>,
  from: Date,
  now: Date,
): { job?: DueJob; missed?: MissedOccurrence } {
  try {
    const zone = typeof timeZone === 'function' ? timeZone(tenant) : timeZone
    // A tenant is not late for what was before it.
    const found = lastOccurrence(cron, zone, tenant.createdAt > from ? tenant.createdAt : from, now)
    if (found === undefined) return {}
    const { at, skipped } = found
    const isLate = now.getTime() - at.getTime() > graceMs
    const count = skipped + (isLate ? 1 : 0)
    const missed: MissedOccurrence | undefined = count === 0 ? undefined : { ...nameOf(tenant), at, reason: 'late', count }
    if (isLate) return { missed: missed! }
    const job = {
      tenant,
      at,
      startAt: new Date(at.getTime() + jitterOf(name, tenant.id, at, jitterMs)),
      id: occurrenceId(name, tenant.id, at),
      data: typeof data === 'function' ? (data as (tenant: Tenant<any>) => object)(tenant) : data,
    }
    return { job, ...(missed !== undefined && { missed }) }
  } catch (error) {
    return { missed: { ...nameOf(tenant), at: now, reason: 'failed', count: 1, error } }
  }
}

function nameOf({ schema, id }: Tenant<any>): { schema: string; tenantId: string } {
  return { schema, tenantId: id }
}

function warnOfMissed({ schedule, missed }: ScheduleReport): void {
  if (missed.length === 0) return
  const [first] = missed
  process.emitWarning(
    `The schedule ${JSON.stringify(schedule)} missed ${missed.length} of its tenants, among them ${JSON.stringify(first!.schema)} (${first!.reason}). ` +
      'The option "onSchedule" gets the whole report.',
    { code: 'PARTYWALL_SCHEDULE_MISSED' },
  )
}

function checked(name: string, schedule: TenantSchedule): Required<TenantSchedule> {
  const what = `the schedule ${JSON.stringify(name)}`
  assertKnownKeys(what, schedule, ['cron', 'timeZone', 'kinds', 'data', 'jitterMs', 'graceMs', 'concurrency'])
  const { cron, timeZone = 'UTC', kinds, data = {}, jitterMs = 0, graceMs = 3_600_000, concurrency = 4 } = schedule
  for (const [option, value] of Object.entries({ jitterMs, graceMs }))
    assertWholeNumber('INVALID_ARGUMENT', `"${option}" of ${what}`, option, value, { least: 0 })
  assertWholeNumber('INVALID_ARGUMENT', `"concurrency" of ${what}`, 'concurrency', concurrency, { least: 1 })
  try {
    // The first call reads the expression, the second one the time zone.
    new Cron(cron, { paused: true, timezone: typeof timeZone === 'string' ? timeZone : 'UTC', mode: '5-part' }).nextRun()
  } catch (cause) {
    throw new TenancyError(
      'INVALID_ARGUMENT',
      `${what} has the cron expression ${seen(cron)} and the time zone ${seen(timeZone)}, which cannot be read: ${(cause as Error).message}`,
      { details: { what, option: 'cron', seen: seen(cron) }, cause },
    )
  }
  return { cron, timeZone, kinds: kinds as never, data, jitterMs, graceMs, concurrency }
}
