/** The option `usage`: what each tenant uses is counted, stored and limited. */
import type { Tenant } from '../types.ts'
import { invalid, knownKeys, oneOf, wholeNumber } from './checks.ts'

export interface UsageConfig {
  /** How often the counters are stored: the most that a killed process loses. 100 to 600000. @default 10_000 */
  flushMs?: number
  /** The length of the periods that they are summed for, which divides a day. 60000 to 86400000. @default 3_600_000 */
  periodMs?: number
  /** For how many days they are kept. 1 or more. @default 90 */
  keepDays?: number
  /** The most tenants whose counters this process holds for one period before it stores and drops them. 100 or more. @default 10_000 */
  maxTenants?: number
  /** The most statements of a tenant in `windowMs`, in each process; undefined is no limit. It is called once in each window of the tenant. @default no limit */
  limit?: ((tenant: Tenant<any>) => number | undefined) | undefined
  /** 100 to 86400000. @default 60_000 */
  windowMs?: number
  /** What happens to a statement over the limit: it is refused (USAGE_EXCEEDED), or only the event `usage.exceeded` is emitted. @default 'refuse' */
  over?: 'refuse' | 'event'
}

/** The same, complete and checked. */
export interface UsageOption {
  readonly flushMs: number
  readonly periodMs: number
  readonly keepDays: number
  readonly maxTenants: number
  readonly limit: ((tenant: Tenant<any>) => number | undefined) | undefined
  readonly windowMs: number
  readonly over: 'refuse' | 'event'
}

const dayMs = 86_400_000
const keys = [
  'flushMs',
  'periodMs',
  'keepDays',
  'maxTenants',
  'limit',
  'windowMs',
  'over',
] as const satisfies readonly (keyof UsageConfig)[]

/** @returns undefined where nothing is counted */
export function usageOption(given: unknown): UsageOption | undefined {
  if (given === undefined || given === false) return undefined
  const usage: UsageConfig = given === true ? {} : (given as UsageConfig)
  if (typeof usage !== 'object' || usage === null || Array.isArray(usage))
    throw invalid('usage', given, 'true, false or an object')
  knownKeys('usage.', usage, keys)
  const {
    flushMs = 10_000,
    periodMs = 3_600_000,
    keepDays = 90,
    maxTenants = 10_000,
    limit,
    windowMs = 60_000,
    over = 'refuse',
  } = usage
  if (limit !== undefined && typeof limit !== 'function') {
    throw invalid('usage.limit', limit, 'a function that returns a number for a tenant, or undefined')
  }
  const period = wholeNumber('usage.periodMs', periodMs, 60_000, dayMs)
  if (dayMs % period !== 0) throw invalid('usage.periodMs', period, 'a length that divides a day, such as 3600000')
  return Object.freeze({
    flushMs: wholeNumber('usage.flushMs', flushMs, 100, 600_000),
    periodMs: period,
    keepDays: wholeNumber('usage.keepDays', keepDays, 1),
    maxTenants: wholeNumber('usage.maxTenants', maxTenants, 100),
    limit,
    windowMs: wholeNumber('usage.windowMs', windowMs, 100, dayMs),
    over: oneOf('usage.over', over, ['refuse', 'event']),
  })
}
