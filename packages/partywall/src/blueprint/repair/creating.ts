import type { Blueprint } from '../blueprint.ts'
import type { Rendering } from '../render/rendered-schema.ts'

export interface Creating {
  readonly expected: Blueprint
  readonly rendering: Rendering
  /** Whether another object is made, too. */
  isMissing(kind: string, name: string): boolean
}
