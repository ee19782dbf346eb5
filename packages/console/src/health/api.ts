/** What the API of health answers. Types only: the client imports them. */
import type { DoctorReport, HealthReport } from 'partywall'

export interface PoolUse {
  readonly pool: 'tenants' | 'shared'
  readonly total: number
  readonly idle: number
  readonly waiting: number
  readonly max: number
}

export interface HealthAnswer {
  readonly report: HealthReport
  readonly pools: readonly PoolUse[]
  readonly process: { readonly node: string; readonly uptimeMs: number; readonly memoryBytes: number; readonly origin: string }
}

export interface DoctorAnswer {
  readonly state: 'none' | 'running' | 'done' | 'failed'
  readonly by?: string
  readonly startedAt?: string
  readonly endedAt?: string
  readonly report?: DoctorReport
  readonly error?: string
}

/** What was counted in one interval by the process that answers. */
export interface MetricSample {
  /** When the interval began. */
  readonly at: string
  readonly statements: number
  readonly failed: number
  readonly refused: number
  /** The mean time of a statement. */
  readonly meanMs: number
  /** The mean, and the longest time that callers waited for a connection. */
  readonly waitMs: number
  readonly longestWaitMs: number
  readonly tenants: number
  readonly busiest: number
}

export interface MetricsAnswer {
  readonly everyMs: number
  /** Since when it is counted. */
  readonly since: string
  readonly samples: readonly MetricSample[]
}
