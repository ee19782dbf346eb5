/**
 * Guards: `if not exists (select from pg_type where typname = 'mood') then create type …`. PostgreSQL's catalogs show the objects of all
 * tenants, so for the second tenant such a query finds what the first one has, and the migration leaves something out without an error. A query
 * that is not limited to one schema is limited to the tenant's; one that is limited to `public` looks in the wrong place.
 */
import type { SqlStatement } from '../../sql/lexer.ts'
import { isSchemaName } from './catalog-tables.ts'
import { fieldsOf, listOf, partsOf, walk, type Fields, type Tree } from '../statements/grammar.ts'
import { edit, literalAt, placeNear, tokenAt } from './passages.ts'
import { textConstant } from '../statements/constants.ts'
import { columnName, queryScopes, type CatalogItem } from './query-scopes.ts'
import type { Passage, ReviewContext } from './review-context.ts'
import * as say from './refusals.ts'

export function reviewGuards(tree: Tree, passage: Passage, statement: SqlStatement, context: ReviewContext): void {
  if (!statement.tokens.some((token) => /^(?:pg_\w+|information_schema|\w*regnamespace)$/.test(token))) return
  const guards = new Guards(tree, passage, statement, context)
  guards.limit()
  guards.moveFromPublic()
}

/** What runs later runs with the path of its caller; it is left as it is. */
function isLater(kind: string, at: Fields): boolean {
  return (
    /^(?:CreateFunctionStmt|ViewStmt|RuleStmt)$/.test(kind) ||
    (kind === 'CreateTableAsStmt' && at['objtype'] === 'OBJECT_MATVIEW')
  )
}

class Guards {
  readonly #tree: Tree
  readonly #passage: Passage
  readonly #statement: SqlStatement
  readonly #context: ReviewContext

  constructor(tree: Tree, passage: Passage, statement: SqlStatement, context: ReviewContext) {
    this.#tree = tree
    this.#passage = passage
    this.#statement = statement
    this.#context = context
  }

  limit(): void {
    for (const { items, spread } of queryScopes(this.#tree, isLater)) {
      const catalogs = items.filter(({ table }) => table.isGlobal === undefined).toSorted((a, b) => a.table.rank - b.table.rank)
      for (const item of catalogs) {
        if (item.isLimited) continue
        this.#limit(item)
        item.isLimited = true
        spread()
      }
    }
  }

  /** The table becomes a query of the part that belongs to the tenant, so no other part of the statement has to change. */
  #limit({ table, alias, range }: CatalogItem): void {
    const { tokens, spans } = this.#statement
    const first = tokenAt(this.#passage.text, this.#statement, range['location'])
    const last = range['schemaname'] === undefined ? first : first + 2
    const [start, end] = [spans[first]?.[0], spans[last]?.[1]]
    const { condition } = table
    // Neither ONLY nor TABLE takes a query.
    const isPlain = first !== -1 && range['inh'] === true && tokens[first - 1] !== 'table' && !this.#usesTableItself(alias)
    const isPlaced = start !== undefined && end !== undefined && this.#passage.offset !== undefined
    if (condition === undefined || !isPlain || !isPlaced) {
      return this.#refuse(start ?? this.#statement.start, say.guard(table.name, condition?.(`${alias}.`)))
    }
    const query = `(select * from ${table.name} where ${condition('')})`
    edit(this.#passage, [start, end], range['alias'] === undefined ? `${query} as ${alias}` : query, this.#context)
  }

  /** A query in the place of a table has no schema, and no columns of the system. */
  #usesTableItself(alias: string): boolean {
    let isUsed = false
    walk(this.#tree, (kind, at) => {
      if (kind !== 'ColumnRef') return
      const parts = partsOf(at['fields'])
      const [of, column] = [parts.at(-2), parts.at(-1)]
      const isWithSchema = parts.length > 2 && of === alias
      const isOfSystem = /^(?:tableoid|ctid|xmin|xmax|cmin|cmax)$/.test(column ?? '') && (of === undefined || of === alias)
      isUsed ||= isWithSchema || isOfSystem
    })
    return isUsed
  }

