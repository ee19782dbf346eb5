/**
 * PostgreSQL's own grammar, from the package libpg-query: which kind of statement a text is, and which names stand where in it. It is loaded
 * when migrations are reviewed, and only then: querying needs none of it. It resolves no names, and knows no statement of a server that is
 * newer than itself: such a statement has no tree, and the review says that it cannot read it.
 */
import type * as Library from 'libpg-query'
import { TenancyError } from '../../errors.ts'
import { importUnbundled } from '../../import-unbundled.js'
import { withRecords } from './record-variables.ts'

/** A node of the tree: its kind is its only key. */
export type Tree = Readonly<Record<string, unknown>>
/** What a node holds. */
export type Fields = Readonly<Record<string, unknown>>

export interface Grammar {
  /** The tree of one statement; undefined for a text that is no statement, or one that this grammar does not know. */
  parse(statement: string): Tree | undefined
  /** The tree of the PL/pgSQL in a whole `do` or `create function` statement; undefined when it cannot be read. */
  parseBlock(statement: string): Tree | undefined
}

let loading: Promise<Grammar> | undefined

/**
 * Loads the grammar once for the process. Costs some 30 ms the first time.
 * @throws TenancyError INVALID_OPTION when the package cannot be loaded
 */
export async function loadGrammar(): Promise<Grammar> {
  loading ??= load()
  try {
    return await loading
  } catch (error) {
    loading = undefined
    throw new TenancyError(
      'INVALID_OPTION',
      'Migrations are reviewed with the package libpg-query, which cannot be loaded. It is a dependency of partywall, and not part of a bundle: ' +
        'install it where the process runs (npm install libpg-query).',
      { details: { package: 'libpg-query' }, cause: error },
    )
  }
}

async function load(): Promise<Grammar> {
  // A bundler would lose its WebAssembly, which is a file beside it.
  const { loadModule, parseSync, parsePlPgSQLSync } = (await importUnbundled('libpg-query')) as typeof Library
  await loadModule()
  return {
    parse: (statement) => {
      try {
        const { stmts } = parseSync(statement) as { stmts?: readonly { stmt?: Tree }[] }
        const tree = stmts?.length === 1 ? stmts[0]!.stmt : undefined
        return statement.length > deepest && isDeeper(tree, deepest) ? undefined : tree
      } catch {
        return undefined
      }
    },
    parseBlock: (statement) => {
      let text: string | undefined = statement
      for (let tries = 0; text !== undefined && tries < 20; tries++) {
        try {
          const { plpgsql_funcs: blocks } = parsePlPgSQLSync(text) as unknown as { plpgsql_funcs: readonly Tree[] }
          return blocks[0]
        } catch (error) {
          text = withRecords(text, (error as Error).message)
        }
      }
      return undefined
    },
  }
}

/** Of objects in objects. What walks a tree calls itself, and the stack of JavaScript has room for some more. */
const deepest = 2000

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (levels === 0) return true
  for (const inner of Object.values(value)) if (isDeeper(inner, levels - 1)) return true
  return false
}

/** The kind of a node and what it holds. */
export function nodeOf(tree: unknown): readonly [kind: string, fields: Fields] | undefined {
  if (typeof tree !== 'object' || tree === null || Array.isArray(tree)) return undefined
  const [entry, second] = Object.entries(tree)
  return entry !== undefined && second === undefined && typeof entry[1] === 'object' && entry[1] !== null
    ? (entry as [string, Fields])
    : undefined
}

/** The fields of a node of this kind. */
export function fieldsOf(tree: unknown, kind: string): Fields | undefined {
  const fields = (tree as Fields | undefined | null)?.[kind]
  return typeof fields === 'object' && fields !== null ? (fields as Fields) : undefined
}

/** The items of a list, however the grammar writes it. */
export function listOf(value: unknown): readonly Tree[] {
  if (Array.isArray(value)) return value as Tree[]
  const items = fieldsOf(value, 'List')?.['items']
  return Array.isArray(items) ? (items as Tree[]) : []
}

/** The text of a String node, or undefined. */
export function stringOf(tree: unknown): string | undefined {
  const text = fieldsOf(tree, 'String')?.['sval']
  return typeof text === 'string' ? text : undefined
}

/** The parts of a name, e.g. a schema and a table. */
export function partsOf(value: unknown): readonly string[] {
  return listOf(value).flatMap((part) => stringOf(part) ?? [])
}

/**
 * Calls `visit` for each node of a tree, from the outside to the inside; a node for which it answers false is not entered. A field of a fixed
 * type holds its node without the kind, so that names are recognised by what they hold.
 */
export function walk(value: unknown, visit: (kind: string, fields: Fields) => boolean | void): void {
  if (typeof value !== 'object' || value === null) return
  if (Array.isArray(value)) {
    for (const item of value) walk(item, visit)
    return
  }
  const fields = value as Fields
  const kind = kindByFields(fields)
  if (kind !== undefined && visit(kind, fields) === false) return
  for (const key in fields) {
    const inner = fields[key]
    if (typeof inner !== 'object' || inner === null) continue
    // The kinds of nodes begin with a capital, and hold no list.
    const isKind = key.charCodeAt(0) < 97 && !Array.isArray(inner) && kindByFields(inner as Fields) === undefined
    if (isKind && (visit(key, inner as Fields) === false || leaves.has(key))) continue
    walk(inner, visit)
  }
}

/** Nodes without others in them. A migration may have a hundred thousand constants. */
const leaves = new Set(['A_Const', 'String', 'Integer', 'Float', 'Boolean', 'BitString', 'A_Star', 'ParamRef'])

function kindByFields(fields: Fields): string | undefined {
  if (fields['relname'] !== undefined) return 'RangeVar'
  if (fields['objname'] !== undefined) return 'ObjectWithArgs'
  if (fields['funcformat'] !== undefined && fields['funcname'] !== undefined) return 'FuncCall'
  if (fields['collname'] !== undefined && fields['location'] !== undefined) return 'CollateClause'
  return fields['typemod'] !== undefined && fields['names'] !== undefined ? 'TypeName' : undefined
}
