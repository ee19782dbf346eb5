/**
 * What scrapes show of the database. It is read at most once in an interval, whatever the number of scrapes, and never by two of them at the same time. A database
 * that does not answer is no error of a scrape: there is no reading then, and it is not asked again before the interval is over.
 */
import type { FleetCounts } from '../health/health-report.ts'
import type { Queryable } from '../../sql/statement.ts'
import { fleetSql, type FleetRow } from './fleet-sql.ts'

export interface Reading {
  readonly tenants: readonly (readonly [kind: string, status: string, number: number])[]
  readonly schemas: number
  readonly bytes: { readonly partywall: number; readonly postgres: number }
  /** Undefined where they could not be counted. */
  readonly fleet: FleetCounts | undefined
}

export interface ReadingParts {
  readonly catalog: Queryable
  readonly countFleet: () => Promise<FleetCounts | undefined>
  readonly everyMs: number
  readonly timeoutMs: number
}

export class Readings {
  readonly #parts: ReadingParts
  #reading: Promise<Reading | undefined> | undefined
  #last: Reading | undefined
  #until = -Infinity

  constructor(parts: ReadingParts) {
    this.#parts = parts
  }

  /** Undefined where the database did not answer in time. Never rejects. */
  async get(): Promise<Reading | undefined> {
    if (performance.now() < this.#until) return this.#last
    this.#reading ??= this.#read()
    return within(this.#reading, this.#parts.timeoutMs)
  }

  async #read(): Promise<Reading | undefined> {
    const { catalog, countFleet, everyMs, timeoutMs } = this.#parts
    try {
      const { rows } = await catalog.query<FleetRow>(fleetSql(timeoutMs))
      const fleet = await countFleet()
      this.#last = readingOf(rows[0]!, fleet)
    } catch {
      this.#last = undefined
    } finally {
      this.#until = performance.now() + everyMs
      this.#reading = undefined
    }
    return this.#last
  }
}

function readingOf({ tenants, schemas, partywall_bytes, postgres_bytes }: FleetRow, fleet: FleetCounts | undefined): Reading {
  return {
    tenants: tenants === null ? [] : (JSON.parse(tenants) as Reading['tenants']),
    schemas: Number(schemas),
    bytes: { partywall: Number(partywall_bytes), postgres: Number(postgres_bytes) },
    fleet,
  }
}

function within<T>(promise: Promise<T>, milliseconds: number): Promise<T | undefined> {
  const { promise: late, resolve } = Promise.withResolvers<undefined>()
  const timer = setTimeout(() => resolve(undefined), milliseconds)
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}
