/**
 * A new tenant is made in one transaction, in which PostgreSQL refuses the use of a value that the same transaction has added to an enum. So
 * values that later statements use are put where the type is created, in their order, and the statements that add them are left out. It is
 * done only where the text shows all of it; anything else stays as it is, and PostgreSQL decides.
 */
import { literal } from '../../sql/literal.ts'
import type { Migration } from '../../ports/migration-source.ts'
import { Edits } from '../statements/edits.ts'
import { mayUse, stepMayUse } from '../shape/enum-values.ts'
import type { Grammar } from '../statements/grammar.ts'
import { statementsOf, type SqlStep } from '../shape/step-statements.ts'
import { enumEvents, type EnumEvent, type PlaceInStep } from './enum-events.ts'

/** The same migrations, changed where values have to be folded. */
export function foldEnumValues(migrations: readonly Migration[], grammar: Grammar): readonly Migration[] {
  if (!migrations.some(({ up }) => up.kind === 'sql' && addsValue.test(up.text))) return migrations
  const steps = migrations.flatMap(({ up }) => (up.kind === 'sql' ? [up] : []))
  const edits = editsThatFold(steps, grammar, (type) => isUsed(type, migrations))
  return migrations.map((migration) => {
    const { up } = migration
    const changes = up.kind === 'sql' ? edits.get(up) : undefined
    return up.kind === 'code' || changes === undefined
      ? migration
      : { ...migration, up: { ...up, text: changes.apply(up.text).text } }
  })
}

/**
 * The same for texts that code has sent, in their order, when PostgreSQL has refused the use of a value.
 * @returns what is sent instead, for the texts that change. A text that would have to be changed in two ways stays.
 */
export function foldEnumValuesInTexts(texts: readonly string[], grammar: Grammar): ReadonlyMap<string, string> {
  const steps = texts.map((text): SqlStep => ({ kind: 'sql', text, line: 1 }))
  const edits = editsThatFold(steps, grammar, () => true)
  const folded = new Map<string, string>()
  for (const step of steps) {
    const text = edits.get(step)?.apply(step.text).text ?? step.text
    if ((folded.get(step.text) ?? text) !== text) return new Map()
    folded.set(step.text, text)
  }
  return new Map([...folded].filter(([text, instead]) => text !== instead))
}

function editsThatFold(steps: readonly SqlStep[], grammar: Grammar, isWanted: (type: EnumType) => boolean): Map<SqlStep, Edits> {
  const edits = new Map<SqlStep, Edits>()
  const types = new Types()
  for (const step of steps) for (const event of enumEvents(step, grammar)) types.take(event)
  for (const type of types.all) {
    if (type.adds.length === 0 || type.isUnclear || !isWanted(type)) continue
    const labels = type.labels.map(({ first }) => literal(first)).join(', ')
    editsOf(edits, type.list.step).replace(type.list.start, type.list.end, labels)
    for (const { place, inBlock } of type.adds) editsOf(edits, place.step).replace(place.start, place.end, inBlock ? 'null' : '')
  }
  return edits
}

const addsValue = /\badd\s+value\b/i

interface EnumType {
  /** Where its values stand. */
  readonly list: PlaceInStep
  /** In their order; `first` is the name before later renames, and stands in the list. */
  readonly labels: { readonly first: string; current: string }[]
  readonly adds: { readonly place: PlaceInStep; readonly inBlock: boolean; readonly value: string }[]
  /** Something about it cannot be known. */
  isUnclear: boolean
}

/** The types at one point of the history, by their names. */
class Types {
  readonly all: EnumType[] = []
  readonly #byName = new Map<string, EnumType>()

  take(event: EnumEvent): void {
    const known = this.#byName.get(event.name)
    if (event.kind === 'create') {
      // A block that finds the type there does nothing.
      if (known !== undefined) return
      const labels = event.values.map((value) => ({ first: value, current: value }))
      const type = { list: event.list, labels, adds: [], isUnclear: false }
      this.all.push(type)
      this.#byName.set(event.name, type)
      return
    }
    if (known === undefined) return
    if (event.kind === 'drop') this.#byName.delete(event.name)
    if (event.kind === 'rename') {
      this.#byName.delete(event.name)
      this.#byName.set(event.to, known)
    }
    if (event.kind === 'unclear') known.isUnclear = true
    if (event.kind === 'rename value') {
      const label = known.labels.find(({ current }) => current === event.from)
      if (label === undefined) known.isUnclear = true
      else label.current = event.to
    }
    if (event.kind === 'add') addTo(known, event)
  }
}

function addTo(
  type: EnumType,
  { value, neighbor, isBefore, ifNotExists, place, inBlock }: Extract<EnumEvent, { kind: 'add' }>,
): void {
  type.adds.push({ place, inBlock, value })
  if (type.labels.some(({ current }) => current === value)) {
    if (!ifNotExists && !inBlock) type.isUnclear = true
    return
  }
  const at = neighbor === undefined ? type.labels.length - 1 : type.labels.findIndex(({ current }) => current === neighbor)
  // The list has the names from before all renames: there, the name of a value may be taken.
  if ((at === -1 && neighbor !== undefined) || type.labels.some(({ first }) => first === value)) type.isUnclear = true
  else type.labels.splice(isBefore ? at : at + 1, 0, { first: value, current: value })
}

/** Whether a statement behind the first addition may use a value that was added. */
function isUsed({ adds, labels }: EnumType, migrations: readonly Migration[]): boolean {
  const added = new Set(adds.map(({ value }) => value))
  const names = labels.flatMap(({ first, current }) => (added.has(first) ? [first, current] : []))
  const { place } = adds[0]!
  const from = migrations.findIndex(({ up }) => up === place.step)
  return migrations.slice(from).some(({ up }, index) => {
    if (up.kind === 'code') return true
    if (index > 0) return stepMayUse(up, names)
    return statementsOf(up).some(({ start, end }) => start > place.start && mayUse(up.text.slice(start, end), names))
  })
}

function editsOf(edits: Map<SqlStep, Edits>, step: SqlStep): Edits {
  const known = edits.get(step) ?? new Edits()
  edits.set(step, known)
  return known
}
