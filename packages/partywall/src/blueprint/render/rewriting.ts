/** Changes the name of the schema in SQL, where the grammar shows that it is one. */
import { Edits } from '../../migrations/statements/edits.ts'
import type { Grammar } from '../../migrations/statements/grammar.ts'
import { columnsOf, qualifiedNames } from '../../migrations/statements/qualified-names.ts'
import { identifier } from '../../names/identifier.ts'
import { splitStatements } from '../../sql/lexer.ts'
import type { Blueprint } from '../blueprint.ts'
import type { RenderOptions } from './rendered-schema.ts'
import { partsOfName } from './sql-names.ts'

export class Rewriting {
  readonly grammar: Grammar
  readonly from: string
  readonly #to: string
  readonly #names: ReadonlySet<string>

  constructor(
    grammar: Grammar,
    { relations, sequences, types, routines, collations, dictionaries, configurations, statistics }: Blueprint,
    { from, to }: RenderOptions,
  ) {
    this.grammar = grammar
    this.from = from
    this.#to = identifier(to)
    const named = [relations, sequences, types, collations, dictionaries, configurations, statistics]
      .flat()
      .map(({ name }) => name)
    this.#names = new Set([...named, ...routines.flatMap(({ bareName }) => partsOfName(bareName))])
  }

  /** The changed text; undefined when the grammar cannot read it. */
  statement(text: string): string | undefined {
    const edits = new Edits()
    return this.editsIn(text, 0, edits) ? edits.apply(text).text : undefined
  }

  /** Finds the names in some statements. False when the grammar cannot read one that may have one. @param offset where the text is */
  editsIn(text: string, offset: number, edits: Edits): boolean {
    if (!mayName(text, this.from)) return true
    return splitStatements(text).every((statement) => {
      const own = qualifiedNames(text, statement).filter(({ schema, name }) => schema === this.from && this.#names.has(name))
      if (own.length === 0) return true
      const tree = this.grammar.parse(text.slice(statement.start, statement.end))
      if (tree === undefined) return false
      const columns = columnsOf(tree)
      for (const { schema, name, start } of own) {
        // `acme.id` is a column where a table is called acme in the statement.
        if (!columns.has(JSON.stringify([schema, name]))) this.replace(edits, text, start, offset)
      }
      return true
    })
  }

  /** Names outside of every statement, such as the types of variables. */
  editsOutside(text: string, isInside: (place: number) => boolean, edits: Edits): void {
    for (const statement of splitStatements(text)) {
      for (const { schema, name, start } of qualifiedNames(text, statement)) {
        if (schema === this.from && this.#names.has(name) && !isInside(start)) this.replace(edits, text, start, 0)
      }
    }
  }

  replace(edits: Edits, text: string, start: number, offset: number): void {
    const written = /^(?:"(?:[^"]|"")*"|[^\s."]+)/.exec(text.slice(start))![0]
    edits.replace(start + offset, start + offset + written.length, this.#to)
  }

  /** Whether a string in a text may lead to the schema. */
  hasInString(text: string): boolean {
    return splitStatements(text)
      .flatMap(({ bodies }) => bodies)
      .some((body) => leadsTo(body, this.from))
  }
}

/** A quick look at SQL, or at JSON with SQL in it. */
export function mayName(text: string, schema: string): boolean {
  const lower = text.toLowerCase()
  const written = [schema, schema.replaceAll('"', '""')]
  const inJson = written.map((one) => JSON.stringify(one).slice(1, -1))
  return [...written, ...inJson].some((one) => lower.includes(one.toLowerCase()))
}

/** Whether a string may lead to the schema: it is its name, or has it in front of another name. */
export function leadsTo(literal: string, schema: string): boolean {
  const text = literal.replace(/^'|'$/g, '').toLowerCase()
  const name = schema.toLowerCase()
  return text === name || text.includes(`${name}.`) || text.includes(`${name}".`)
}
