/** What work on boundaries returns. */
import type { Boundary } from '../../config/config.ts'
import type { FleetEntry, FleetReport } from '../../types.ts'
import type { MissingGuard } from './guards.ts'
import type { Lack } from './walls.ts'

export interface BoundaryEntry extends FleetEntry {
  /** What the configuration gives the tenant. */
  readonly boundary: Boundary
  /** What it lacked. With `dryRun` it lacks it still. */
  readonly lacked: readonly Lack[]
  /** Objects that another role owns and that the deploy role may not take, with that role. Absent when there are none. */
  readonly notOwned?: readonly string[]
  /** Other databases of the server that use the role of the tenant, so that it was not dropped. Absent when there are none. */
  readonly usedBy?: readonly string[]
}

export interface BoundaryReport extends FleetReport<BoundaryEntry> {
  /** Tenants that were in order already, which have no entry. */
  readonly unchanged: number
  /** Parts of the wall that the deploy role could not make. */
  readonly missingGuards: readonly MissingGuard[]
}

/** `ready`: as configured. `unfinished`: as configured, with rights left that `finish` takes. `lacking`: it needs an upgrade, or a downgrade. */
export type WallState = 'ready' | 'unfinished' | 'lacking'

export interface ForeignGrant {
  readonly schema: string
  readonly object: string
  /** A role, or `public` for everyone. */
  readonly grantee: string
  readonly privileges: string
  /** SQL that revokes it. */
  readonly fix: string
}

export interface BoundaryStatus {
  /** How many tenants of each boundary are in each state. */
  readonly counts: Readonly<Partial<Record<Boundary, Readonly<Record<WallState, number>>>>>
  /** The first 100 tenants that are not ready. */
  readonly notReady: readonly {
    readonly schema: string
    readonly boundary: Boundary
    readonly state: WallState
    readonly lacks: readonly Lack[]
  }[]
  /** The first 100 rights that partywall has not given. */
  readonly foreignGrants: readonly ForeignGrant[]
  readonly missingGuards: readonly MissingGuard[]
}
