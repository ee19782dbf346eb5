import type { Tenant } from '../../types.ts'
import type { AppliedMigration } from './digest.ts'
import type { Unfinished } from './unfinished.ts'

export interface MigrationTarget {
  readonly schema: string
  /** Absent for the shared schema. */
  readonly tenant?: Tenant<any> | undefined
}

/** The state of a schema when it was planned. Work that finds another state is refused. */
export interface SchemaState {
  readonly hasHistory: boolean
  readonly digest: string | null
  readonly applied: readonly AppliedMigration[]
  /** To be recorded as applied before everything else, without being run: a baseline that was imported, or what a person declared. */
  readonly toRecord?: readonly AppliedMigration[]
  /** A migration outside of transactions that stopped in the middle. */
  readonly unfinished?: Unfinished
}

export const nothingApplied: SchemaState = Object.freeze({ hasHistory: false, digest: null, applied: [] })

/** What counts as applied when the work starts: what was applied, and what is only recorded. */
export function recordedIn({ applied, toRecord = [] }: SchemaState): readonly AppliedMigration[] {
  return toRecord.length === 0 ? applied : [...applied, ...toRecord]
}
