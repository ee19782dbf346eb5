/**
 * The bodies of functions, which are strings to PostgreSQL until they run. Names with `public.` in them lead to the shared schema, for whatever
 * tenant calls the function. A body may name what a later migration creates. What it reads of the catalogs is left as it is: it runs later.
 */
import { splitStatements, type SqlStatement } from '../../sql/lexer.ts'
import { constantStatement, reviewParts, variablesIn, type Expression } from './dynamic-sql.ts'
import { embeddedSql } from '../statements/embedded-sql.ts'
import { fieldsOf, listOf, stringOf, type Fields, type Tree } from '../statements/grammar.ts'
import type { OwnedObject } from './owned-objects.ts'
import { edit, literalIn, partOf, placeNear, tokenAt } from './passages.ts'
import { asStatement } from '../statements/likely-text.ts'
import { namesOfPublic } from './public-names.ts'
import { qualifiedNames } from '../statements/qualified-names.ts'
import type { Passage, ReviewContext } from './review-context.ts'
import { reviewFunctionPath, setsPathIn } from './search-path.ts'
import { reviewStringNames } from './string-names.ts'
import * as say from './refusals.ts'
import { settingName } from '../statements/setting-name.ts'

export interface BodyFacts {
  /** Names with `public.` that stay. */
  readonly ofPublic: readonly string[]
  /** The code cannot be read, so that what it changes is not known. */
  readonly isUnknown: boolean
}

/** Reviews CREATE FUNCTION and CREATE PROCEDURE: the body, and the search path that the function sets for it. */
export function reviewFunction(
  tree: Tree,
  passage: Passage,
  statement: SqlStatement,
  created: readonly OwnedObject[],
  context: ReviewContext,
): BodyFacts {
  const at = fieldsOf(tree, 'CreateFunctionStmt')!
  const body = new Body(at, passage, statement, created, context)
  body.review()
  reviewFunctionPath(at, passage, statement, context, body.isChanged)
  return { ofPublic: body.ofPublic, isUnknown: body.isUnknown }
}

class Body {
  readonly ofPublic: string[] = []
  isChanged = false
  isUnknown = false
  readonly #at: Fields
  readonly #passage: Passage
  readonly #statement: SqlStatement
  readonly #created: readonly OwnedObject[]
  readonly #context: ReviewContext
  readonly #isLeft: boolean

  constructor(at: Fields, passage: Passage, statement: SqlStatement, created: readonly OwnedObject[], context: ReviewContext) {
    this.#at = at
    this.#passage = passage
    this.#statement = statement
    this.#created = created
    this.#context = context
    const { place } = context
    this.#isLeft = place.public === 'keep' || (place.isShared && (place.sharedSchema === 'public' || place.public === 'refuse'))
  }

