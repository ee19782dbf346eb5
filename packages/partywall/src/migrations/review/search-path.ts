/**
 * A search path that a migration sets would hold for what follows it, in another schema: refused. In the settings of a function it holds for
 * the calls of that function: PostgreSQL recommends one there that holds no schema that others can write to.
 */
import type { SqlStatement } from '../../sql/lexer.ts'
import { fieldsOf, listOf, nodeOf, partsOf, walk, type Fields, type Tree } from './grammar.ts'
import type { ReviewContext } from './review-context.ts'
import * as say from './refusals.ts'

type Refuse = (offset: number, what: string) => never

export function assertPathStays(tree: Tree, { start }: SqlStatement, { place }: ReviewContext, refuse: Refuse): void {
  walk(tree, (kind, at) => {
    // The settings of a function hold for its calls alone.
    if (/^(?:Create|Alter)FunctionStmt$/.test(kind)) {
      for (const setting of settingsOf(at)) {
        if (!isOfFunction(setting, place.public === 'keep')) refuse(start, say.path('search_path'))
      }
      return false
    }
    if (kind === 'VariableSetStmt' && setsPath(at)) refuse(start, say.path(pathWords(at)))
    if (kind === 'FuncCall' && partsOf(at['funcname']).at(-1) === 'set_config' && mayNamePath(listOf(at['args'])[0])) {
      refuse(start, say.path('set_config'))
    }
    return undefined
  })
}

function setsPath(at: Fields): boolean {
  return at['name'] === 'search_path' || at['kind'] === 'VAR_RESET_ALL'
}

function pathWords(at: Fields): string {
  return at['kind'] === 'VAR_RESET_ALL' ? 'reset all' : 'search_path'
}

/** A name that is not a constant may be any. */
function mayNamePath(argument: unknown): boolean {
  const name = constantOf(argument)
  return name === undefined || name.toLowerCase() === 'search_path'
}

function settingsOf(at: Fields): Fields[] {
  return [...listOf(at['options']), ...listOf(at['actions'])].flatMap((option) => {
    const setting = fieldsOf(fieldsOf(option, 'DefElem')?.['arg'], 'VariableSetStmt')
    return setting !== undefined && setsPath(setting) ? [setting] : []
  })
}

/** `from current` keeps the tenant's path; an empty one, and one of PostgreSQL's own schemas, lead to no tables of anyone. */
function isOfFunction({ kind, args }: Fields, keepsPublic: boolean): boolean {
  if (kind === 'VAR_SET_CURRENT') return true
  const schemas = listOf(args).map(constantOf)
  return schemas.every((schema) => schema !== undefined && (/^(?:|pg_catalog|pg_temp)$/.test(schema) || keepsPublic))
}

/** The text of a constant. */
function constantOf(value: unknown): string | undefined {
  const [kind, at] = nodeOf(value) ?? []
  if (kind === 'TypeCast') return constantOf(at!['arg'])
  const text = kind === 'A_Const' ? (at!['sval'] as Fields | undefined) : undefined
  return text === undefined ? undefined : String(text['sval'] ?? '')
}
