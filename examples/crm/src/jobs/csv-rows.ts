/** The rows of a file of CSV, one after another, whatever a spreadsheet program has made of it: commas or semicolons, a byte order mark, quotes with line breaks in them. */
import { pipeline, Transform, type Readable } from 'node:stream'
import { parse } from 'csv-parse'
import { importColumns, mostImportRows } from '../api/schemas/imports.ts'

/** The file as a whole cannot be read. The message is for the user. */
export class UnreadableFile extends Error {}

export interface CsvRow {
  /** The last line of the row, from 1, the line of the header. */
  readonly line: number
  readonly fields: Readonly<Record<string, string>>
}

/** @throws UnreadableFile */
export async function* csvRows(file: Readable): AsyncGenerator<CsvRow, void, undefined> {
  let columns: readonly (string | undefined)[] | undefined
  let count = 0
  for await (const { record, info } of recordsOf(file)) {
    if (columns === undefined) {
      columns = columnsOf(record)
      continue
    }
    count += 1
    if (count > mostImportRows) throw new UnreadableFile(`A file may have ${mostImportRows} rows.`)
    const given = columns.map((column, index) => [column, record[index]] as const)
    yield {
      line: info.lines,
      fields: Object.fromEntries(given.filter(([column, text]) => column !== undefined && text !== undefined)),
    }
  }
  if (columns === undefined) throw new UnreadableFile('The file is empty.')
}

interface Parsed {
  readonly record: readonly string[]
  readonly info: { readonly lines: number }
}

async function* recordsOf(file: Readable): AsyncGenerator<Parsed, void, undefined> {
  const csv = parse({
    bom: true,
    delimiter: [',', ';', '\t'],
    info: true,
    relax_column_count: true,
    skip_empty_lines: true,
    trim: true,
    max_record_size: 100_000,
  })
  pipeline(file, utf8(), csv, () => {})
  try {
    for await (const parsed of csv) yield parsed as Parsed
  } catch (error) {
    const { code = '' } = error as { code?: string }
    if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') throw new UnreadableFile('The file is not UTF-8. Save it as CSV UTF-8.')
    const isCsv = code.startsWith('CSV_') || code === 'INVALID_OPENING_QUOTE'
    if (isCsv)
      throw new UnreadableFile(
        code === 'CSV_MAX_RECORD_SIZE' ? 'A row is too long.' : 'The file is no CSV: a quote is not where it may be.',
      )
    throw error
  } finally {
    file.destroy()
  }
}

/** Bytes that are no UTF-8 would be stored as question marks. */
function utf8(): Transform {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      try {
        done(null, decoder.decode(chunk, { stream: true }))
      } catch (error) {
        done(error as Error)
      }
    },
    flush(done) {
      try {
        done(null, decoder.decode())
      } catch (error) {
        done(error as Error)
      }
    },
  })
}

/** Columns that are not known are left out. */
function columnsOf(header: readonly string[]): (string | undefined)[] {
  const columns = header.map((text) => importColumns.find((column) => column === text.trim().toLowerCase()))
  if (!columns.includes('name')) throw new UnreadableFile('The first line must name the columns, and one of them must be "name".')
  const twice = columns.find((column, index) => column !== undefined && columns.indexOf(column) !== index)
  if (twice !== undefined) throw new UnreadableFile(`Two columns have the name "${twice}".`)
  return columns
}
