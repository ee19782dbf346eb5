/**
 * What a DO block leaves on the session. For PostgreSQL its body is a text; in PL/pgSQL the words at certain places start a statement of
 * SQL: after a semicolon, `begin`, `then`, `else` and `loop`. Each of these statements is judged like any other.
 */
import { splitStatements, type SqlStatement } from './lexer.ts'

const unknown = 'what its body may have left'
/** `>` ends a label. `declare` is followed by variables, which may have defaults. */
const beforeStatement = new Set(['begin', 'then', 'else', 'loop', 'declare', '>'])

type Judge = (statement: SqlStatement) => string | undefined

/** @param judge what a statement of SQL leaves */
export function leftByBlock(tokens: readonly string[], bodies: readonly string[], judge: Judge): string | undefined {
  const language = tokens.indexOf('language')
  const isPlpgsql = language === -1 || tokens[language + 1] === 'plpgsql'
  const body = bodies.length === 1 ? contents(bodies[0]!) : undefined
  if (!isPlpgsql || body === undefined) return unknown
  return splitStatements(body)
    .flatMap(statementsIn)
    .some((statement) => mayLeave(statement, judge))
    ? unknown
    : undefined
}

/** A body in dollar quotes is as it is written. One in plain quotes has its quotes doubled; with a backslash it may have been escaped. */
function contents(body: string): string | undefined {
  if (!body.startsWith("'") || !body.endsWith("'")) return body
  return body.includes('\\') ? undefined : body.slice(1, -1).replaceAll("''", "'")
}

function statementsIn(part: SqlStatement): SqlStatement[] {
  const starts = part.tokens.flatMap((_, index) => (index === 0 || beforeStatement.has(part.tokens[index - 1]!) ? [index] : []))
  return starts.map((start, at) => ({
    ...part,
    tokens: part.tokens.slice(start, starts[at + 1]),
    spans: part.spans.slice(start, starts[at + 1]),
  }))
}

function mayLeave(statement: SqlStatement, judge: Judge): boolean {
  const { tokens } = statement
  if (tokens.length === 0) return false
  // A block in a block, and a statement that is put together at run time.
  if (tokens[0] === 'do') return true
  if (tokens.some((token, index) => token === 'execute' && !isGranted(tokens[index + 1]))) return true
  // In PL/pgSQL, `into` names a variable.
  return judge({ ...statement, tokens: tokens.map((token) => (token === 'into' ? 'into a variable' : token)) }) !== undefined
}

/** `grant execute on …`, and `execute function` of a trigger. */
function isGranted(next: string | undefined): boolean {
  return next === 'on' || next === 'function' || next === 'procedure' || next === ','
}
