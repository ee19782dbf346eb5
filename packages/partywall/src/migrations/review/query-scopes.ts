/**
 * What a query reads of PostgreSQL's catalogs, and by which of its conditions that is limited to the objects of one schema. A table is limited
 * when a column that says which object it is has to be equal to a value, or to such a column of a table that is limited.
 */
import { catalogTable, globalTable, type CatalogTable } from './catalog-tables.ts'
import { fieldsOf, listOf, partsOf, stringOf, walk, type Fields } from '../statements/grammar.ts'

export interface CatalogItem {
  /** What columns of it are written with. */
  readonly alias: string
  readonly table: CatalogTable
  /** Its place in the FROM clause. */
  readonly range: Fields
  isLimited: boolean
}

/** One SELECT, UPDATE or DELETE, without the queries inside of it. */
export interface QueryScope {
  readonly items: readonly CatalogItem[]
  /** Marks what became limited by what is limited already. */
  spread(): void
}

/** A table or a subquery in a FROM clause. */
interface Item {
  readonly alias: string
  readonly catalog?: CatalogItem
}

/** The item is limited when all of the others are. */
interface Link {
  readonly item: CatalogItem
  readonly needs: readonly CatalogItem[]
}

/** All queries in a statement that read catalogs. */
export function queryScopes(tree: unknown, isLater: (kind: string, fields: Fields) => boolean): QueryScope[] {
  const scopes: QueryScope[] = []
  const common = new Set<unknown>()
  walk(tree, (kind, at) => void (kind === 'CommonTableExpr' && common.add(at['ctename'])))
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return
    if (Array.isArray(value)) return value.forEach(visit)
    const fields = value as Fields
    const scope = scopeOf(fields, common)
    if (scope !== undefined && scope.items.length > 0) scopes.push(scope)
    for (const [key, inner] of Object.entries(fields)) {
      if (!isLater(key, inner as Fields)) visit(inner)
    }
  }
  visit(tree)
  return scopes
}

/**
 * UPDATE has a FROM clause, DELETE a USING clause, MERGE one source. A JOIN has names of columns in its USING clause.
 * @param common names of common table expressions, which are no tables
 */
function scopeOf(fields: Fields, common: ReadonlySet<unknown> = new Set()): QueryScope | undefined {
  const from =
    'jointype' in fields ? undefined : (fields['fromClause'] ?? fields['usingClause'] ?? [fields['sourceRelation'] ?? []].flat())
  if (!Array.isArray(from) || from.length === 0) return undefined
  const links: Link[] = []
  const items = from.flatMap((one) => itemsIn(one, links)).map((item) => withoutCommon(item, common))
  links.push(...linksOf(fields['whereClause'] ?? fields['joinCondition'], items))
  const spread = (): void => {
    let isChanged = true
    while (isChanged) {
      isChanged = false
      for (const { item, needs } of links) {
        if (item.isLimited || needs.some(({ isLimited }) => !isLimited)) continue
        item.isLimited = isChanged = true
      }
    }
  }
  spread()
  return { items: items.flatMap(({ catalog }) => catalog ?? []), spread }
}

function withoutCommon(item: Item, common: ReadonlySet<unknown>): Item {
  const { schemaname, relname } = item.catalog?.range ?? {}
  return schemaname === undefined && common.has(relname) ? { alias: item.alias } : item
}

function itemsIn(from: unknown, links: Link[]): Item[] {
  const join = fieldsOf(from, 'JoinExpr')
  if (join !== undefined) return joined(join, links)
  const range = fieldsOf(from, 'RangeVar')
  if (range === undefined) {
    const { alias } = (Object.values((from ?? {}) as Fields)[0] ?? {}) as { alias?: Fields }
    return [{ alias: String(alias?.['aliasname'] ?? '') }]
  }
  const name = String(range['relname'])
  const table = catalogTable(range['schemaname'], name) ?? globalTable(range['schemaname'], name)
  const alias = String((range['alias'] as Fields | undefined)?.['aliasname'] ?? name)
  return [{ alias, ...(table && { catalog: { alias, table, range, isLimited: false } }) }]
}

/** The condition of an outer join limits only the side of which rows may be missing. */
function joined({ jointype, larg, rarg, quals, usingClause, isNatural }: Fields, links: Link[]): Item[] {
  const [left, right] = [itemsIn(larg, links), itemsIn(rarg, links)]
  const all = [...left, ...right]
  const kept = jointype === 'JOIN_INNER' ? all : jointype === 'JOIN_LEFT' ? right : jointype === 'JOIN_RIGHT' ? left : []
  const own = [...linksOf(quals, all), ...sameColumns(left, right, isNatural === true ? undefined : partsOf(usingClause))]
  links.push(...own.filter(({ item }) => kept.some(({ catalog }) => catalog === item)))
  return all
}

/** @param columns undefined for all that both have */
function sameColumns(left: readonly Item[], right: readonly Item[], columns: readonly string[] | undefined): Link[] {
  return left.flatMap(({ catalog: a }) =>
    right.flatMap(({ catalog: b }) => {
      if (a === undefined || b === undefined) return []
      const shared = [...a.table.keys].filter((key) => b.table.keys.has(key) && columns?.includes(key) !== false)
      return shared.length === 0
        ? []
        : [
            { item: a, needs: [b] },
            { item: b, needs: [a] },
          ]
    }),
  )
}

