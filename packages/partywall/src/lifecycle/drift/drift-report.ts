/** What `tenancy.drift` reports. */
import type { BlueprintDifference } from '../../blueprint/blueprint-difference.ts'
import type { Repair } from '../../blueprint/repair/repair.ts'

export interface DriftReport {
  /** No tenant has drifted, and of each it is known what it should look like. */
  readonly ok: boolean
  /** In the order of their schemas, or as they were named. */
  readonly tenants: readonly DriftEntry[]
  readonly durationMs: number
}

/** A tenant compared with what its own migrations give. What is pending is no drift. */
export interface DriftEntry {
  /** The schema of the tenant. */
  readonly target: string
  readonly tenantId: string
  readonly kind: string
  /** `unknown`: it could not be compared; `reason` says why. */
  readonly state: 'as expected' | 'drifted' | 'unknown'
  /**
   * What it was compared with. `files`: what these migrations give. `kept`: what they gave earlier, because these files cannot give it. `majority`: what
   * most tenants with the same history look like, because the migrations are not run to find it out. Absent when it was compared with nothing.
   */
  readonly comparedWith?: 'files' | 'kept' | 'majority'
  /** Why it could not be compared, or was not compared with what the files give. */
  readonly reason?: string
  readonly differences: readonly BlueprintDifference[]
  /** What would make the tenant as it should be, in an order in which it can be done. */
  readonly repairs: readonly Repair[]
  /** With `fix`: what was done, and what was tried. `differences` and `repairs` are what is left. */
  readonly fixed?: FixResult
}

export interface FixResult {
  /** The statements that were done. */
  readonly done: readonly string[]
  /** Statements that failed, or were not tried. Without the words of the server, which may hold values of rows. */
  readonly failed: readonly { readonly statement: string; readonly reason: string }[]
}
