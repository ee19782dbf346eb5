/** The names and SQL files of node-pg-migrate, read as it reads them. Pure. */
import type { SqlMigration } from './tool-sql.ts'

export function nameWithoutEnding(file: string): string {
  return file.replace(/\.[^.]+$/, '')
}

/** By the leading number, then by the rest, in which numbers sort as numbers. */
export function compareNames(a: string, b: string): number {
  return (
    prefixOf(a) - prefixOf(b) ||
    a.localeCompare(b, 'en', { usage: 'sort', numeric: true, sensitivity: 'variant', ignorePunctuation: true })
  )
}

/** The leading number of a name, NaN without one. A number of 17 digits is a time; the others are milliseconds, or plain numbers. */
export function prefixOf(name: string): number {
  const digits = /^\d+/.exec(name)?.[0]
  if (digits === undefined) return Number.NaN
  if (digits.length !== 17) return Number(digits)
  const [, ...parts] = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d{3})$/.exec(digits)!
  const [year, month, day, hour, minute, second, milli] = parts.map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  return Date.UTC(year, month - 1, day, hour, minute, second, milli)
}

/** The up and down migrations of one file, in any order of their headings. Without headings, the whole file is the up migration. */
export function parseUpAndDown(file: string, text: string): Pick<SqlMigration, 'up' | 'down'> {
  const [up, down] = [headingOf(text, 'up'), headingOf(text, 'down')]
  const part = (from: number, to: number): SqlMigration['up'] => ({
    file,
    text: text.slice(from, to > from ? to : undefined),
    line: text.slice(0, from).split('\n').length,
  })
  return { up: up === -1 ? { file, text } : part(up, down), ...(down !== -1 && { down: part(down, up) }) }
}

function headingOf(text: string, direction: 'up' | 'down'): number {
  return text.search(new RegExp(`^\\s*--[\\s-]*${direction}\\s+migration`, 'im'))
}