function linksOf(condition: unknown, items: readonly Item[]): Link[] {
  const both = fieldsOf(condition, 'BoolExpr')
  if (both?.['boolop'] === 'AND_EXPR') return listOf(both['args']).flatMap((one) => linksOf(one, items))
  if (both?.['boolop'] === 'OR_EXPR') return inAll(listOf(both['args']).map((one) => linksOf(one, items)))
  const test = fieldsOf(condition, 'A_Expr')
  if (test !== undefined && isEquality(test)) return pairs(test['lexpr'], test['rexpr'], items)
  const inQuery = fieldsOf(condition, 'SubLink')
  if (inQuery?.['subLinkType'] === 'ANY_SUBLINK') return pairs(inQuery['testexpr'], condition, items)
  const call = fieldsOf(condition, 'FuncCall')
  if (call !== undefined && /^pg_\w+_is_visible$/.test(partsOf(call['funcname']).at(-1) ?? '')) {
    return listOf(call['args']).flatMap((one) => columnsOf(one, items).map((item) => ({ item, needs: [] })))
  }
  return []
}

/** What every branch limits. */
function inAll([first = [], ...others]: readonly (readonly Link[])[]): Link[] {
  return first.flatMap(({ item, needs }) => {
    const same = others.map((links) => links.find((link) => link.item === item))
    return same.every((link) => link !== undefined) ? [{ item, needs: [...needs, ...same.flatMap((link) => link.needs)] }] : []
  })
}

function isEquality({ kind, name }: Fields): boolean {
  return kind === 'AEXPR_NOT_DISTINCT' || (/^AEXPR_(?:OP|IN|OP_ANY)$/.test(String(kind)) && partsOf(name).at(-1) === '=')
}

function pairs(left: unknown, right: unknown, items: readonly Item[]): Link[] {
  const [leftRow, rightRow] = [left, right].map((side) => fieldsOf(side, 'RowExpr')?.['args'])
  if (leftRow !== undefined) {
    return listOf(leftRow).flatMap((one, index) => pairs(one, rightRow === undefined ? right : listOf(rightRow)[index], items))
  }
  return [...limited(left, right, items), ...limited(right, left, items)]
}

/** The tables that are limited when a column is equal to this value. */
function limited(column: unknown, value: unknown, items: readonly Item[]): Link[] {
  const item = keyOf(column, items)
  const needs = columnsOf(value, items)
  return item === undefined || needs.includes(item) || !isLimitedQuery(value) ? [] : [{ item, needs }]
}

/** The table whose key this expression is, whatever type it is given. */
function keyOf(value: unknown, items: readonly Item[]): CatalogItem | undefined {
  const cast = fieldsOf(value, 'TypeCast')
  if (cast !== undefined) return keyOf(cast['arg'], items)
  const call = fieldsOf(value, 'FuncCall')
  if (call !== undefined && /^(?:lower|quote_ident)$/.test(partsOf(call['funcname']).at(-1) ?? '')) {
    return keyOf(listOf(call['args'])[0], items)
  }
  const parts = partsOf(fieldsOf(value, 'ColumnRef')?.['fields'])
  const item = tableOf(parts, items)
  return item?.table.keys.has(parts.at(-1)!) === true ? item : undefined
}

/** The tables that an expression reads, without the queries in it. */
function columnsOf(value: unknown, items: readonly Item[]): CatalogItem[] {
  const found = new Set<CatalogItem>()
  walk(value, (kind, at) => {
    if (kind === 'SubLink') return false
    if (kind === 'ColumnRef') {
      const item = tableOf(partsOf(at['fields']), items)
      if (item !== undefined) found.add(item)
    }
    return undefined
  })
  return [...found]
}

function tableOf(parts: readonly string[], items: readonly Item[]): CatalogItem | undefined {
  const column = parts.at(-1)
  if (column === undefined) return undefined
  const of = parts.at(-2)
  return items.find(({ alias, catalog }) => (of === undefined ? catalog?.table.keys.has(column) : alias === of))?.catalog
}

/** A query of the names of schemas limits something when it is limited itself; one of other catalogs will be. */
function isLimitedQuery(value: unknown): boolean {
  const query = fieldsOf(value, 'SubLink')?.['subselect']
  const scope = scopeOf(fieldsOf(query, 'SelectStmt') ?? {})
  return scope?.items.every(({ table, isLimited }) => isLimited || table.condition !== undefined) !== false
}

/** The name of a column, with or without its table. */
export function columnName(value: unknown): string | undefined {
  const cast = fieldsOf(value, 'TypeCast')
  if (cast !== undefined) return columnName(cast['arg'])
  const call = fieldsOf(value, 'FuncCall')
  if (call !== undefined && listOf(call['args']).length === 1) return columnName(listOf(call['args'])[0])
  return stringOf(listOf(fieldsOf(value, 'ColumnRef')?.['fields']).at(-1))
}
