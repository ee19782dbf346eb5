/**
 * Whether this process can serve. It is asked often, and most of all while the database is in trouble: so at most one question is on its way, its answer is kept for a
 * short time, and the server that does not answer costs one connection, which is closed when the time is over.
 */
import { tenancyErrorOf } from '../../errors.ts'
import { assertKnownKeys } from '../../known-keys.ts'
import type { TimedStatement } from '../../sql/statement.ts'
import { assertWholeNumber } from '../../whole-number.ts'
import type { FleetCounts, HealthOptions, HealthReport } from './health-report.ts'

export interface HealthParts {
  /** Asks the catalog, without installing it. */
  readonly ask: (timeoutMs: number) => Promise<unknown>
  readonly pool: () => { readonly total: number; readonly idle: number; readonly waiting: number; readonly max: number }
  readonly changes: () => 'seen' | 'unseen' | 'off'
  readonly countFleet: () => Promise<FleetCounts>
}

type CatalogCheck = HealthReport['checks']['catalog']
type FleetCheck = NonNullable<HealthReport['checks']['fleet']>

/** How long an answer counts. */
const catalogMs = 1000
const fleetMs = 60_000

export class Health {
  readonly #parts: HealthParts
  readonly #catalog: Kept<CatalogCheck>
  readonly #fleet: Kept<FleetCheck>

  constructor(parts: HealthParts) {
    this.#parts = parts
    this.#catalog = new Kept(catalogMs, (timeoutMs) => lookAtCatalog(parts, timeoutMs))
    this.#fleet = new Kept(fleetMs, () => lookAtFleet(parts))
  }

  /** tenancy.health */
  async report(options: HealthOptions = {}): Promise<HealthReport> {
    assertKnownKeys('health', options, ['fleet', 'timeoutMs'])
    const { fleet: isFleetAsked = true, timeoutMs = 2000 } = options
    assertWholeNumber('INVALID_ARGUMENT', '"timeoutMs" of health', 'timeoutMs', timeoutMs, { least: 1, most: 60_000 })
    const deadline = performance.now() + timeoutMs
    const catalog = await within(this.#catalog.get(timeoutMs), timeoutMs, { state: 'down', reason: 'timeout' } as const)
    // A server that does not answer one question gets no second one.
    const left = Math.max(1, deadline - performance.now())
    const fleet = !isFleetAsked
      ? undefined
      : catalog.state === 'down'
        ? unknownFleet
        : await within(this.#fleet.get(timeoutMs), left, this.#fleet.last ?? unknownFleet)
    const pool = poolCheck(this.#parts.pool())
    const changes = { state: this.#parts.changes() }
    const isDown = catalog.state === 'down' || pool.state === 'starved'
    const isWell = changes.state !== 'unseen' && (fleet === undefined || fleet.state === 'at head')
    return Object.freeze({
      status: isDown ? 'down' : isWell ? 'ok' : 'degraded',
      checks: Object.freeze({ catalog, pool, changes, ...(fleet && { fleet }) }),
    })
  }
}

const unknownFleet: FleetCheck = Object.freeze({ state: 'unknown' })

/** An answer that is kept for some time. At most one question is on its way. */
class Kept<T> {
  readonly #forMs: number
  readonly #ask: (timeoutMs: number) => Promise<T>
  #asking: Promise<T> | undefined
  #until = 0
  last: T | undefined

  constructor(forMs: number, ask: (timeoutMs: number) => Promise<T>) {
    this.#forMs = forMs
    this.#ask = ask
  }

  get(timeoutMs: number): Promise<T> {
    if (this.last !== undefined && performance.now() < this.#until) return Promise.resolve(this.last)
    this.#asking ??= this.#fly(timeoutMs)
    return this.#asking
  }

  async #fly(timeoutMs: number): Promise<T> {
    try {
      this.last = await this.#ask(timeoutMs)
      this.#until = performance.now() + this.#forMs
      return this.last
    } finally {
      this.#asking = undefined
    }
  }
}

async function lookAtCatalog({ ask }: HealthParts, timeoutMs: number): Promise<CatalogCheck> {
  try {
    await ask(timeoutMs)
    return { state: 'ok' }
  } catch (error) {
    const isLate = error instanceof Error && error.message === 'Query read timeout'
    return { state: 'down', reason: isLate ? 'timeout' : (tenancyErrorOf(error)?.code ?? 'error') }
  }
}

async function lookAtFleet({ countFleet }: HealthParts): Promise<FleetCheck> {
  try {
    const counts = await countFleet()
    return { state: counts.behind + counts.failed > 0 ? 'behind' : 'at head', ...counts }
  } catch {
    return unknownFleet
  }
}

function poolCheck(seen: ReturnType<HealthParts['pool']>): HealthReport['checks']['pool'] {
  const isStarved = seen.idle === 0 && seen.total >= seen.max && seen.waiting >= seen.max
  return { state: isStarved ? 'starved' : 'ok', ...seen }
}

/** What `promise` resolves to, or `late` when it takes longer. */
function within<T>(promise: Promise<T>, milliseconds: number, late: T): Promise<T> {
  const { promise: time, resolve } = Promise.withResolvers<T>()
  const timer = setTimeout(() => resolve(late), milliseconds)
  return Promise.race([promise, time]).finally(() => clearTimeout(timer))
}

/** One row, also where the catalog holds no tenant. Fails where there is none. */
export function pingSql(timeoutMs: number): TimedStatement {
  return { text: 'select from partywall.migrations limit 1', timeoutMs }
}