  review(): void {
    const language = optionOf(this.#at, 'language')
    const name = (stringOf(language?.['arg']) ?? 'sql').toLowerCase()
    const code = optionOf(this.#at, 'as')
    // The code of a function in C is a library.
    if (code === undefined || name === 'c' || name === 'internal') return
    const body = this.#code(code['location'])
    if (body === undefined) return this.#opaque(listOf(code['arg']).map(stringOf).join(' '), this.#passage.near)
    if (name === 'sql') this.#sql(body)
    else if (name === 'plpgsql') this.#plpgsql(body)
    else this.#opaque(body.text, body.near)
  }

  #code(location: unknown): Passage | undefined {
    const { tokens, spans } = this.#statement
    const at = tokenAt(this.#passage.text, this.#statement, location)
    const index = tokens[at] === "'" ? at : at + 1
    return tokens[index] === "'" && tokens[index + 1] !== "'" ? literalIn(this.#passage, spans[index]!) : undefined
  }

  #sql(body: Passage): void {
    for (const statement of splitStatements(body.text)) {
      this.#names(body, statement)
      const text = body.text.slice(statement.start, statement.end)
      this.#strings(partOf(body, statement.start, text, placeNear(body, statement.start)))
    }
  }

  #plpgsql(body: Passage): void {
    for (const statement of splitStatements(body.text)) this.#names(body, statement)
    const { start, end } = this.#statement
    const embedded = embeddedSql(this.#context.grammar, this.#passage.text.slice(start, end), body.text)
    if (embedded === undefined) return this.#opaque(stringsIn(body), body.near)
    const parts = embedded.map(({ text, start: from, kind, variable }) => {
      const near = from === undefined ? body.near : placeNear(body, from)
      const whole = kind === 'statement' ? text : asStatement(text)
      return {
        kind,
        variable,
        passage: partOf(body, from === undefined ? undefined : from - (whole.length - text.length), whole, near),
      }
    })
    const run = new Set(
      parts.filter(({ kind }) => kind === 'dynamic').flatMap(({ passage }) => this.#expressions(passage).flatMap(variablesIn)),
    )
    for (const { kind, variable, passage } of parts) {
      if (kind === 'dynamic' || (variable !== undefined && run.has(variable))) this.#dynamic(passage)
      else this.#strings(passage)
    }
  }

  /** Code of another language, or that cannot be read. */
  #opaque(code: string, near: number): void {
    this.isUnknown = true
    if (this.#isLeft) return
    const names = namesOfPublic(code)
    const own = names.find((name) => this.#isOwn(name))
    if (own !== undefined) this.#context.refuse(near, say.inString(own, 'the body of a function that the review cannot read'))
    for (const name of names) this.#stays(name, near)
  }

  /** Names in the code itself. */
  #names(body: Passage, statement: SqlStatement): void {
    if (this.#isLeft) return
    for (const { schema, name, start, nameStart } of qualifiedNames(body.text, statement)) {
      if (schema !== 'public') continue
      if (!this.#isOwn(name)) this.#stays(name, placeNear(body, start))
      else if (this.#context.place.public === 'refuse') {
        this.#context.refuse(placeNear(body, start), say.inString(name, 'the body of a function'))
      } else {
        edit(body, [start, nameStart], '', this.#context)
        this.isChanged = true
      }
    }
  }

  /** Names in the strings of a statement, and a search path that it sets. */
  #strings(passage: Passage): void {
    for (const { tree, statement } of this.#expressions(passage)) {
      if (setsPathIn(tree) && !this.#context.place.isShared) this.#assertConfined(tree, placeNear(passage, statement.start))
      if (reviewStringNames(tree, passage, statement, this.#context, (name) => this.#isOwn(name))) this.isChanged = true
    }
  }

  #dynamic(passage: Passage): void {
    for (const expression of this.#expressions(passage)) {
      if (/\bsearch_path\b/i.test(passage.text) && !this.#context.place.isShared) {
        this.#assertConfined(undefined, placeNear(passage, expression.statement.start))
      }
      const constant = constantStatement(expression)
      if (constant !== undefined) {
        this.#sql(constant)
        continue
      }
      const { ofPublic, isChanged } = reviewParts(expression, this.#context, (name) => this.#isOwn(name))
      if (isChanged) this.isChanged = true
      for (const name of ofPublic) this.#stays(name, passage.near)
    }
  }

  /** A function with a search path of its own ends with it what its body sets for the transaction. */
  #assertConfined(tree: Tree | undefined, near: number): void {
    const isLocal = tree !== undefined && setsPathIn(tree) === 'local'
    const hasOwn = listOf(this.#at['options']).some((option) => {
      const setting = fieldsOf(fieldsOf(option, 'DefElem')?.['arg'], 'VariableSetStmt')
      return setting !== undefined && settingName(setting) === 'search_path'
    })
    if (!isLocal || !hasOwn) this.#context.refuse(near, say.pathInBody())
  }

  #expressions(passage: Passage): Expression[] {
    return splitStatements(passage.text).flatMap((statement) => {
      const tree = this.#context.grammar.parse(passage.text.slice(statement.start, statement.end))
      return tree === undefined || statement.start !== 0 ? [] : [{ tree, passage, statement }]
    })
  }

  /** What the whole list creates counts: the body runs later. */
  #isOwn(name: string): boolean {
    const { owned, later } = this.#context
    return owned.hasName(name) || later?.hasName(name) === true || this.#created.some((object) => object.name === name)
  }

  #stays(name: string, near: number): void {
    const { place, inBodies, isAfterCode, refuse } = this.#context
    inBodies?.add(name)
    if (!place.isShared && !place.knowsPublic && !isAfterCode) refuse(near, say.unknownPublic(name))
    this.ofPublic.push(name)
  }
}

function optionOf(at: Fields, name: string): Fields | undefined {
  return listOf(at['options'])
    .map((option) => fieldsOf(option, 'DefElem'))
    .find((option) => option?.['defname'] === name)
}

/** The names in the code are known by its words; those in its strings only when it can be read. */
function stringsIn({ text }: Passage): string {
  return splitStatements(text)
    .flatMap(({ bodies }) => bodies)
    .join('\n')
}