  /** `table_schema = 'public'` becomes `table_schema = current_schema()`. */
  moveFromPublic(): void {
    const { place } = this.#context
    if (place.public === 'keep' || (place.isShared && (place.sharedSchema === 'public' || place.public === 'refuse'))) return
    walk(this.#tree, (kind, at) => {
      if (isLater(kind, at)) return false
      if (kind === 'A_Expr') this.#comparison(at['lexpr'], at['rexpr'])
      if (kind === 'TypeCast' && partsOf(fields(at['typeName'])['names']).at(-1) === 'regnamespace') {
        this.#public(at['arg'], 'regnamespace', '::regnamespace')
      }
      if (kind === 'FuncCall' && partsOf(at['funcname']).at(-1) === 'to_regnamespace') {
        this.#public(listOf(at['args'])[0], 'to_regnamespace', '')
      }
      return undefined
    })
  }

  #comparison(left: unknown, right: unknown): void {
    const [leftRow, rightRow] = [left, right].map((side) => fieldsOf(side, 'RowExpr')?.['args'])
    if (leftRow !== undefined) {
      const rows = rightRow === undefined ? listOf(right).map((row) => fieldsOf(row, 'RowExpr')?.['args']) : [rightRow]
      for (const row of rows) listOf(leftRow).forEach((one, index) => this.#comparison(one, listOf(row)[index]))
      return
    }
    for (const [column, value] of [
      [left, right],
      [right, left],
    ]) {
      const name = columnName(column)
      if (name !== undefined && this.#isOfCatalog(column, name)) this.#public(value, name, '')
    }
  }

  /** Also `relnamespace::regnamespace::text`. */
  #isOfCatalog(column: unknown, name: string): boolean {
    if (!isSchemaName(name)) return castsTo(column, 'regnamespace')
    return this.#statement.tokens.some((token) => /^(?:pg_\w+|information_schema)$/.test(token))
  }

  /** @param type what follows the schema where the constant is written with a type in front of it */
  #public(value: unknown, compared: string, type: string): void {
    const cast = fieldsOf(value, 'TypeCast')
    if (cast !== undefined) return this.#public(cast['arg'], compared, type)
    const several = fieldsOf(value, 'A_ArrayExpr')?.['elements'] ?? value
    for (const one of listOf(several)) this.#public(one, compared, type)
    this.#parameter(fieldsOf(value, 'ParamRef')?.['number'], compared)
    const constant = textConstant(value)
    const isList = /^\{\s*"?public"?\s*\}$/.test(constant?.text ?? '')
    if (constant === undefined || !(isList || constant.text === 'public')) return
    const span = literalAt(this.#passage.text, this.#statement, constant.location)
    const start = span?.[0] ?? this.#statement.start
    if (this.#context.place.public === 'refuse') this.#refuse(start, say.guardOfPublic(compared))
    if (span === undefined) this.#refuse(start, say.guardOfPublic(compared))
    const schema = type === '' ? 'current_schema()' : 'quote_ident(current_schema())'
    const { tokens, spans } = this.#statement
    const before = spans.indexOf(span) - 1
    const isTypeFirst = type !== '' && tokens[before] === 'regnamespace'
    const whole = isTypeFirst ? ([spans[before]![0], span[1]] as const) : span
    edit(this.#passage, whole, isList ? `array[${schema}]` : isTypeFirst ? schema + type : schema, this.#context)
  }

  #parameter(number: unknown, compared: string): void {
    const { values, ownSchema, place } = this.#context
    if (values === undefined || typeof number !== 'number') return
    const value = values[number - 1]
    const isPublic = value === 'public' || (Array.isArray(value) && value.includes('public'))
    if (!isPublic) return
    if (place.public === 'refuse') this.#refuse(this.#statement.start, say.guardOfPublic(compared))
    values[number - 1] = Array.isArray(value) ? value.map((one) => (one === 'public' ? ownSchema : one)) : ownSchema
  }

  #refuse(offset: number, what: string): never {
    return this.#context.refuse(placeNear(this.#passage, offset), what)
  }
}

function castsTo(value: unknown, type: string): boolean {
  const cast = fieldsOf(value, 'TypeCast')
  return cast !== undefined && (partsOf(fields(cast['typeName'])['names']).at(-1) === type || castsTo(cast['arg'], type))
}

function fields(value: unknown): Fields {
  return (value ?? {}) as Fields
}
