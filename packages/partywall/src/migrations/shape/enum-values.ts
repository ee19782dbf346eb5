/**
 * Values that are added to an enum. PostgreSQL refuses the use of such a value before the transaction that added it has committed, so a
 * migration that uses it must be in a later transaction.
 */
import type { SqlStatement } from '../../sql/lexer.ts'
import { embeddedIn } from '../statements/embedded-in.ts'
import { nodeOf, type Grammar } from '../statements/grammar.ts'
import { statementsOf, type SqlStep } from './step-statements.ts'

/** What one statement adds; undefined when it is no statement about the values of an enum. */
export function valuesAdded(grammar: Grammar, text: string, { tokens, bodies }: SqlStatement): readonly string[] {
  const isAlter = tokens[0] === 'alter' && tokens[1] === 'type' && tokens.includes('add')
  const isBlock = tokens[0] === 'do' && bodies.some((body) => /\badd\s+value\b/i.test(body))
  if (!isAlter && !isBlock) return []
  const statements = isAlter ? [text] : embeddedIn(grammar, text).map((statement) => statement.text)
  return statements.flatMap((statement) => addedBy(grammar, statement) ?? [])
}

/** The value that a statement adds. */
function addedBy(grammar: Grammar, statement: string): string | undefined {
  const tree = grammar.parse(statement)
  const [kind, at] = (tree && nodeOf(tree)) ?? []
  return kind === 'AlterEnumStmt' && at!['oldVal'] === undefined ? String(at!['newVal']) : undefined
}

/**
 * Whether a statement may use one of these values: it holds the value as a string, of whatever type; or it asks for all values. A text that puts
 * the value together is not found: PostgreSQL then refuses it with SQLSTATE 55P04.
 */
export function mayUse(statement: string, values: readonly string[]): boolean {
  if (values.length === 0 || onlyNames.test(statement)) return false
  return mentions(statement, values)
}

/** The same for all statements of a step. */
export function stepMayUse(step: SqlStep, values: readonly string[]): boolean {
  if (values.length === 0 || !mentions(step.text, values)) return false
  return statementsOf(step).some(({ start, end }) => mayUse(step.text.slice(start, end), values))
}

/** PostgreSQL lets these name a value that was just added. */
const onlyNames = /^(?:alter|create)\s+type\b/i

function mentions(text: string, values: readonly string[]): boolean {
  return /\benum_(?:range|first|last)\b/i.test(text) || values.some((value) => text.includes(`'${value.replaceAll("'", "''")}'`))
}
