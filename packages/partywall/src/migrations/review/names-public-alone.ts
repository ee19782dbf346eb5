/**
 * Statements of a text that was written for one schema, such as a dump, which do nothing but choose the schema `public` or describe it: a search
 * path of PostgreSQL's own schemas and `public`, and the owner, the comment and the privileges of `public` itself. With `public: 'rewrite'`
 * they are left out: the path is the tenant's, and so is its schema.
 */
import { databaseWide } from '../statements/database-wide.ts'
import { fieldsOf, listOf, nodeOf, partsOf, type Fields, type Tree } from '../statements/grammar.ts'
import { textConstant } from '../statements/constants.ts'
import { settingName } from '../statements/setting-name.ts'

/** @param known schemas that are in the path of every tenant */
export function namesPublicAlone(tree: Tree, known: readonly string[]): boolean {
  const [kind, at] = nodeOf(tree)!
  const path = kind === 'VariableSetStmt' ? pathOf(at) : kind === 'SelectStmt' ? pathOfCall(at) : undefined
  if (path !== undefined) return path.every((schema) => ownSchemas.has(schema) || known.includes(schema))
  if (!/^(?:CommentStmt|AlterOwnerStmt|GrantStmt)$/.test(kind) || at['targtype'] === 'ACL_TARGET_ALL_IN_SCHEMA') return false
  const schemas = databaseWide(tree)?.schemas ?? []
  return schemas.length > 0 && schemas.every((schema) => schema === 'public')
}

/** Those that mean no schema of a tenant, or its own. */
const ownSchemas = new Set(['', 'public', 'pg_catalog', 'pg_temp', '$user'])

function pathOf(at: Fields): readonly string[] | undefined {
  if (settingName(at) !== 'search_path') return undefined
  return at['kind'] === 'VAR_SET_VALUE' ? listOf(at['args']).flatMap((one) => schemasIn(textConstant(one)?.text)) : []
}

/** `select set_config('search_path', …)` and nothing else. */
function pathOfCall({ targetList, fromClause }: Fields): readonly string[] | undefined {
  const [target, second] = listOf(targetList)
  const call = fieldsOf(fieldsOf(target, 'ResTarget')?.['val'], 'FuncCall')
  if (call === undefined || second !== undefined || fromClause !== undefined) return undefined
  const [name, value] = listOf(call['args'])
  if (partsOf(call['funcname']).at(-1) !== 'set_config' || textConstant(name)?.text.toLowerCase() !== 'search_path')
    return undefined
  return schemasIn(textConstant(value)?.text)
}

/** A path that is no constant leads to no schema that is known. */
function schemasIn(path: string | undefined): string[] {
  return (path ?? '?').split(',').map((schema) => schema.trim().replaceAll('"', ''))
}
