/** What the metrics take of a tenancy. */
import type { catalogKey } from '../../catalog-key.ts'
import type { TenancyEvents } from '../../events.ts'
import type { Registry } from 'prom-client'
import type { HealthReport } from '../health/health-report.ts'

/** A tenancy, the result of `createTenancy(config)`. */
export interface MeasuredTenancy {
  readonly options: { readonly pool: { readonly max: number; readonly sharedMax: number } }
  readonly pool: PoolNumbers
  readonly sharedPool: PoolNumbers
  on<E extends keyof TenancyEvents<any>>(event: E, listener: (payload: TenancyEvents<any>[E]) => unknown): () => void
  health(options?: { readonly timeoutMs?: number | undefined }): Promise<HealthReport>
  readonly [catalogKey]: unknown
}

/** The counters of a pool of node-postgres. */
export interface PoolNumbers {
  readonly totalCount: number
  readonly idleCount: number
  readonly waitingCount: number
}

/** The name of a metric with the prefix, and the registry that it is added to. */
export type Named = (name: string) => { name: string; registers: Registry[] }
