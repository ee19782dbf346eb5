/** `tenancy.usage`: who uses how much, and the records for a billing system. */
import { TenancyError } from '../../errors.ts'
import { assertKnownKeys } from '../../known-keys.ts'
import { nearest } from '../../nearest.ts'
import type { Database } from '../../ports/database.ts'
import { seen } from '../../seen.ts'
import type { TenantCounters, UsageRecord } from '../../usage-record.ts'
import { assertWholeNumber } from '../../whole-number.ts'
import { counterNames } from '../meter/sheet.ts'
import { silentMs } from './recorder.ts'
import {
  collectedSql,
  interruptedSql,
  numbersOf,
  topSql,
  uncollectedSql,
  type CollectedRow,
  type InterruptedRow,
  type TopRow,
} from './usage-sql.ts'
import { countersOf, recordOf } from './usage-record.ts'

export interface UsageTopOptions {
  /** What the tenants are sorted by, the most first. @default 'busyMs' */
  readonly by?: keyof TenantCounters | undefined
  /** Periods that end after this time. @default 24 hours ago */
  readonly since?: Date | undefined
  /** Periods that begin before this time. @default now */
  readonly until?: Date | undefined
  /** 1 to 1000. @default 10 */
  readonly limit?: number | undefined
}

export interface TenantUsage extends TenantCounters {
  readonly tenantId: string
  /** Absent for a tenant that was deleted, as its name and its kind. */
  readonly schema?: string
  readonly name?: string
  readonly kind?: string
}

export interface UsageReport {
  readonly tenants: readonly TenantUsage[]
  /** Processes that have ended without their last counts, and when they stored something last: up to `usage.flushMs` of each is missing. At most 100. */
  readonly interrupted: readonly { readonly process: string; readonly lastStoredAt: Date }[]
}

export type UsageCollector = (records: readonly UsageRecord[]) => unknown

export interface UsageCollectOptions {
  /** The most records in one call of the function. 1 to 1000. @default 500 */
  readonly limit?: number | undefined
}

const dayMs = 86_400_000

export async function topUsage(catalog: Pick<Database, 'query'>, options: UsageTopOptions = {}): Promise<UsageReport> {
  assertKnownKeys('usage.top', options, ['by', 'since', 'until', 'limit'])
  const { by = 'busyMs', since = new Date(Date.now() - dayMs), until = new Date(), limit = 10 } = options
  const place = counterNames.indexOf(by)
  if (place === -1) throw unknownCounter(by)
  assertTime('since', since)
  assertTime('until', until)
  assertWholeNumber('INVALID_ARGUMENT', '"limit" of usage.top', 'limit', limit, { least: 1, most: 1000 })
  const { rows } = await catalog.query<TopRow>(topSql(place, since, until, limit))
  const interrupted = await catalog.query<InterruptedRow>(interruptedSql(since, until, silentMs))
  return Object.freeze({
    tenants: rows.map(({ tenant_id: tenantId, schema, name, kind, ...row }) =>
      Object.freeze({
        tenantId,
        ...(schema !== null && { schema }),
        ...(name !== null && { name }),
        ...(kind !== null && { kind }),
        ...countersOf(numbersOf(row)),
      }),
    ),
    interrupted: interrupted.rows.map(({ process, at }) => ({ process, lastStoredAt: new Date(Number(at)) })),
  })
}

export async function collectUsage(
  catalog: Pick<Database, 'transaction'>,
  collector: UsageCollector,
  options: UsageCollectOptions = {},
): Promise<number> {
  assertKnownKeys('usage.collect', options, ['limit'])
  const { limit = 500 } = options
  assertWholeNumber('INVALID_ARGUMENT', '"limit" of usage.collect', 'limit', limit, { least: 1, most: 1000 })
  for (let total = 0; ;) {
    const number = await catalog.transaction(async (transaction) => {
      const { rows } = await transaction.query<CollectedRow>(uncollectedSql(limit, silentMs))
      if (rows.length === 0) return 0
      // The rows are locked until they are marked: no other process gets them, and after a failure they are given again.
      await collector(rows.map(recordOfRow))
      await transaction.query(collectedSql(rows))
      return rows.length
    })
    total += number
    if (number < limit) return total
  }
}

function recordOfRow(row: CollectedRow): UsageRecord {
  const { sheet_id: sheetId, tenant_id: tenantId, period_from: from, period_until: until } = row
  const period = { from: new Date(Number(from)), until: new Date(Number(until)) }
  return recordOf({ sheetId, tenantId, ...period, isFinal: true, numbers: numbersOf(row) })
}

function assertTime(option: string, value: unknown): asserts value is Date {
  if (value instanceof Date && !Number.isNaN(value.getTime())) return
  throw new TenancyError(
    'INVALID_ARGUMENT',
    `"${option}" of usage.top must be a Date; it is ${value instanceof Date ? 'no time' : seen(value)}.`,
    {
      details: { option, what: 'usage.top' },
    },
  )
}

function unknownCounter(by: unknown): TenancyError {
  const suggestion = typeof by === 'string' ? nearest(by.slice(0, 60), counterNames) : undefined
  return new TenancyError(
    'INVALID_ARGUMENT',
    `"by" of usage.top must be ${counterNames.map((name) => `'${name}'`).join(' or ')}; it is ${seen(by, 'quoted')}.` +
      (suggestion === undefined ? '' : ` Did you mean '${suggestion}'?`),
    { details: { option: 'by', what: 'usage.top', nearest: suggestion } },
  )
}
