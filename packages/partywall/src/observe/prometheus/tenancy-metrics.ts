/** The metrics of a tenancy, in a registry of prom-client. */
import type { Registry } from 'prom-client'
import { catalogKey } from '../../catalog-key.ts'
import { TenancyError } from '../../errors.ts'
import { assertKnownKeys } from '../../known-keys.ts'
import { notATenancy } from '../../not-a-tenancy.ts'
import { seen } from '../../seen.ts'
import { warnIfUntested } from '../../tested-versions.ts'
import { assertWholeNumber } from '../../whole-number.ts'
import { count } from './counted.ts'
import type { MeasuredTenancy } from './measured-tenancy.ts'
import { show } from './shown.ts'

export interface TenancyMetricsOptions {
  /** The registry that the metrics are added to. */
  readonly register: Registry
  /** In front of each name. Another one for the second tenancy of a registry. @default 'partywall_' */
  readonly prefix?: string | undefined
  /** Tenants with metrics of their own, by schema or id. At most 100: each has its own time series. @default none */
  readonly tenants?: readonly string[] | undefined
  /** The database is asked at most once in so many milliseconds, whatever the number of scrapes. 1000 or more. @default 15_000 */
  readonly everyMs?: number | undefined
  /** How long a scrape waits for the database. 1 to 60000. @default 2000 */
  readonly timeoutMs?: number | undefined
}

const mostTenants = 100

/**
 * Adds the metrics of a tenancy to a registry of prom-client. Their number does not grow with the number of tenants. A scrape never fails because of the database: what
 * is read there is absent then, and `partywall_up` is 0. Returns a function that ends the counting and removes the metrics.
 * @example const stop = tenancyMetrics(tenancy, { register })
 * @throws TenancyError INVALID_OPTION
 */
export function tenancyMetrics(tenancy: MeasuredTenancy, options: TenancyMetricsOptions): () => void {
  assertKnownKeys('tenancyMetrics', options, ['register', 'prefix', 'tenants', 'everyMs', 'timeoutMs'], 'INVALID_OPTION')
  const { register, prefix = 'partywall_', tenants = [], everyMs = 15_000, timeoutMs = 2000 } = options
  assertTenancy(tenancy)
  warnIfUntested('prom-client')
  if (typeof (register as Partial<Registry> | undefined)?.registerMetric !== 'function')
    throw wrong('register', register, 'a Registry of prom-client')
  if (typeof prefix !== 'string' || !/^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(prefix))
    throw wrong('prefix', prefix, 'letters, digits and _')
  if (!isListOfNames(tenants)) throw wrong('tenants', tenants, `a list of at most ${mostTenants} schemas or ids`)
  assertWholeNumber('INVALID_OPTION', '"everyMs" of tenancyMetrics', 'everyMs', everyMs, { least: 1000 })
  assertWholeNumber('INVALID_OPTION', '"timeoutMs" of tenancyMetrics', 'timeoutMs', timeoutMs, { least: 1, most: 60_000 })
  if (register.getSingleMetric(`${prefix}up`) !== undefined) {
    throw new TenancyError(
      'INVALID_OPTION',
      `The registry has the metrics of a tenancy with the prefix ${JSON.stringify(prefix)} already. Give "prefix" for another one.`,
      {
        details: { what: 'tenancyMetrics', option: 'prefix' },
      },
    )
  }
  const names: string[] = []
  const named = (name: string): { name: string; registers: Registry[] } => {
    names.push(prefix + name)
    return { name: prefix + name, registers: [register] }
  }
  const stops = count(tenancy, new Set(tenants), named)
  show(tenancy, { everyMs, timeoutMs }, named)
  return () => {
    for (const stop of stops.splice(0)) stop()
    for (const name of names.splice(0)) register.removeSingleMetric(name)
  }
}

function isListOfNames(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length <= mostTenants && value.every((one) => typeof one === 'string' && one !== '')
}

function assertTenancy(tenancy: MeasuredTenancy): void {
  if ((tenancy as Partial<MeasuredTenancy> | undefined)?.[catalogKey] !== undefined) return
  throw notATenancy('tenancyMetrics', tenancy)
}

function wrong(option: string, value: unknown, allowed: string): TenancyError {
  return new TenancyError('INVALID_OPTION', `"${option}" of tenancyMetrics must be ${allowed}; it is ${seen(value)}.`, {
    details: { option, what: 'tenancyMetrics' },
  })
}
