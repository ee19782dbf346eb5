/** Statements that belong together, with what decides about their place: they are put into an order as the units of a whole schema are. */
import type { Unit } from '../render/rendered-schema.ts'
import type { Statement } from './repair.ts'

export interface Step extends Pick<Unit, 'keys' | 'tier' | 'needs'> {
  readonly statements: readonly Statement[]
}

interface Place {
  /** The objects that are as expected afterwards. */
  readonly keys?: readonly string[]
  readonly needs?: readonly string[]
}

/** None without statements. */
export function step(tier: Step['tier'], { keys = [], needs = [] }: Place, ...statements: readonly Statement[]): readonly Step[] {
  return statements.length === 0 ? [] : [{ tier, keys, needs, statements }]
}

/** Also what was additive needs a decision then. */
export function withDecision(steps: readonly Step[]): readonly Step[] {
  return steps.map((one) => ({ ...one, statements: one.statements.map((statement) => ({ ...statement, isAdditive: false })) }))
}
