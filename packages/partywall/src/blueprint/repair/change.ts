import type { BlueprintDifference } from '../blueprint-difference.ts'
import type { Creating } from './creating.ts'
import type { Found } from './objects.ts'
import type { Step } from './step.ts'

export interface Change extends Pick<BlueprintDifference, 'property' | 'expected' | 'actual'> {
  /** The object as it is. */
  readonly is: Found
  readonly creating: Creating
  /** Whether a column of the table is dropped. */
  readonly losesColumn: boolean
}

/** `again`: it is dropped and created again. `view again`: the view that it belongs to. Undefined where PostgreSQL has no statement. */
export type Outcome = readonly Step[] | 'again' | 'view again' | undefined
