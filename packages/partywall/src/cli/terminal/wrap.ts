/** Long sentences on a terminal: broken between words, and indented as their first line is. */

/** No sentence is read well over more columns than this. */
const mostColumns = 120

/**
 * @param lines each without a line break; what a pipe or a log receives stays one line, because other programs read it
 * @param columns those of the terminal
 */
export function wrapped(
  lines: readonly string[],
  { columns, isTTY }: { readonly columns?: number | undefined; readonly isTTY?: boolean | undefined } = process.stdout,
): string[] {
  if (isTTY !== true || columns === undefined || columns < 40) return [...lines]
  return lines.flatMap((line) => broken(line, Math.min(columns, mostColumns)))
}

function broken(line: string, columns: number): string[] {
  const indent = /^ */.exec(line)![0]
  const result: string[] = []
  let current = indent
  for (const word of line.slice(indent.length).split(' ')) {
    const isFirst = current === indent
    if (!isFirst && current.length + 1 + word.length > columns) {
      result.push(current)
      current = indent + word
    } else current += isFirst ? word : ` ${word}`
  }
  return [...result, current]
}
