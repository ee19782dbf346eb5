/**
 * What this process does, in intervals of five seconds for half an hour: for the plots of the console. It listens to the channels of the tenancy, and adds numbers. There is
 * no timer, and its memory is bounded: an interval is a few numbers, and only the current one knows its tenants.
 */
import { subscribe } from 'node:diagnostics_channel'
import type { ObservedTenancy, PoolWaited, StatementEnded } from 'partywall'
import type { AnyTenancy } from '../parts.ts'
import type { MetricSample, MetricsAnswer } from './api.ts'

export const everyMs = 5000
export const samplesKept = 360
const mostTenants = 100_000

interface Interval {
  readonly number: number
  statements: number
  failed: number
  refused: number
  busyMs: number
  waits: number
  waitMs: number
  longestWaitMs: number
  tenants: number
  busiest: number
}

const all = new WeakMap<AnyTenancy, Metrics>()

export class Metrics {
  readonly #since: number
  readonly #now: () => number
  readonly #busy: () => number
  readonly #ring: Interval[] = []
  readonly #active = new Set<string>()

  /** @param busy how many connections are in use */
  constructor(busy: () => number, now: () => number = () => Date.now()) {
    this.#busy = busy
    this.#now = now
    this.#since = now()
  }

  /** Counts from the first call on: one for each tenancy, whatever the number of consoles. */
  static of(tenancy: AnyTenancy): Metrics {
    const known = all.get(tenancy)
    if (known !== undefined) return known
    const { pool } = tenancy
    const metrics = new Metrics(() => pool.totalCount - pool.idleCount)
    // The channels belong to the process: messages of other tenancies are left alone.
    const { options } = tenancy
    hear<StatementEnded>(options, 'statement.ended', (message) => metrics.statement(message))
    hear<ObservedTenancy>(options, 'statement.refused', () => metrics.refusal())
    hear<PoolWaited>(options, 'pool.waited', (message) => metrics.wait(message))
    all.set(tenancy, metrics)
    return metrics
  }

  statement({ tenant, durationMs, error }: Pick<StatementEnded, 'tenant' | 'durationMs' | 'error'>): void {
    const interval = this.#current()
    interval.statements += 1
    interval.busyMs += durationMs
    if (error !== undefined) interval.failed += 1
    const busy = this.#busy()
    if (busy > interval.busiest) interval.busiest = busy
    if (tenant === undefined || this.#active.has(tenant.id) || this.#active.size >= mostTenants) return
    this.#active.add(tenant.id)
    interval.tenants += 1
  }

  refusal(): void {
    this.#current().refused += 1
  }

  wait({ durationMs }: Pick<PoolWaited, 'durationMs'>): void {
    const interval = this.#current()
    interval.waits += 1
    interval.waitMs += durationMs
    if (durationMs > interval.longestWaitMs) interval.longestWaitMs = durationMs
  }

  /** The intervals that are over, and those without anything in between. */
  get answer(): MetricsAnswer {
    const last = this.#numberOf(this.#now()) - 1
    const first = Math.max(this.#numberOf(this.#since), last - samplesKept + 1)
    const found = new Map(this.#ring.map((interval) => [interval.number, interval]))
    const samples = Array.from({ length: Math.max(0, last - first + 1) }, (_, at) => sampleOf(first + at, found.get(first + at)))
    return { everyMs, since: new Date(this.#since).toISOString(), samples }
  }

  #current(): Interval {
    const number = this.#numberOf(this.#now())
    const last = this.#ring.at(-1)
    if (last?.number === number) return last
    const interval = empty(number)
    this.#active.clear()
    this.#ring.push(interval)
    // The current one, too.
    if (this.#ring.length > samplesKept + 1) this.#ring.shift()
    return interval
  }

  #numberOf(time: number): number {
    return Math.floor(time / everyMs)
  }
}

function empty(number: number): Interval {
  return {
    number,
    statements: 0,
    failed: 0,
    refused: 0,
    busyMs: 0,
    waits: 0,
    waitMs: 0,
    longestWaitMs: 0,
    tenants: 0,
    busiest: 0,
  }
}

function sampleOf(number: number, interval = empty(number)): MetricSample {
  const { statements, failed, refused, busyMs, waits, waitMs, longestWaitMs, tenants, busiest } = interval
  return {
    at: new Date(number * everyMs).toISOString(),
    statements,
    failed,
    refused,
    meanMs: statements === 0 ? 0 : busyMs / statements,
    waitMs: waits === 0 ? 0 : waitMs / waits,
    longestWaitMs,
    tenants,
    busiest,
  }
}

function hear<M extends ObservedTenancy>(options: object, channel: string, listener: (message: M) => void): void {
  subscribe(`partywall:${channel}`, (message) => {
    if ((message as ObservedTenancy).tenancy === options) listener(message as M)
  })
}
