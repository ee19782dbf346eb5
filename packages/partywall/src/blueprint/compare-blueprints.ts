/** Compares two structures object by object. Objects are the same when their kinds and names are; a renamed one is missing and extra. */
import type { BlueprintDifference } from './blueprint-difference.ts'
import type { Blueprint } from './blueprint.ts'
import { sentenceOf } from './difference-sentence.ts'

/** An object of a blueprint, as the comparison sees it. */
type Item = Readonly<Record<string, unknown>> & { readonly name: string; readonly kind?: string }

/** The lists of objects, and what their objects are called. Each other property is a value, and compared as a whole. */
const lists: Readonly<Record<string, string>> = {
  defaultPrivileges: 'default privileges',
  extensions: 'extension',
  types: 'type',
  attributes: 'attribute',
  sequences: 'sequence',
  relations: 'table',
  columns: 'column',
  constraints: 'constraint',
  indexes: 'index',
  triggers: 'trigger',
  rules: 'rule',
  policies: 'policy',
  routines: 'function',
  statistics: 'statistics',
  collations: 'collation',
  dictionaries: 'text search dictionary',
  configurations: 'text search configuration',
  unmodeled: 'object',
}

/** The lists in which the order means something. It is compared, but a new object in the middle is one difference, not many. */
const ordered = new Set(['columns', 'attributes'])

/** Properties that follow from another one, of the same object or of the table: when that one differs, they are not reported again. */
const consequences: Readonly<Record<string, readonly string[]>> = {
  definition: ['validated', 'deferrable', 'deferred', 'options'],
  parents: ['local', 'inherited'],
}

/**
 * What in `actual` is not as in `expected`, in an order that depends on nothing else; none when the structures are equal.
 * Of objects of an unmodeled kind it is only compared whether they are there.
 */
export function compareBlueprints(expected: Blueprint, actual: Blueprint): readonly BlueprintDifference[] {
  const [
    { creation: _before, historyColumns: columnsBefore, ...before },
    { creation: _after, historyColumns: columnsAfter, ...after },
  ] = [expected, actual]
  // A schema that no migrations of partywall have made may have the same structure.
  const hasBoth = columnsBefore !== null && columnsAfter !== null
  const item = (rest: typeof before, historyColumns: unknown): Item => ({ name: '', ...rest, ...(hasBoth && { historyColumns }) })
  return propertiesOf('schema', '', item(before, columnsBefore), item(after, columnsAfter))
}

function propertiesOf(kind: string, name: string, expected: Item, actual: Item): BlueprintDifference[] {
  const keys = [...new Set([...Object.keys(expected), ...Object.keys(actual)])]
  const valueOf = (item: Item, property: string) => item[property] ?? null
  const told = new Set(
    keys
      .filter((key) => Object.hasOwn(consequences, key) && !isSame(valueOf(expected, key), valueOf(actual, key)))
      .flatMap((key) => consequences[key]!),
  )
  const differences = keys.flatMap((property) => {
    const [before, after] = [valueOf(expected, property), valueOf(actual, property)]
    if (isList(property, before) && isList(property, after)) return differencesIn(kind, name, property, before, after)
    return isSame(before, after) ? [] : [difference(kind, name, 'changed', property, before, after)]
  })
  return differences.filter(({ property }) => property === null || !told.has(property))
}

function differencesIn(
  holderKind: string,
  holder: string,
  list: string,
  expected: readonly Item[],
  actual: readonly Item[],
): BlueprintDifference[] {
  const [before, after] = [keyed(list, expected), keyed(list, actual)]
  const nameOf = (item: Item) => (holder === '' ? item.name : `${holder}.${item.name}`)
  const kindOf = (item: Item) => item.kind ?? lists[list]!
  const common = [...before.keys()].filter((key) => after.has(key))
  const differences = [...new Set([...before.keys(), ...after.keys()])].toSorted().flatMap((key) => {
    const [old, current] = [before.get(key), after.get(key)]
    if (current === undefined) return [difference(kindOf(old!), nameOf(old!), 'missing', null, old, null)]
    if (old === undefined) return [difference(kindOf(current), nameOf(current), 'extra', null, null, current)]
    return propertiesOf(kindOf(old), nameOf(old), old, current)
  })
  const order = [...after.keys()].filter((key) => before.has(key))
  if (!ordered.has(list) || isSame(common, order)) return differences
  return [...differences, difference(holderKind, holder, 'changed', list, common, order)]
}

/** Objects of unmodeled kinds may have the same name in different kinds; all others have one name space for each list. */
function keyed(list: string, items: readonly Item[]): Map<string, Item> {
  return new Map(items.map((item) => [list === 'unmodeled' ? `${item.name}\0${item.kind}` : item.name, item]))
}

/** A property of this name may also be a value: the statistics target of a column. */
function isList(property: string, value: unknown): value is readonly Item[] {
  return Object.hasOwn(lists, property) && Array.isArray(value) && value.every((item) => typeof item === 'object')
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}

function difference(
  kind: string,
  name: string,
  change: BlueprintDifference['change'],
  property: string | null,
  expected: unknown,
  actual: unknown,
): BlueprintDifference {
  const facts = { kind, name, change, property, expected, actual }
  return { ...facts, sentence: sentenceOf(facts) }
}
