/** What `tenancy.health` says: states and numbers only. It names no tenant, no host and no table, so that it may be shown to anyone. */
import type { TenancyErrorCode } from '../../errors.ts'

export interface HealthReport {
  /**
   * - ok: all is well
   * - degraded: requests are served, and a person should look
   * - down: requests would fail or wait, so no more should be sent here
   */
  readonly status: 'ok' | 'degraded' | 'down'
  readonly checks: {
    /** Whether the database answers, and holds the catalog. `reason`: `timeout`, or the code of the refusal. */
    readonly catalog: { readonly state: 'ok' | 'down'; readonly reason?: 'timeout' | 'error' | TenancyErrorCode }
    /** `starved`: every connection is busy, and as many callers wait as there are connections. */
    readonly pool: {
      readonly state: 'ok' | 'starved'
      readonly total: number
      readonly idle: number
      readonly waiting: number
      readonly max: number
    }
    /** `unseen`: changes by other processes are not seen, so lookups are cached for `tenantCacheMs` only. `off`: nothing is cached. */
    readonly changes: { readonly state: 'seen' | 'unseen' | 'off' }
    /** How many schemas have all migrations that this process knows. `unknown`: they could not be counted yet. Absent: not asked for. */
    readonly fleet?: { readonly state: 'at head' | 'behind' | 'unknown' } & Partial<FleetCounts>
  }
}

export interface FleetCounts {
  readonly atHead: number
  /** Have something pending. */
  readonly behind: number
  /** A newer deploy has migrated them. */
  readonly ahead: number
  /** Cannot be migrated as they are. */
  readonly failed: number
}

export interface HealthOptions {
  /** Whether the schemas are counted that lack migrations. Costs one plan of all migrations for each minute. @default true */
  readonly fleet?: boolean | undefined
  /** Most milliseconds that the answer takes. 1 to 60000. @default 2000 */
  readonly timeoutMs?: number | undefined
}
