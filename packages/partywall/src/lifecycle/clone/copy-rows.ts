/** Copies the rows, in the transaction that makes the clone: part by part, so that it can be told how far it is, and be ended. */
import type { Blueprint } from '../../blueprint/blueprint.ts'
import type { Transaction } from '../../ports/database.ts'
import { exactly } from '../../sql/exact-texts.ts'
import { copyRowsText, type Pages } from './copy-sql.ts'
import { insteadOf, type RowsToCopy } from './rows-to-copy.ts'
import type { SourceTable } from './source-table.ts'

/** 64 MB: a part takes about a second. */
const pagesOfPart = 8192

export interface Copying {
  readonly from: string
  readonly to: string
  readonly source: Blueprint
  /** In front of each statement: the search path of the clone, and what else holds for the copy. */
  readonly settings: readonly string[]
  readonly signal: AbortSignal | undefined
  onStep(step: string): void
  onProgress(table: string, bytes: number, totalBytes: number): void
}

export async function copyRows(transaction: Transaction, rows: RowsToCopy, copying: Copying): Promise<void> {
  const { from, to, source, settings, signal, onStep, onProgress } = copying
  const totalBytes = rows.copied.reduce((sum, { bytes }) => sum + bytes, 0)
  let done = 0
  for (const table of rows.copied) {
    onStep(`copying the rows of ${JSON.stringify(table.name)}`)
    const types = new Map(source.relations.find(({ name }) => name === table.name)!.columns.map(({ name, type }) => [name, type]))
    const parts = partsOf(table)
    for (const [index, pages] of parts.entries()) {
      signal?.throwIfAborted()
      const text = copyRowsText({ from, to, table, types, masked: insteadOf(table, rows) }, pages)
      // An error of the row security says that rows would be hidden.
      await transaction.send(to, [...settings, 'set local row_security = off', ...exactly([text])].join(';\n'), '')
      onProgress(table.name, done + Math.round((table.bytes * (index + 1)) / parts.length), totalBytes)
    }
    done += table.bytes
  }
}

/** The last part has no end: the table may have grown since its size was asked, by rows that the snapshot does not see. */
export function partsOf({ pages }: Pick<SourceTable, 'pages'>): (Pages | undefined)[] {
  if (pages === null || pages <= pagesOfPart) return [undefined]
  const starts = Array.from({ length: Math.ceil(pages / pagesOfPart) }, (_, index) => index * pagesOfPart)
  return starts.map((first, index) => ({ first, end: starts[index + 1] ?? null }))
}
