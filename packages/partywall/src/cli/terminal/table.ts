/** Aligned columns for people. What comes from a database may hold control characters, which a terminal would obey: they are shown instead. */
import { styleText } from 'node:util'

export type Cell = string | number | undefined

/** A header and rows. Columns of numbers lean right; where numbers come as text, say which those are. */
export function table(
  header: readonly string[],
  rows: readonly (readonly Cell[])[],
  isNumber = (column: number): boolean => rows.every((row) => typeof row[column] === 'number'),
): string {
  const cells = rows.map((row) => row.map((cell) => printable(String(cell ?? ''))))
  const names = header.map(printable)
  const widths = names.map((name, column) => Math.max(width(name), ...cells.map((row) => width(row[column] ?? ''))))
  const isNumeric = names.map((_, column) => rows.length > 0 && isNumber(column))
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => pad(cell, widths[column]!, isNumeric[column]!))
      .join('  ')
      .trimEnd()
  return [styleText('bold', line(names), { stream: process.stdout }), ...cells.map(line)].join('\n')
}

/** Names and values, one pair a line. */
export function pairs(entries: readonly (readonly [string, Cell])[]): string {
  const widest = Math.max(...entries.map(([name]) => width(name)))
  return entries
    .map(
      ([name, value]) =>
        `${styleText('bold', pad(name, widest, false), { stream: process.stdout })}  ${printable(String(value ?? ''))}`,
    )
    .join('\n')
}

/** The text with control characters and marks of writing direction made visible. */
export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\u2028-\u202e\u2066-\u2069\u200e\u200f]/gu, (control) => {
    const known = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }[control]
    return known ?? `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
}

function pad(text: string, to: number, isRight: boolean): string {
  const space = ' '.repeat(Math.max(0, to - width(text)))
  return isRight ? space + text : text + space
}

const letters = new Intl.Segmenter()
const wide = /\p{Emoji_Presentation}|\p{sc=Han}|\p{sc=Hiragana}|\p{sc=Katakana}|\p{sc=Hangul}|[\u3000-\u303f\uff01-\uff60]/u

/** Columns on a terminal: a letter with its marks is one, an ideogram or an emoji is two. */
function width(text: string): number {
  // Most text is plain, and looking at it letter by letter is slow.
  if (/^[\x20-\x7e]*$/.test(text)) return text.length
  let columns = 0
  for (const { segment } of letters.segment(text)) columns += wide.test(segment) ? 2 : 1
  return columns
}
