/** Aligned columns for people. A cell may come from a database, so what a terminal would obey is shown instead. */
import { styleText } from 'node:util'
import { printable } from './printable.ts'

export type Cell = string | number | undefined

/**
 * A header and rows. Columns of numbers are aligned to the right.
 * @param isNumber which columns hold numbers, for rows that hold them as text
 */
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

/** Rows without a header, aligned to the left. */
export function aligned(rows: readonly (readonly string[])[]): string[] {
  const cells = rows.map((row) => row.map(printable))
  const widths = (cells[0] ?? []).map((_, column) => Math.max(...cells.map((row) => width(row[column] ?? ''))))
  return cells.map((row) =>
    row
      .map((cell, column) => pad(cell, widths[column]!, false))
      .join('  ')
      .trimEnd(),
  )
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

function pad(text: string, to: number, isRight: boolean): string {
  const space = ' '.repeat(Math.max(0, to - width(text)))
  return isRight ? space + text : text + space
}

const letters = new Intl.Segmenter()
const wide = /\p{Emoji_Presentation}|\p{sc=Han}|\p{sc=Hiragana}|\p{sc=Katakana}|\p{sc=Hangul}|[\u3000-\u303f\uff01-\uff60]/u

/** The columns that a text takes on a terminal: a letter with its marks takes one, an ideogram or an emoji takes two. */
function width(text: string): number {
  // Most text is ASCII, and segmenting it letter by letter is slow.
  if (/^[\x20-\x7e]*$/.test(text)) return text.length
  let columns = 0
  for (const { segment } of letters.segment(text)) columns += wide.test(segment) ? 2 : 1
  return columns
}
