/**
 * The names in the text of a routine, by PostgreSQL's grammar. PostgreSQL itself does not know what such a text depends on. Text that is put together at
 * run time, or in another language, is read word by word: a name too many leads to a refusal, a name too few to a broken function.
 */
import { splitStatements } from '../../sql/lexer.ts'
import { embeddedSql } from '../../migrations/statements/embedded-sql.ts'
import type { Grammar } from '../../migrations/statements/grammar.ts'
import { mentionsOf } from '../../migrations/statements/mentions.ts'

export interface Code {
  readonly language: string
  /** The whole CREATE statement, as the server prints it. */
  readonly definition: string
  readonly body: string
}

export interface BodyName {
  readonly schema: string | undefined
  readonly name: string
  /** `any`: the text was not read by the grammar. */
  readonly class: 'relation' | 'routine' | 'type' | 'any'
}

export function bodyNames(grammar: Grammar, { language, definition, body }: Code): BodyName[] {
  const names = new Map<string, BodyName>()
  const add = (name: BodyName): void => void names.set(JSON.stringify([name.class, name.schema, name.name]), name)
  const readStatement = (text: string): void => {
    const tree = grammar.parse(text)
    if (tree === undefined) return wordsOf(text).forEach(add)
    for (const { class: of, schema, name } of mentionsOf(tree)) {
      if (of === 'relation' || of === 'routine' || of === 'type') add({ schema, name, class: of })
    }
  }
  // Types of arguments and results are dependencies that the server knows; `declare x t%rowtype` is not.
  if (language === 'sql') for (const { start, end } of splitStatements(body)) readStatement(body.slice(start, end))
  else if (language === 'plpgsql') {
    const inside = embeddedSql(grammar, definition, body)
    if (inside === undefined) wordsOf(body).forEach(add)
    for (const { text, kind } of inside ?? []) {
      if (kind === 'dynamic') wordsOf(text).forEach(add)
      else readStatement(kind === 'expression' ? `select ${text}` : text)
    }
    for (const [, before, name] of body.matchAll(rowTypes)) add({ schema: before, name: name!, class: 'relation' })
  } else wordsOf(body).forEach(add)
  return [...names.values()]
}

/** `declare row public.polls%rowtype`, `x polls.id%type`. */
const rowTypes = /(?:\b([a-z_][\w$]*)\.)?\b([a-z_][\w$]*)(?:\.[a-z_][\w$]*)?%(?:row)?type\b/gi

/** Each word, and each pair of words with a dot between them. */
function wordsOf(text: string): BodyName[] {
  return [
    ...text.matchAll(/(?:("(?:[^"]|"")+"|[\p{L}_][\p{L}\p{N}_$]*)\s*\.\s*)?("(?:[^"]|"")+"|[\p{L}_][\p{L}\p{N}_$]*)/gu),
  ].flatMap(([, schema, name]): BodyName[] => [
    { schema: schema && unquoted(schema), name: unquoted(name!), class: 'any' },
    // The first of two words may be a table, and the second its column.
    ...(schema === undefined ? [] : [{ schema: undefined, name: unquoted(schema), class: 'any' } as const]),
  ])
}

function unquoted(word: string): string {
  return word.startsWith('"') ? word.slice(1, -1).replaceAll('""', '"') : word.toLowerCase()
}
