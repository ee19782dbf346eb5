/**
 * Statements that would change more than the database of a trial: roles, other databases, settings of the server. The raw files of another tool
 * run without the review, so these are found here, and left out. What a statement puts together at run time cannot be seen.
 */
import { splitStatements } from '../../sql/lexer.ts'
import { databaseWide } from '../statements/database-wide.ts'
import { embeddedSql } from '../statements/embedded-sql.ts'
import { nodeOf, type Grammar } from '../statements/grammar.ts'

/** What the statement does to the server, e.g. `create role`; undefined when it stays in its database. */
export function serverWide(grammar: Grammar, statement: string): string | undefined {
  // Reading a long text is slow, and few hold one of these words.
  if (!suspicious.test(statement)) return undefined
  const tree = grammar.parse(statement)
  if (tree === undefined) return undefined
  const what = databaseWide(tree)?.what
  if (what !== undefined && ofServer.test(what)) return what
  return nodeOf(tree)?.[0] === 'DoStmt' ? insideOf(grammar, statement) : undefined
}

function insideOf(grammar: Grammar, block: string): string | undefined {
  const [statement] = splitStatements(block)
  const body = statement?.bodies[0]
  if (body === undefined) return undefined
  for (const { text, kind } of embeddedSql(grammar, block, body) ?? []) {
    const what = kind === 'statement' ? serverWide(grammar, text) : undefined
    if (what !== undefined) return what
    // `execute 'create role …'`
    if (kind === 'dynamic' && written.test(text)) return 'a statement about a role or the server that is put together at run time'
  }
  return undefined
}

const suspicious = /\b(?:role|user|group|database|tablespace|system|subscription|owned|grant|revoke|server)\b/i
const ofServer = /\b(?:role|database|tablespace|system|owned|subscription)\b/
const written =
  /\b(?:(?:create|alter|drop)\s+(?:role|user|group|database|tablespace|subscription|system)|(?:reassign|drop)\s+owned)\b/i
