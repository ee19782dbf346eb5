/**
 * A search path that a migration sets would hold for what follows it, in another schema: refused. In the settings of a function it holds for
 * the calls of that function: PostgreSQL recommends one there that holds no schema that others can write to.
 */
import type { SqlStatement } from '../../sql/lexer.ts'
import { fieldsOf, listOf, partsOf, walk, type Fields, type Tree } from '../statements/grammar.ts'
import { edit, placeNear, tokenAt } from './passages.ts'
import { textConstant } from '../statements/constants.ts'
import type { Passage, ReviewContext } from './review-context.ts'
import * as say from './refusals.ts'
import { settingName } from '../statements/setting-name.ts'

type Refuse = (offset: number, what: string) => never

export function assertPathStays(tree: Tree, { start }: SqlStatement, refuse: Refuse): void {
  walk(tree, (kind, at) => {
    // The settings of a function hold for its calls alone.
    if (/^(?:Create|Alter)FunctionStmt$/.test(kind)) return false
    if (kind === 'VariableSetStmt' && setsPath(at)) refuse(start, say.path(pathWords(at)))
    if (isPathCall(kind, at)) refuse(start, say.path('set_config'))
    return undefined
  })
}

/** Whether a statement in the body of a function sets the search path: for the transaction, or for longer. */
export function setsPathIn(tree: Tree): 'local' | 'session' | undefined {
  let scope: 'local' | 'session' | undefined
  walk(tree, (kind, at) => {
    if (/^(?:Create|Alter)FunctionStmt$/.test(kind)) return false
    if (writesSettings(kind, at)) scope = 'session'
    const isCall = isPathCall(kind, at)
    if (!isCall && !(kind === 'VariableSetStmt' && setsPath(at))) return undefined
    const isLocal = isCall ? isTrue(listOf(at['args'])[2]) : at['is_local'] === true
    if (scope !== 'session') scope = isLocal ? 'local' : 'session'
    return undefined
  })
  return scope
}

/**
 * The search path that a function sets for its calls. `from current` is that of the tenant.
 * @param needsTenant the body names what belongs to the tenant, now without a schema
 */
export function reviewFunctionPath(
  at: Fields,
  passage: Passage,
  statement: SqlStatement,
  context: ReviewContext,
  needsTenant = false,
): void {
  const { place } = context
  if (place.isShared) return
  for (const { setting, location } of settingsOf(at)) {
    const leads = leadsTo(setting)
    if (leads === 'own' || (leads === 'nowhere' && !needsTenant)) continue
    if (place.public === 'keep') continue
    const span = spanOf(passage, statement, location)
    const near = placeNear(passage, span?.[0] ?? statement.start)
    if (leads === 'elsewhere') context.refuse(near, say.path('search_path of a function'))
    if (place.public !== 'rewrite' || span === undefined) context.refuse(near, say.functionPath())
    edit(passage, span, 'set search_path from current', context)
  }
}

function setsPath(at: Fields): boolean {
  return settingName(at) === 'search_path' || at['kind'] === 'VAR_RESET_ALL'
}

function pathWords(at: Fields): string {
  return at['kind'] === 'VAR_RESET_ALL' ? 'reset all' : 'search_path'
}

/** A name that is not a constant may be any. */
function isPathCall(kind: string, at: Fields): boolean {
  if (kind !== 'FuncCall' || partsOf(at['funcname']).at(-1) !== 'set_config') return false
  const name = textConstant(listOf(at['args'])[0])?.text
  return name === undefined || name.toLowerCase() === 'search_path'
}

/** PostgreSQL carries out an UPDATE of this view as SET. */
function writesSettings(kind: string, at: Fields): boolean {
  return kind === 'UpdateStmt' && (at['relation'] as Fields | undefined)?.['relname'] === 'pg_settings'
}

function isTrue(value: unknown): boolean {
  const constant = fieldsOf(value, 'A_Const')?.['boolval'] as Fields | undefined
  return constant?.['boolval'] === true
}

function settingsOf(at: Fields): { readonly setting: Fields; readonly location: unknown }[] {
  return [...listOf(at['options']), ...listOf(at['actions'])].flatMap((option) => {
    const { arg, location } = fieldsOf(option, 'DefElem') ?? {}
    const setting = fieldsOf(arg, 'VariableSetStmt')
    return setting !== undefined && setsPath(setting) ? [{ setting, location }] : []
  })
}

/** An empty path, and one of PostgreSQL's own schemas, lead to no tables of anyone. */
function leadsTo({ kind, args }: Fields): 'own' | 'nowhere' | 'public' | 'elsewhere' {
  if (kind !== 'VAR_SET_VALUE') return 'own'
  const written = listOf(args).map((one) => textConstant(one)?.text)
  // Some write the whole path in one string.
  const schemas = written.flatMap((one) => (one ?? '?').split(',').map((name) => name.trim().replaceAll('"', '')))
  if (schemas.every((schema) => /^(?:|pg_catalog|pg_temp)$/.test(schema))) return 'nowhere'
  return schemas.includes('public') && !schemas.includes('?') ? 'public' : 'elsewhere'
}

/** `set search_path = …` in a statement: up to the end of the list of schemas. */
function spanOf({ text }: Passage, statement: SqlStatement, location: unknown): readonly [number, number] | undefined {
  const { tokens, spans } = statement
  const first = tokenAt(text, statement, location)
  const path = tokens.indexOf('search_path', first)
  if (first === -1 || tokens[first] !== 'set' || path === -1) return undefined
  let last = path + 2
  while (tokens[last + 1] === ',') last += 2
  const end = spans[last]?.[1]
  return end === undefined ? undefined : [spans[first]![0], end]
}
