/** Puts units into an order in which each comes after what it needs, and finds the circles for which there is none. */
import type { Need } from '../creation.ts'
import { isAfterRows, tiers, type Unit } from './rendered-schema.ts'

export interface Ordered {
  readonly structure: readonly Unit[]
  readonly afterRows: readonly Unit[]
  /** Units that need each other, with the keys of each. None when the order is complete. */
  readonly circle: readonly Unit[]
  /** Units without which rows could not be copied, and which need something that comes after the rows; with what is between. */
  readonly late: readonly Unit[]
}

export function orderUnits(units: readonly Unit[], needs: readonly Need[]): Ordered {
  const byKey = new Map(units.flatMap((unit) => unit.keys.map((key) => [key, unit] as const)))
  const needed = new Map(units.map((unit) => [unit, new Set<Unit>()]))
  const add = (unit: Unit | undefined, key: string) => {
    const other = byKey.get(key)
    if (unit !== undefined && other !== undefined && other !== unit) needed.get(unit)!.add(other)
  }
  for (const { object, needs: key } of needs) add(byKey.get(object), key)
  for (const unit of units) for (const key of unit.needs ?? []) add(unit, key)

  const after = afterClosure(units, needed)
  const first = sorted(
    units.filter((unit) => !after.has(unit)),
    needed,
  )
  const second = sorted(
    units.filter((unit) => after.has(unit)),
    needed,
  )
  const late = units.filter((unit) => unit.isForRows === true && after.has(unit))
  return {
    structure: first.order,
    afterRows: second.order,
    circle: [...first.rest, ...second.rest],
    late: late.length === 0 ? [] : lateChain(late, after, needed),
  }
}

/** What comes after the rows, and all that needs it. */
function afterClosure(units: readonly Unit[], needed: ReadonlyMap<Unit, ReadonlySet<Unit>>): Set<Unit> {
  const after = new Set(units.filter(({ tier }) => isAfterRows(tier)))
  for (let size = -1; size !== after.size;) {
    size = after.size
    for (const unit of units) if ([...needed.get(unit)!].some((other) => after.has(other))) after.add(unit)
  }
  return after
}

/** The late units and what makes them late, except what belongs after the rows anyway. */
function lateChain(late: readonly Unit[], after: ReadonlySet<Unit>, needed: ReadonlyMap<Unit, ReadonlySet<Unit>>): Unit[] {
  const chain = new Set(late)
  for (const unit of chain) {
    for (const other of needed.get(unit)!) if (after.has(other) && !isAfterRows(other.tier)) chain.add(other)
  }
  return [...chain]
}

function sorted(
  units: readonly Unit[],
  needed: ReadonlyMap<Unit, ReadonlySet<Unit>>,
): { readonly order: Unit[]; readonly rest: Unit[] } {
  const here = new Set(units)
  const waiting = new Map(units.map((unit) => [unit, [...needed.get(unit)!].filter((other) => here.has(other)).length]))
  const dependents = new Map<Unit, Unit[]>()
  for (const unit of units) {
    for (const other of needed.get(unit)!) {
      const known = dependents.get(other)
      if (known === undefined) dependents.set(other, [unit])
      else known.push(unit)
    }
  }
  const ready: Unit[][] = tiers.map(() => [])
  const push = (unit: Unit) => ready[tiers.indexOf(unit.tier)]!.push(unit)
  for (const [unit, count] of waiting) if (count === 0) push(unit)
  const order: Unit[] = []
  for (let queue = ready.find((list) => list.length > 0); queue !== undefined; queue = ready.find((list) => list.length > 0)) {
    const unit = queue.shift()!
    order.push(unit)
    for (const dependent of dependents.get(unit) ?? []) {
      const left = (waiting.get(dependent) ?? 0) - 1
      waiting.set(dependent, left)
      if (left === 0) push(dependent)
    }
  }
  return { order, rest: units.filter((unit) => waiting.get(unit)! > 0) }
}
