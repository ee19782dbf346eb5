/** Masks as expressions of SQL: what is copied in place of a value. A mask of a table holds for its partitions and children, too. */
import { identifier } from '../../names/identifier.ts'
import { nearest } from '../../nearest.ts'
import { literal } from '../../sql/literal.ts'
import { loadGrammar, type Tree } from '../../migrations/statements/grammar.ts'
import { invalid, type CloneInput, type ColumnMask, type NamedMask } from './clone-input.ts'
import { withChildren, type SourceColumn, type SourceTable } from './source-table.ts'

export interface Masks {
  /** Names of tables of which no row is copied, because the call says so. */
  readonly emptied: ReadonlySet<string>
  /** Names of tables whose rows are copied in any case. */
  readonly kept: ReadonlySet<string>
  /** By table and column: the expression. */
  readonly columns: ReadonlyMap<string, ReadonlyMap<string, string>>
}

/**
 * @param salt differs for each clone, so that values cannot be found by hashing guesses
 * @throws TenancyError INVALID_ARGUMENT
 */
export async function masksFor(
  mask: NonNullable<CloneInput['mask']>,
  tables: readonly SourceTable[],
  salt: string,
): Promise<Masks> {
  const columns = new Map<string, Map<string, string>>()
  const [emptied, kept] = [new Set<string>(), new Set<string>()]
  for (const [key, value] of Object.entries(mask)) {
    const table = tables.find(({ name }) => name === key)
    if (columnsNamed(key, tables).length + (table === undefined ? 0 : 1) > 1)
      throw invalid(
        `mask[${JSON.stringify(key)}]`,
        'can be read in two ways, because names of tables or columns have a dot. Rename one of them.',
      )
    if (table !== undefined) {
      if (value !== 'empty' && value !== 'keep')
        throw invalid(`mask[${JSON.stringify(key)}]`, 'is for a whole table, so it must be "empty" or "keep".')
      for (const name of withChildren([table.name], tables)) (value === 'empty' ? emptied : kept).add(name)
      continue
    }
    if (value === 'keep') throw invalid(`mask[${JSON.stringify(key)}]`, 'must name a table, because "keep" is for a whole table.')
    const found = columnOf(key, tables)
    await assertExpression(key, value)
    for (const name of withChildren([found.table], tables)) {
      const column = tables.find((one) => one.name === name)!.columns.find((one) => one.name === found.column)
      if (column === undefined) continue
      const ofTable = columns.get(name) ?? new Map<string, string>()
      ofTable.set(column.name, expressionOf(key, value, column, salt))
      columns.set(name, ofTable)
    }
  }
  return { emptied, kept, columns }
}

interface NamedColumn {
  readonly table: string
  readonly column: string
}

function allColumns(tables: readonly SourceTable[]): NamedColumn[] {
  return tables.flatMap((table) => table.columns.map((column) => ({ table: table.name, column: column.name })))
}

/** The name of a table may have a dot, and so may that of a column. */
function columnsNamed(key: string, tables: readonly SourceTable[]): NamedColumn[] {
  return allColumns(tables).filter(({ table, column }) => `${table}.${column}` === key)
}

function columnOf(key: string, tables: readonly SourceTable[]): NamedColumn {
  const [found] = columnsNamed(key, tables)
  if (found !== undefined) return found
  const names = [...tables.map(({ name }) => name), ...allColumns(tables).map(({ table, column }) => `${table}.${column}`)]
  const suggestion = nearest(key.slice(0, 200), names)
  throw invalid(
    `mask[${JSON.stringify(key.slice(0, 200))}]`,
    'names no column and no table of the tenant; write "table.column".' +
      (suggestion === undefined ? '' : ` Did you mean ${JSON.stringify(suggestion)}?`),
  )
}

/** One expression, and nothing behind it that would change the statement. */
async function assertExpression(key: string, mask: ColumnMask): Promise<void> {
  if (typeof mask === 'string') return
  const { parse } = await loadGrammar()
  // Alone, `1, 2` is two; in brackets, it is a row. And `name from users` is something only without them.
  if ([`select ${mask.sql}\n`, `select (${mask.sql}\n)`].every((text) => isOneExpression(parse(text)))) return
  throw invalid(`mask[${JSON.stringify(key)}]`, 'must be one expression of SQL, as it stands in the list of a SELECT.')
}

function isOneExpression(tree: Tree | undefined): boolean {
  const select = (tree as { SelectStmt?: Record<string, unknown> } | undefined)?.SelectStmt
  const { targetList, limitOption: _limit, op: _op, ...others } = select ?? {}
  return Array.isArray(targetList) && targetList.length === 1 && Object.keys(others).length === 0
}

function expressionOf(key: string, mask: ColumnMask, column: SourceColumn, salt: string): string {
  const refuse = (problem: string) => invalid(`mask[${JSON.stringify(key)}]`, problem)
  if (column.isGenerated) throw refuse('names a generated column, whose value follows from others: mask these.')
  if (typeof mask !== 'string') return `(${mask.sql}\n)`
  const masked = named[mask](`source.${identifier(column.name)}`, column, salt)
  if (masked !== undefined) return masked
  throw refuse(`cannot be "${mask}": the column ${reasons[mask]}. Use another mask, or an expression: { sql: "…" }.`)
}

const texts = new Set(['text', 'varchar', 'bpchar', 'citext'])

/** Undefined where the type does not permit it. A value that is null stays null. */
const named: Readonly<Record<NamedMask, (value: string, column: SourceColumn, salt: string) => string | undefined>> = {
  null: (_value, { isNullable }) => (isNullable ? 'null' : undefined),
  empty: (_value, { base }) =>
    texts.has(base) || base === 'bytea' || base === 'hstore'
      ? `''`
      : base.startsWith('_') || base === 'json' || base === 'jsonb'
        ? `'{}'`
        : undefined,
  hash: (value, { base, length }, salt) => {
    const hash = hashOf(value, salt)
    if (base === 'uuid') return unlessNull(value, `pg_catalog.md5(${hash})::pg_catalog.uuid`)
    if (base === 'bytea') return unlessNull(value, `pg_catalog.decode(${hash}, 'hex')`)
    if (!texts.has(base)) return undefined
    return unlessNull(value, length === null || length >= hexLength ? hash : `pg_catalog.left(${hash}, ${length})`)
  },
  email: (value, { base, length }, salt) => {
    const most = Math.min(32, (length ?? 255) - domain.length)
    if (!texts.has(base) || most < 12) return undefined
    return unlessNull(value, `pg_catalog.concat(pg_catalog.left(${hashOf(value, salt)}, ${most}), '${domain}')`)
  },
}

const reasons: Readonly<Record<NamedMask, string>> = {
  null: 'must have a value',
  empty: 'is no text, list or document',
  hash: 'is neither text nor uuid nor bytea',
  email: 'is no text, or too short for an address',
}

/** This domain cannot exist, so no mail is ever sent (RFC 2606). */
const domain = '@masked.invalid'
const hexLength = 64

function hashOf(value: string, salt: string): string {
  return `pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(pg_catalog.concat(${literal(salt)}, ${value}::pg_catalog.text), 'UTF8')), 'hex')`
}

function unlessNull(value: string, expression: string): string {
  return `case when ${value} is not null then ${expression} end`
}
