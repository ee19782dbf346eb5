/** What the API of migrations and drift answers. Types only: the client imports them. */

/** Schemas that have the same last migration. */
export interface HeadAnswer {
  readonly scope: 'shared' | 'tenants' | 'template'
  readonly kind?: string
  /** Null: no migration was applied. */
  readonly head: string | null
  readonly applied: number
  readonly pending: number
  /** A newer deploy has migrated them. */
  readonly isAhead: boolean
  readonly count: number
  /** Some of them, by schema. */
  readonly examples: readonly string[]
}

interface ProblemOfSchema {
  readonly target: string
  readonly isTenant: boolean
  readonly code?: string
  readonly message: string
}

interface WarmAnswer {
  readonly kind: string
  readonly size: number
  readonly ready: number
  readonly others: number
}

export interface OverviewAnswer {
  readonly heads: readonly HeadAnswer[]
  readonly counts: { readonly atHead: number; readonly behind: number; readonly ahead: number; readonly failed: number }
  readonly problems: readonly ProblemOfSchema[]
  /** Problems that are left off. */
  readonly problemsLeft: number
  readonly kinds: readonly string[]
  readonly warm: readonly WarmAnswer[]
  /** The last run of any process. */
  readonly last?: RunAnswer
}

interface PlanGroup {
  readonly source: string
  readonly direction: 'up' | 'down'
  readonly files: readonly { readonly name: string; readonly file: string; readonly sql?: string; readonly isCut?: true }[]
  readonly count: number
  readonly examples: readonly string[]
  readonly hasShared: boolean
}

export interface PlanAnswer {
  readonly groups: readonly PlanGroup[]
  /** Groups that are left off. */
  readonly left: number
}

export interface RunError {
  readonly code?: string
  readonly message: string
  readonly file?: string
  readonly line?: number
  readonly statement?: string
  readonly sqlState?: string
}

export interface RunEntry {
  readonly target: string
  readonly tenantId?: string
  readonly state: 'pending' | 'running' | 'done' | 'failed' | 'skipped'
  readonly applied: readonly string[]
  readonly error?: RunError
  readonly note?: string
  readonly durationMs?: number
}

export interface RunCounts {
  readonly waiting: number
  readonly running: number
  readonly done: number
  readonly failed: number
  readonly skipped: number
}

export interface RunAnswer {
  readonly id: string
  /** `interrupted`: its process is gone, or gave it up. */
  readonly state: 'running' | 'done' | 'failed' | 'interrupted'
  /** `here`: in the process that answers, which sees each schema at once and can stop it. */
  readonly where: 'here' | 'elsewhere'
  readonly work: 'run' | 'down' | 'redo' | 'reset' | 'fake'
  readonly to?: string
  readonly by?: { readonly actor: string; readonly origin: string }
  readonly startedAt: string
  readonly endedAt?: string
  /** When the last result was recorded. */
  readonly activeAt?: string
  readonly mayResume: boolean
  readonly isStopping?: true
  readonly counts: RunCounts
}

/** A run with some of its schemas: all that a page shows, in a bounded size. */
export interface RunDetail extends RunAnswer {
  readonly running: readonly RunEntry[]
  readonly failures: readonly RunEntry[]
  readonly recent: readonly RunEntry[]
  /** Why the run itself ended before its end. */
  readonly error?: RunError
}

export interface StartRun {
  readonly tenants?: readonly string[]
  readonly kinds?: readonly string[]
  readonly shared?: true
  readonly to?: string
  readonly canary?: number
  readonly concurrency?: number
  readonly onFailure?: 'continue' | 'stop'
  readonly maxFailures?: number
  readonly lockTimeoutMs?: number
  readonly statementTimeoutMs?: number
  readonly resume?: true
  /** Although another process works on a run. */
  readonly anyway?: true
}

/** Without an id: every schema was up to date. */
export interface StartedRun {
  readonly id?: string
}

/** The body of a 409. */
export interface RunConflict {
  readonly code: 'MIGRATIONS_RUNNING'
  readonly detail: string
  readonly run: RunAnswer
}

interface RepairAnswer {
  readonly object: string
  /** Null: PostgreSQL has no statement that does it. */
  readonly statement: string | null
  readonly hazards: readonly string[]
  readonly isAdditive: boolean
  readonly runsAlone: boolean
}

export interface DriftEntryAnswer {
  readonly schema: string
  readonly tenantId: string
  readonly kind: string
  readonly state: 'as expected' | 'drifted' | 'unknown'
  readonly comparedWith?: 'files' | 'kept' | 'majority'
  readonly reason?: string
  readonly differences: readonly string[]
  readonly repairs: readonly RepairAnswer[]
  readonly differencesLeft?: number
  /** What names this plan. A fix is done only when the plan is still the same. */
  readonly plan?: string
  readonly mayFix: boolean
}

export interface DriftAnswer {
  readonly state: 'none' | 'running' | 'done' | 'failed'
  readonly by?: string
  readonly startedAt?: string
  readonly endedAt?: string
  readonly counts?: { readonly asExpected: number; readonly drifted: number; readonly unknown: number }
  /** Those that are not as expected. */
  readonly tenants?: readonly DriftEntryAnswer[]
  readonly left?: number
  readonly error?: string
}

export interface FixAnswer {
  readonly done: readonly string[]
  readonly failed: readonly { readonly statement: string; readonly reason: string }[]
  readonly entry: DriftEntryAnswer
}
