import type { Migration } from '../../ports/migration-source.ts'
import type { SchemaState } from '../history/schema-state.ts'
import type { Direction } from './changes.ts'
import type { FleetTarget } from './targets.ts'

/** What a run wants. */
export interface Goal {
  readonly direction: Direction
  /** Forwards: the last migration to apply, all when it is absent. Back: the last one to keep, none when it is absent. */
  readonly to?: string | undefined
  /** Read the histories themselves, and refuse where the digest says something else. */
  readonly verify?: boolean | undefined
  /** What is pending is written down as applied, and not run. */
  readonly fake?: boolean | undefined
}

/** How one schema stands, and what is to be done there. */
export interface Planned {
  readonly target: FleetTarget
  readonly head: string | undefined
  readonly state: SchemaState
  readonly direction: Direction
  /** In the order in which they are done. */
  readonly pending: readonly Migration[]
  /** The history is to be written down, or its digest mended, also when nothing is pending. */
  readonly isUnwritten: boolean
  /** Why nothing may be done. */
  readonly problem?: unknown
}
