import type { BlueprintDifference } from './blueprint-difference.ts'

/** A difference for people: `The column orders.total: type is "text" and should be "integer".` */
export function sentenceOf({ kind, name, change, property, expected, actual }: Omit<BlueprintDifference, 'sentence'>): string {
  const subject = name === '' ? `The ${kind}` : `The ${kind} ${name}`
  if (change === 'missing') return `${subject} is missing.`
  if (change === 'extra') return `${subject} is not expected.`
  const what = words(property!)
  if (isTexts(expected) && isTexts(actual)) return `${subject}: of ${what}, ${betweenLists(expected, actual)}.`
  if (isLong(expected) || isLong(actual)) return `${subject}: ${what} differs ${firstDifferentLine(expected, actual)}.`
  return `${subject}: ${what} is ${shown(actual)} and should be ${shown(expected)}.`
}

function betweenLists(expected: readonly string[], actual: readonly string[]): string {
  const lacks = expected.filter((entry) => !actual.includes(entry))
  const more = actual.filter((entry) => !expected.includes(entry))
  if (lacks.length === 0 && more.length === 0) return `the order should be ${expected.map(shown).join(', ')}`
  return [
    ...(lacks.length > 0 ? [`${lacks.map(shown).join(', ')} is missing`] : []),
    ...(more.length > 0 ? [`${more.map(shown).join(', ')} is not expected`] : []),
  ].join(' and ')
}

function firstDifferentLine(expected: unknown, actual: unknown): string {
  const [before, after] = [linesOf(expected), linesOf(actual)]
  const index = before.findIndex((line, at) => line !== after[at])
  const line = index === -1 ? before.length : index
  return `from line ${line + 1}: it is ${shown(after[line] ?? null)} and should be ${shown(before[line] ?? null)}`
}

function linesOf(value: unknown): string[] {
  if (value === null) return []
  return (typeof value === 'string' ? value : JSON.stringify(value)).split('\n')
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === 'string')
}

function isLong(value: unknown): boolean {
  return typeof value === 'string' && value.includes('\n')
}

function shown(value: unknown): string {
  if (value === null) return 'absent'
  const text = JSON.stringify(value)
  return text.length > mostCharacters ? `${text.slice(0, mostCharacters)}…` : text
}

/** `rowSecurity` is "row security". */
function words(property: string): string {
  return property.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
}

const mostCharacters = 120
