/** A DO block: each statement in it is one of the migration, also one that it runs as a text. */
import { splitStatements, type SqlStatement } from '../../sql/lexer.ts'
import { databaseWide } from '../statements/database-wide.ts'
import { constantStatement, reviewParts, variablesIn, type Expression } from './dynamic-sql.ts'
import { likelyText, unknownName } from '../statements/likely-text.ts'
import { embeddedSql, type EmbeddedSql } from '../statements/embedded-sql.ts'
import { fieldsOf, listOf, stringOf, type Tree } from '../statements/grammar.ts'
import { mentionsOf, type Mention } from '../statements/mentions.ts'
import { literalIn, partOf, placeNear, tokenAt } from './passages.ts'
import { asStatement } from '../statements/likely-text.ts'
import { merged, noFacts, type Passage, type ReviewContext, type StatementFacts } from './review-context.ts'
import { factsOf } from './statement-facts.ts'
import * as say from './refusals.ts'

type Review = (passage: Passage, statement: SqlStatement, context: ReviewContext) => StatementFacts

/**
 * @param review reviews one statement
 * @returns undefined when the block cannot be read
 */
export function reviewBlock(
  tree: Tree,
  passage: Passage,
  statement: SqlStatement,
  context: ReviewContext,
  review: Review,
): StatementFacts | undefined {
  const body = bodyOf(tree, passage, statement)
  const embedded = body && embeddedSql(context.grammar, passage.text.slice(statement.start, statement.end), body.text)
  return embedded && new Block(body, embedded, context, review).review()
}

class Block {
  readonly #body: Passage
  readonly #embedded: readonly EmbeddedSql[]
  readonly #context: ReviewContext
  readonly #review: Review
  /** Variables that are run as a statement; what is assigned to them is SQL. */
  readonly #run: ReadonlySet<string>
  /** Those of them that have held a text that is no whole statement. */
  readonly #unknown = new Set<string>()

  constructor(body: Passage, embedded: readonly EmbeddedSql[], context: ReviewContext, review: Review) {
    this.#body = body
    this.#embedded = embedded
    this.#context = context
    this.#review = review
    const dynamic = embedded.filter(({ kind }) => kind === 'dynamic')
    this.#run = new Set(dynamic.flatMap((one) => this.#expression(one)?.flatMap(variablesIn) ?? []))
  }

  review(): StatementFacts {
    return merged(this.#embedded.map((one) => this.#one(one)))
  }

  #one(embedded: EmbeddedSql): StatementFacts {
    const { kind, variable } = embedded
    if (kind === 'dynamic') return this.#dynamic(embedded)
    if (variable !== undefined && this.#run.has(variable)) return this.#assigned(embedded, variable)
    const passage = this.#passage(embedded)
    return merged(splitStatements(passage.text).map((statement) => this.#review(passage, statement, this.#context)))
  }

  #dynamic(embedded: EmbeddedSql): StatementFacts {
    const facts = (this.#expression(embedded) ?? []).map((expression) => {
      const constant = constantStatement(expression)
      if (constant !== undefined) return this.#statements(constant)
      const [variable] = variablesIn(expression)
      const isKnown = embedded.text.trim() === variable && this.#isAssigned(variable) && !this.#unknown.has(variable)
      return isKnown ? noFacts : this.#parts(expression, true)
    })
    return merged(facts)
  }

  #assigned(embedded: EmbeddedSql, variable: string): StatementFacts {
    const facts = (this.#expression(embedded) ?? []).map((expression) => {
      const constant = constantStatement(expression)
      if (constant !== undefined && this.#isStatement(constant)) return this.#statements(constant)
      this.#unknown.add(variable)
      return this.#parts(expression, false)
    })
    return merged(facts)
  }

  #isAssigned(variable: string): boolean {
    return this.#embedded.some((one) => one.variable === variable)
  }

  #isStatement(constant: Passage): boolean {
    const statements = splitStatements(constant.text)
    return (
      statements.length > 0 && statements.every(({ start, end }) => this.#context.grammar.parse(constant.text.slice(start, end)))
    )
  }

  #statements(constant: Passage): StatementFacts {
    const run = { ...constant, isRun: true } as const
    return merged(splitStatements(run.text).map((statement) => this.#review(run, statement, this.#context)))
  }

  /** A statement of which only parts are known. */
  #parts(expression: Expression, isRun: boolean): StatementFacts {
    const { place, owned, grammar, refuse, changesShared, isAfterCode } = this.#context
    const offset = placeNear(expression.passage, expression.statement.start)
    const text = likelyText(expression)
    if (/\bsearch_path\b/i.test(text) && !place.isShared) refuse(offset, say.path('search_path'))
    const likely = grammar.parse(text)
    const wide = likely && databaseWide(likely)
    const isOnPurpose = wide?.schemas !== undefined && changesShared && wide.what !== 'create schema'
    if (wide !== undefined && !place.isShared && !isOnPurpose) refuse(offset, say.databaseWide(wide, place))
    const { ofPublic, isChanged } = reviewParts(expression, this.#context, (name) => owned.hasName(name))
    const named = likely === undefined ? [] : mentionsOf(likely)
    const outside = named.find((mention) => isOutside(mention) && !(isChanged && mention.schema === 'public'))
    if (outside !== undefined && !place.isShared && !changesShared && !isAfterCode) {
      refuse(offset, say.changeElsewhere({ ...outside, name: outside.name.replaceAll(unknownName, '…') }, place))
    }
    const mentions = named.filter(({ name, schema }) => isWritten(name) && schema === undefined)
    const facts = factsOf(mentions, offset, place)
    owned.record({ ...facts, dropped: [] })
    const unknown = isRun ? [{ offset, what: 'a statement that is put together at run time' }] : []
    return { ...facts, dropped: [], ofPublic, unknown }
  }

  #expression(embedded: EmbeddedSql): Expression[] | undefined {
    const passage = this.#passage(embedded)
    const [statement, second] = splitStatements(passage.text)
    const tree = statement && this.#context.grammar.parse(passage.text)
    return tree === undefined || second !== undefined ? undefined : [{ tree, passage, statement: statement! }]
  }

  #passage({ text, start, kind }: EmbeddedSql): Passage {
    const near = start === undefined ? this.#body.near : placeNear(this.#body, start)
    const whole = kind === 'statement' ? text : asStatement(text)
    return partOf(this.#body, start === undefined ? undefined : start - (whole.length - text.length), whole, near)
  }
}

/** Of `public.` in front of a name that is not known, the parts of the text are looked at. */
function isOutside({ schema, name, use }: Mention): boolean {
  if (use === 'refer' || schema === undefined || schema === 'pg_temp') return false
  return isWritten(schema) && (schema !== 'public' || isWritten(name))
}

function isWritten(name: string): boolean {
  return !name.includes(unknownName)
}

function bodyOf(tree: Tree, passage: Passage, statement: SqlStatement): Passage | undefined {
  const options = listOf(fieldsOf(tree, 'DoStmt')?.['args']).map((option) => fieldsOf(option, 'DefElem'))
  const language = options.find((option) => option?.['defname'] === 'language')?.['arg']
  const code = options.find((option) => option?.['defname'] === 'as')
  if (code === undefined || (language !== undefined && stringOf(language) !== 'plpgsql')) return undefined
  const { tokens, spans } = statement
  const index = tokenAt(passage.text, statement, code['location'])
  if (tokens[index] !== "'" || tokens[index + 1] === "'") return undefined
  return literalIn(passage, spans[index]!)
}
