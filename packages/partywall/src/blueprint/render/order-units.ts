/** Puts units into an order in which each comes after what it needs, and finds the circles for which there is none. */
import type { Need } from '../creation.ts'
import { isAfterRows, tiers, type Unit } from './rendered-schema.ts'

/** What decides about the place of a unit. */
type Orderable = Pick<Unit, 'keys' | 'tier' | 'needs' | 'isForRows'>

export interface Ordered<U extends Orderable = Unit> {
  readonly structure: readonly U[]
  readonly afterRows: readonly U[]
  /** Units that need each other, with the keys of each. None when the order is complete. */
  readonly circle: readonly U[]
  /** Units without which rows could not be copied, and which need something that comes after the rows; with what is between. */
  readonly late: readonly U[]
}

export function orderUnits<U extends Orderable>(units: readonly U[], needs: readonly Need[]): Ordered<U> {
  // Several units may make one object: they change it, part by part.
  const byKey = new Map<string, U[]>()
  for (const unit of units) for (const key of unit.keys) byKey.set(key, [...(byKey.get(key) ?? []), unit])
  const needed = new Map(units.map((unit) => [unit, new Set<U>()]))
  const add = (unit: U, key: string) => {
    for (const other of byKey.get(key) ?? []) if (other !== unit) needed.get(unit)!.add(other)
  }
  for (const { object, needs: key } of needs) for (const unit of byKey.get(object) ?? []) add(unit, key)
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
function afterClosure<U extends Orderable>(units: readonly U[], needed: ReadonlyMap<U, ReadonlySet<U>>): Set<U> {
  const after = new Set(units.filter(({ tier }) => isAfterRows(tier)))
  for (let size = -1; size !== after.size;) {
    size = after.size
    for (const unit of units) if ([...needed.get(unit)!].some((other) => after.has(other))) after.add(unit)
  }
  return after
}

/** The late units and what makes them late, except what belongs after the rows anyway. */
function lateChain<U extends Orderable>(late: readonly U[], after: ReadonlySet<U>, needed: ReadonlyMap<U, ReadonlySet<U>>): U[] {
  const chain = new Set(late)
  for (const unit of chain) {
    for (const other of needed.get(unit)!) if (after.has(other) && !isAfterRows(other.tier)) chain.add(other)
  }
  return [...chain]
}

function sorted<U extends Orderable>(
  units: readonly U[],
  needed: ReadonlyMap<U, ReadonlySet<U>>,
): { readonly order: U[]; readonly rest: U[] } {
  const here = new Set(units)
  const waiting = new Map(units.map((unit) => [unit, [...needed.get(unit)!].filter((other) => here.has(other)).length]))
  const dependents = new Map<U, U[]>()
  for (const unit of units) {
    for (const other of needed.get(unit)!) {
      const known = dependents.get(other)
      if (known === undefined) dependents.set(other, [unit])
      else known.push(unit)
    }
  }
  const ready: U[][] = tiers.map(() => [])
  const push = (unit: U) => ready[tiers.indexOf(unit.tier)]!.push(unit)
  for (const [unit, count] of waiting) if (count === 0) push(unit)
  const order: U[] = []
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
