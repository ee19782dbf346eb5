/** What a form of a row holds, and what of it is sent. */
import type { Cell, ColumnAnswer, GivenValue, NewRow, TableAnswer } from '../../src/data/api.ts'

export interface Entry {
  readonly column: ColumnAnswer
  /** `kept`: as it is, because it is too long to be edited here. */
  mode: 'value' | 'null' | 'default' | 'kept'
  text: string
  file?: { readonly name: string; readonly base64: string; readonly bytes: number } | undefined
  /** What the row has. Absent: it is a new one. */
  readonly before?: Cell | undefined
}

const mostFileBytes = 4 * 2 ** 20

/** @param cells of the row that is changed */
export function entriesOf(table: TableAnswer, cells?: Readonly<Record<string, Cell>>): Entry[] {
  const right = cells === undefined ? 'mayInsert' : 'mayUpdate'
  return table.columns.flatMap((column): Entry[] => {
    if (!column[right]) return []
    // A field that is left alone sends nothing: an empty text is a value that must be meant.
    if (cells === undefined) return [{ column, mode: 'default', text: '' }]
    const before = Object.hasOwn(cells, column.name) ? cells[column.name]! : null
    if (before === null) return [{ column, mode: 'null', text: '', before }]
    if (typeof before === 'object') return [{ column, mode: 'kept', text: '', before }]
    return [{ column, mode: 'value', text: before, before }]
  })
}

export function modesOf({ column, before }: Entry): Entry['mode'][] {
  return [
    ...(typeof before === 'object' && before !== null ? (['kept'] as const) : []),
    'value',
    ...(column.isNullable ? (['null'] as const) : []),
    ...(before === undefined && (column.default !== undefined || column.isNullable) ? (['default'] as const) : []),
  ]
}

/** The values that differ from what the row has; of a new row those that were given. */
export function changesOf(entries: readonly Entry[]): NewRow['values'] {
  return entries.flatMap((entry): [string, GivenValue][] => {
    const { column, mode, text, file, before } = entry
    if (mode === 'default' || mode === 'kept') return []
    if (mode === 'null') return before === null ? [] : [[column.name, null]]
    if (column.kind === 'bytes') return file === undefined ? [] : [[column.name, { base64: file.base64 }]]
    return text === before ? [] : [[column.name, text]]
  })
}

/** What can be said about an entry before it is sent. */
export function problemsOf(entries: readonly Entry[]): Map<string, string> {
  const problems = new Map<string, string>()
  for (const { column, mode, text, file } of entries) {
    if (mode !== 'value') continue
    if (column.kind === 'json') {
      const problem = jsonProblem(text)
      if (problem !== undefined) problems.set(column.name, problem)
    }
    if (file !== undefined && file.bytes > mostFileBytes)
      problems.set(column.name, `The file is larger than ${mostFileBytes / 2 ** 20} MB.`)
  }
  return problems
}

function jsonProblem(text: string): string | undefined {
  try {
    JSON.parse(text)
    return undefined
  } catch (error) {
    return `This is not JSON: ${(error as Error).message}`
  }
}
