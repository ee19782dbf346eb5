/**
 * Statements that PostgreSQL refuses inside of a transaction. The parsed tree decides, so an odd place of a word, or a quoted name, makes no
 * difference. A CALL may commit, too, but only its procedure shows that: the file says so by its marker.
 */
import type { SqlStatement } from '../../sql/lexer.ts'
import type { Edits } from '../statements/edits.ts'
import { fieldsOf, listOf, nodeOf, walk, type Fields, type Grammar, type Tree } from '../statements/grammar.ts'

/** First words of such statements. Others need not be parsed. */
const verbs = /^(?:create|drop|reindex|vacuum|alter|cluster|do)$/
const remarkable = /^(?:concurrently|system|database|schema|tablespace|subscription|vacuum|cluster|do|commit|rollback)$/

/** @param tokens of the statement. Its body is a token without its words, so DO is always looked at */
export function mayRunAlone(tokens: readonly string[]): boolean {
  return verbs.test(tokens[0]!) && tokens.some((token) => remarkable.test(token))
}

export function runsAlone(grammar: Grammar, statement: string, tree: Tree): boolean {
  const [kind, at] = nodeOf(tree) ?? []
  if (kind === undefined || at === undefined) return false
  if (kind === 'DoStmt') return commits(grammar, statement)
  return always.has(kind) || (sometimes[kind]?.(at) ?? false)
}

/** Changes such a statement for the transaction that creates its tables: no other process reads them, and nothing has to be cleaned up. */
export function runInTransaction(edits: Pick<Edits, 'remove'>, text: string, { tokens, spans, start, end }: SqlStatement): void {
  if (/^(?:vacuum|reindex|cluster)$/.test(tokens[0]!)) return edits.remove(start, end)
  const isWord = (_: string, index: number): boolean =>
    tokens[index] === 'concurrently' && !text.slice(...spans[index]!).includes('"')
  const at = tokens[0] === 'alter' ? tokens.findLastIndex(isWord) : tokens.findIndex(isWord)
  if (at !== -1) edits.remove(...spans[at]!)
}

/** Whether a DO block ends the transaction that it runs in. */
function commits(grammar: Grammar, statement: string): boolean {
  if (!/\b(?:commit|rollback)\b/i.test(statement)) return false
  let isFound = false
  const look = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return
    for (const [key, inner] of Object.entries(value)) {
      if (key === 'PLpgSQL_stmt_commit' || key === 'PLpgSQL_stmt_rollback') isFound = true
      else look(inner)
    }
  }
  look(grammar.parseBlock(statement))
  return isFound
}

const always: ReadonlySet<string> = new Set([
  'AlterSystemStmt',
  'CreatedbStmt',
  'DropdbStmt',
  'CreateTableSpaceStmt',
  'DropTableSpaceStmt',
  'CreateSubscriptionStmt',
  'AlterSubscriptionStmt',
  'DropSubscriptionStmt',
])

const sometimes: Readonly<Record<string, (at: Fields) => boolean>> = {
  IndexStmt: (at) => at['concurrent'] === true,
  DropStmt: (at) => at['concurrent'] === true,
  ReindexStmt: (at) =>
    /SCHEMA|SYSTEM|DATABASE/.test(String(at['kind'])) ||
    listOf(at['params']).some((option) => fieldsOf(option, 'DefElem')?.['defname'] === 'concurrently'),
  VacuumStmt: (at) => at['is_vacuumcmd'] === true,
  ClusterStmt: (at) => at['relation'] === undefined,
  AlterTableStmt: (at) => {
    let isConcurrent = false
    walk(at['cmds'], (_, command) => {
      if (fieldsOf(command['def'], 'PartitionCmd')?.['concurrent'] === true) isConcurrent = true
    })
    return isConcurrent
  },
  AlterDatabaseStmt: (at) => listOf(at['options']).some((option) => fieldsOf(option, 'DefElem')?.['defname'] === 'tablespace'),
}
