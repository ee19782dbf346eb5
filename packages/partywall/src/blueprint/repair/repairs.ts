/**
 * Statements that make a schema as it is expected, from what differs: first what must go, then what is created and changed, in the order in which the
 * renderer would create the whole schema, at last what nothing needs any more. They are path-relative: the search path must be the schema alone, so
 * that no name leads to the shared schema.
 */
import type { BlueprintDifference } from '../blueprint-difference.ts'
import type { Blueprint } from '../blueprint.ts'
import { withArrayCasts } from '../render/array-casts.ts'
import { refreshOrder } from '../render/refresh-order.ts'
import { orderUnits } from '../render/order-units.ts'
import { viewsOfThemselves } from '../render/render-blueprint.ts'
import { withShells } from '../render/types.ts'
import { tiers } from '../render/rendered-schema.ts'
import { keyOf } from '../render/sql-names.ts'
import { dropOf, dropRank, withWhatNeedsIt } from './drop.ts'
import { needKeysOf, type Found } from './objects.ts'
import { Plan, type PlannedStep } from './plan.ts'
import type { Repair } from './repair.ts'

/**
 * In an order in which they can be run. A difference that no statement can repair has a repair whose statement is null. Rights of the owner and of the
 * tenant are neither given nor taken, so neither blueprint should have them.
 * @param schema the name of the schema. Only statements about the schema itself, and settings of functions, have it
 */
export function repairsOf(
  expected: Blueprint,
  actual: Blueprint,
  differences: readonly BlueprintDifference[],
  schema: string,
): readonly Repair[] {
  const { plan, steps } = planned(expected, actual, differences, schema)
  return [
    ...plan.freeing.map(({ object, statement }): Repair => ({ object, ...statement })),
    ...dropsOf(plan, [...plan.foreignKeys, ...plan.removals.gone], actual),
    ...steps.flatMap(({ object, statements }) =>
      statements.map((one): Repair => ({ object, ...one, statement: withArrayCasts(one.statement) })),
    ),
    ...dropsOf(plan, plan.late, actual),
    ...[...new Set(plan.byHand)].map((object): Repair => ({ object, ...byHand })),
  ]
}

/** Objects that need each other are made in two steps, where that helps. */
function planned(
  expected: Blueprint,
  actual: Blueprint,
  differences: readonly BlueprintDifference[],
  schema: string,
): { readonly plan: Plan; readonly steps: readonly PlannedStep[] } {
  const split = new Set(viewsOfThemselves(expected))
  const views = new Set(
    expected.relations
      .filter(({ kind }) => kind === 'view')
      .flatMap(({ name }) => [keyOf('relation', name), keyOf('query', name)]),
  )
  for (;;) {
    const plan = new Plan(expected, actual, differences, { schema, split })
    const { structure, afterRows, circle } = orderUnits(withoutRepetition(plan.steps), [
      ...withShells(expected),
      ...refreshOrder(expected),
    ])
    const open = circle.flatMap(({ keys }) => keys).filter((key) => !split.has(key))
    // A view is another one after its first step, so it is made in one where that is possible.
    const others = open.filter((key) => !views.has(key))
    for (const key of others.length > 0 ? others : open) split.add(key)
    if (open.length > 0) continue
    const rest = circle.toSorted((a, b) => tiers.indexOf(a.tier) - tiers.indexOf(b.tier))
    return { plan, steps: [...structure, ...afterRows, ...rest] }
  }
}

/** What hangs on tables, then what needs other objects before these. */
function dropsOf(plan: Plan, founds: readonly Found[], { creation }: Blueprint): readonly Repair[] {
  const units = founds.map((found) => ({
    found,
    // A column is dropped when nothing reads its table any more.
    keys: found.is === 'column' ? [keyOf('relation', found.relation.name)] : needKeysOf(found),
    tier: 'table' as const,
  }))
  const { structure, circle } = orderUnits(units, creation.needs)
  const order = [...structure, ...circle].map(({ found }) => found).toReversed()
  const inCircle = new Set(circle.map(({ found }) => found))
  return order
    .toSorted((a, b) => dropRank(a) - dropRank(b))
    .flatMap((found) => {
      const drops = dropOf(found, plan.isFreed(found))
      return (inCircle.has(found) ? drops.map(withWhatNeedsIt) : drops).map((one): Repair => ({
        object: plan.nameOf(found),
        ...one,
      }))
    })
}

/** The same statements may repair several differences. */
function withoutRepetition(steps: readonly PlannedStep[]): readonly PlannedStep[] {
  const seen = new Set<string>()
  return steps.filter(({ statements }) => {
    const key = statements.map(({ statement }) => statement).join(';\n')
    if (seen.has(key)) return false
    seen.add(key)
    return true
  })
}

const byHand: Omit<Repair, 'object'> = { statement: null, hazards: [], isAdditive: false, runsAlone: false }
