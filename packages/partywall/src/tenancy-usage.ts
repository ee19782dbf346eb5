/** `tenancy.usage`: what it promises to its users, and the wiring of meter, timer and recorder. */
import { origin } from './catalog/audit/origin.ts'
import type { Catalog } from './catalog/catalog.ts'
import type { UsageOption } from './config/usage-option.ts'
import type { Events } from './events.ts'
import { assertFunction } from './given-function.ts'
import type { Observation } from './observation.ts'
import { Meter } from './observe/meter/meter.ts'
import type { Recorder } from './observe/usage/recorder.ts'
import type { TenantCounters } from './usage-record.ts'
import type { TenantUsage, UsageCollector, UsageCollectOptions, UsageReport, UsageTopOptions } from './observe/usage/usage.ts'

export type { TenantCounters, TenantUsage, UsageCollector, UsageCollectOptions, UsageReport, UsageTopOptions }

export interface UsageApi {
  /**
   * Which tenants use the most: their sums, and which processes ended without their last counts. What this process has counted is stored first. Costs two statements, and
   * one to store.
   * @example const { tenants } = await tenancy.usage.top({ by: 'rows', since: new Date(Date.now() - 3_600_000), limit: 5 })
   * @throws TenancyError INVALID_ARGUMENT
   */
  top(options?: UsageTopOptions): Promise<UsageReport>
  /**
   * Gives the records that were not collected yet to a function, for billing, and marks them when it is done. At least once: after a failure they are given again, under the
   * same ids. Several processes may call it; each record goes to one of them. Returns how many there were. Costs a transaction for each 500, which is open meanwhile.
   * @example const number = await tenancy.usage.collect(async (records) => bill(records))
   * @throws TenancyError INVALID_ARGUMENT; what the function throws
   */
  collect(collector: UsageCollector, options?: UsageCollectOptions): Promise<number>
  /** Stores what this process has counted, before the interval is over. One statement; none where nothing was counted. */
  flush(): Promise<void>
}

export interface UsageParts {
  readonly options: { readonly usage: UsageOption | undefined }
  readonly observation: Observation
  readonly catalog: Catalog
  readonly events: Events<any>
  readonly scope: { runOutside<T>(fn: () => T): T }
}

/** What the front needs beside the API. */
export interface UsageWork {
  flush(isLast?: boolean): Promise<void>
  /** Ends the counting. */
  stop(): void
}

const nothing: UsageWork = { flush: async () => {}, stop() {} }

/** Begins to count where the option says so. What stores is loaded at the first count. */
export function usageWork({ options: { usage: option }, observation, catalog, events, scope }: UsageParts): UsageWork {
  if (option === undefined) return nothing
  let recorder: Promise<Recorder> | undefined
  let timer: NodeJS.Timeout | undefined
  const meter = new Meter({
    options: option,
    onExceeded: (exceeded) => void events.emit('usage.exceeded', exceeded),
    // The timer belongs to no tenant.
    onFirst: () => scope.runOutside(wait),
  })
  const recording = (): Promise<Recorder> =>
    (recorder ??= import(/* webpackMode: "eager" */ './observe/usage/recorder.ts').then(
      ({ Recorder }) =>
        new Recorder({
          meter,
          catalog,
          options: option,
          process: origin,
          onRecorded: (records) => void events.emit('usage.recorded', { records }),
        }),
      (error: unknown) => {
        recorder = undefined
        throw error
      },
    ))
  const tick = async (): Promise<void> => {
    // A failure is tried again at the next time.
    const isMore = await recording().then(
      (loaded) => loaded.tick(),
      () => true,
    )
    if (observation.meter === undefined) return
    // Something may have been counted since.
    if (isMore || meter.isOpen) wait()
    else meter.rested()
  }
  function wait(): void {
    timer = setTimeout(() => void tick(), option!.flushMs).unref()
  }
  observation.meter = meter
  return {
    async flush(isLast = false) {
      if (isLast || meter.isOpen || meter.unstored().length > 0)
        await scope.runOutside(async () => (await recording()).flush(isLast))
    },
    stop() {
      observation.meter = undefined
      clearTimeout(timer)
    },
  }
}

/** Reading is loaded when it is needed. */
export function usageApi({ catalog, usage }: { readonly catalog: Catalog; readonly usage: UsageWork }): UsageApi {
  return Object.freeze({
    async top(options) {
      const { topUsage } = await import(/* webpackMode: "eager" */ './observe/usage/usage.ts')
      await usage.flush()
      return topUsage(catalog, options)
    },
    async collect(collector, options) {
      assertFunction('tenancy.usage.collect', collector)
      const { collectUsage } = await import(/* webpackMode: "eager" */ './observe/usage/usage.ts')
      return collectUsage(catalog, collector, options)
    },
    flush: () => usage.flush(),
  } satisfies UsageApi)
}
