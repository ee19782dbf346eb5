import { identifier } from '../../names/identifier.ts'
import { literal } from '../../sql/literal.ts'
import { keyOf } from '../render/sql-names.ts'
import type { Change, Outcome } from './change.ts'
import type { Found } from './objects.ts'
import { additive, decided } from './repair.ts'
import { step } from './step.ts'

export function changedType({ type }: Extract<Found, { is: 'type' }>, { property, expected, actual, creating }: Change): Outcome {
  const name = identifier(type.name)
  const keys = [keyOf('type', type.name)]
  if (property === 'labels') return changedLabels(type.name, expected as string[], actual as string[])
  // Attributes get the last place.
  if (property === 'attributes') return undefined
  if (type.kind !== 'domain') return 'again'
  if (property === 'default') {
    const words = expected === null ? 'drop default' : `set default ${String(expected)}`
    return step('type', { keys }, decided(`alter domain ${name} ${words}`))
  }
  if (property !== 'notNull') return 'again'
  // Since PostgreSQL 17 it is a constraint with a name, which is told as such.
  if (creating.rendering.serverMajor >= 17) return []
  return step('type', { keys }, decided(`alter domain ${name} ${expected === true ? 'set' : 'drop'} not null`, 'scans the table'))
}

/** Labels can be added at their places, and renamed. None can be dropped or moved. */
function changedLabels(type: string, expected: readonly string[], actual: readonly string[]): Outcome {
  const alter = `alter type ${identifier(type)}`
  const keys = [keyOf('type', type)]
  const renamed = expected.flatMap((label, index) => (label === actual[index] ? [] : [{ label, was: actual[index]! }]))
  const isRenamed =
    expected.length === actual.length && renamed.every(({ label, was }) => !actual.includes(label) && !expected.includes(was))
  if (isRenamed) {
    const statements = renamed.map(({ label, was }) => decided(`${alter} rename value ${literal(was)} to ${literal(label)}`))
    return step('type', { keys }, ...statements)
  }
  const kept = expected.filter((label) => actual.includes(label))
  if (JSON.stringify(kept) !== JSON.stringify(actual)) return 'again'
  const statements = expected.flatMap((label, index) => {
    if (actual.includes(label)) return []
    const before = expected[index - 1]
    const first = expected.find((one) => actual.includes(one))
    const place = before !== undefined ? ` after ${literal(before)}` : first === undefined ? '' : ` before ${literal(first)}`
    return [additive(`${alter} add value ${literal(label)}${place}`)]
  })
  return step('type', { keys }, ...statements)
}

export function changedAttribute(
  { type, name, of, collation }: Extract<Found, { is: 'attribute' }>,
  { property }: Change,
): Outcome {
  if (property !== 'type' && property !== 'collation') return undefined
  const collate = collation === null ? '' : ` collate ${collation}`
  const alter = `alter type ${identifier(type.name)} alter attribute ${identifier(name)} type ${of}${collate} cascade`
  return step('type', { keys: [keyOf('type', type.name)] }, decided(alter, 'rewrites the table'))
}
