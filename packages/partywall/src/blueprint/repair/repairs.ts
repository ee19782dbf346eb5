/**
 * Statements that make a schema as it is expected, from what differs. They are path-relative: the search path must be the schema alone, so that no name
 * leads to the shared schema.
 */
import type { BlueprintDifference } from '../blueprint-difference.ts'
import type { Blueprint } from '../blueprint.ts'
import { changeBack } from './changed.ts'
import { dropExtra } from './extra.ts'
import { createMissing } from './missing.ts'
import { keyOf, objectsOf, type Objects } from './objects.ts'
import { changedPrivileges } from './privileges.ts'
import { tiers, type Repair, type Statement } from './repair.ts'

/** In an order in which they can be run. A difference without a statement has a repair whose statement is null. */
export function repairsOf(
  expected: Blueprint,
  actual: Blueprint,
  differences: readonly BlueprintDifference[],
): readonly Repair[] {
  const context = {
    expected: objectsOf(expected),
    actual: objectsOf(actual),
    missing: new Set(keysOf(differences, 'missing')),
    mayBeRenamed: holdersOf(differences),
    hasExtraTable: differences.some(({ kind, change }) => change === 'extra' && kind.endsWith('table')),
  }
  const found = differences.flatMap((difference): readonly Placed[] => {
    const object = keyOf(difference).trimEnd()
    const statements = statementsFor(difference, context)
    if (statements === undefined) return [{ repair: { object, ...unknown }, tier: 'last' }]
    return statements.map(({ tier, ...repair }) => ({ repair: { object, ...repair }, tier }))
  })
  const repairs = found.toSorted((a, b) => tiers.indexOf(a.tier) - tiers.indexOf(b.tier)).map(({ repair }) => repair)
  return repairs.filter(
    ({ statement }, index) => statement === null || repairs.findIndex((one) => one.statement === statement) === index,
  )
}

interface Placed {
  readonly repair: Repair
  readonly tier: Statement['tier']
}

interface Context {
  readonly expected: Objects
  readonly actual: Objects
  readonly missing: ReadonlySet<string>
  /** Tables with a column that is too much: one that is missing may have its rows there, under another name. */
  readonly mayBeRenamed: ReadonlySet<string>
  /** The same for a table that is missing. */
  readonly hasExtraTable: boolean
}

function statementsFor(difference: BlueprintDifference, context: Context): readonly Statement[] | undefined {
  const key = keyOf(difference)
  const [should, is] = [context.expected.get(key), context.actual.get(key)]
  if (difference.change === 'extra') return is && dropExtra(is)
  if (difference.change === 'missing') {
    const made = should && createMissing(should, (kind, name) => context.missing.has(keyOf({ kind, name })))
    const isDoubtful =
      (should?.is === 'column' && context.mayBeRenamed.has(should.relation.name)) ||
      (should?.is === 'relation' && context.hasExtraTable)
    return isDoubtful ? made?.map((statement) => ({ ...statement, isAdditive: false })) : made
  }
  if (difference.property === 'privileges') return changedPrivileges(should, difference)
  return should && changeBack(should, difference)
}

function keysOf(differences: readonly BlueprintDifference[], change: BlueprintDifference['change']): readonly string[] {
  return differences.filter((difference) => difference.change === change).map(keyOf)
}

function holdersOf(differences: readonly BlueprintDifference[]): ReadonlySet<string> {
  const extra = differences.filter(({ kind, change }) => kind === 'column' && change === 'extra')
  return new Set(extra.map(({ name, actual }) => name.slice(0, -(actual as { name: string }).name.length - 1)))
}

const unknown: Omit<Repair, 'object'> = { statement: null, hazards: [], isAdditive: false, runsAlone: false }
