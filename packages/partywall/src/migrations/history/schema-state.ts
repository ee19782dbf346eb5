import type { Tenant } from '../../types.ts'
import type { AppliedMigration } from './digest.ts'
import type { Unfinished } from './unfinished.ts'

export interface MigrationTarget {
  readonly schema: string
  /** Absent for the shared schema. */
  readonly tenant?: Tenant<any> | undefined
}

/** How a schema stands when the work begins; the work is refused when it stands otherwise by then. */
export interface SchemaState {
  readonly hasHistory: boolean
  readonly digest: string | null
  readonly applied: readonly AppliedMigration[]
  /** Taken over from another tool, or declared by a person: to be written down before the rest, without being run. */
  readonly toAdopt?: readonly AppliedMigration[]
  /** A migration outside of transactions that stopped in the middle. */
  readonly unfinished?: Unfinished
}

export const nothingApplied: SchemaState = Object.freeze({ hasHistory: false, digest: null, applied: [] })
