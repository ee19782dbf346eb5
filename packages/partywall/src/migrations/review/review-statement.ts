/**
 * The review of one statement: what it does outside of the schema of a tenant, and what is changed in its text so that it does not. It tells the
 * place of what it refuses; what it cannot know, it names.
 */
import { splitStatements, type SqlStatement } from '../../sql/lexer.ts'
import { databaseWide, type DatabaseWide } from './database-wide.ts'
import { embeddedSql } from './embedded-sql.ts'
import { nodeOf, type Tree } from './grammar.ts'
import { mentionsOf, type Mention } from './mentions.ts'
import type { OwnedObject } from './owned-objects.ts'
import { namesOfPublic } from './public-names.ts'
import { merged, noFacts, type Passage, type ReviewContext, type ReviewPlace, type StatementFacts } from './review-context.ts'
import { qualifiedNames } from './qualified-names.ts'
import { assertPathStays } from './search-path.ts'
import { assertStringsStay } from './strings.ts'
import * as say from './refusals.ts'

export function reviewStatement(passage: Passage, statement: SqlStatement, context: ReviewContext): StatementFacts {
  return new StatementReview(passage, statement, context).review()
}

class StatementReview {
  readonly #passage: Passage
  readonly #statement: SqlStatement
  readonly #context: ReviewContext
  readonly #text: string
  readonly #ofPublic: string[] = []

  constructor(passage: Passage, statement: SqlStatement, context: ReviewContext) {
    this.#passage = passage
    this.#statement = statement
    this.#context = context
    this.#text = passage.text.slice(statement.start, statement.end)
  }

  review(): StatementFacts {
    const { grammar, place, owned } = this.#context
    const tree = grammar.parse(this.#text)
    if (tree === undefined) return this.#unread()
    const kind = nodeOf(tree)?.[0]
    const isRemoved = this.#removes(tree)
    if (isRemoved !== undefined) return isRemoved
    assertPathStays(tree, this.#statement, this.#context, (offset, what) => this.#refuse(offset, what))
    if (kind === 'DoStmt') return this.#block()
    const mentions = mentionsOf(tree).map((mention) => this.#inOwnSchema(mention))
    if (!(place.isShared && place.sharedSchema === 'public')) this.#names(mentions)
    const facts = { ...factsOf(mentions, this.#at(this.#statement.start), place), ofPublic: this.#ofPublic }
    assertStringsStay(kind, this.#statement, facts.created, this.#context, (offset, what) => this.#refuse(offset, what))
    owned.record(facts)
    return facts
  }

  /** A name with the schema that the text is sent to is as good as one without. */
  #inOwnSchema(mention: Mention): Mention {
    return mention.schema !== undefined && mention.schema === this.#context.ownSchema
      ? { ...mention, schema: undefined }
      : mention
  }

  /** A statement that has to go, or may not be there, because of its kind. */
  #removes(tree: Tree): StatementFacts | undefined {
    const { place } = this.#context
    const wide = databaseWide(tree)
    if (wide === undefined) return undefined
    // Prisma starts with it, and pg_dump. The schema exists, and is not the tenant's.
    if (wide.what === 'create schema' && wide.schemas?.[0] === 'public' && this.#statement.tokens.at(-1) === 'public')
      return this.#remove([])
    if (place.isShared) return undefined
    if (wide.extensions !== undefined && place.extensions === 'shared') return this.#remove(leftOut(wide))
    if (wide.schemas !== undefined && this.#context.changesShared && wide.what !== 'create schema') return undefined
    return this.#refuse(this.#statement.start, say.databaseWide(wide, place))
  }

  #remove(extensions: readonly string[]): StatementFacts {
    const { start, end } = this.#statement
    this.#edit(start, end, '')
    return { ...noFacts, leftOut: extensions }
  }

  /** Names with a schema in front. */
  #names(mentions: readonly Mention[]): void {
    const uses = new Map(mentions.toReversed().map((mention) => [keyOf(mention), mention]))
    const written = new Set<string>()
    for (const name of qualifiedNames(this.#passage.text, this.#statement)) {
      const mention = uses.get(keyOf(name))
      if (mention === undefined) continue
      written.add(keyOf(name))
      this.#name(mention, name)
    }
    for (const [key, mention] of uses) {
      if (mention.schema !== undefined && mention.use !== 'refer' && !written.has(key)) this.#name(mention, undefined)
    }
  }

  /** @param written where the name is in the text; undefined when it could not be found there */
  #name(mention: Mention, written: { readonly start: number; readonly nameStart: number } | undefined): void {
    const { place, changesShared } = this.#context
    const { schema, name, use } = mention
    const start = written?.start ?? this.#statement.start
    const isForeign = schema !== 'public'
    const leads = isForeign || place.public === 'keep'
    if (place.isShared) {
      if (!leads && place.public === 'rewrite' && this.#isOwn(mention)) this.#unqualify(mention, written)
      return
    }
    if (schema === 'pg_temp') return
    if (leads) {
      if (use !== 'refer' && !changesShared) this.#refuse(start, say.changeElsewhere(mention, place))
      return
    }
    const isOwn = this.#isOwn(mention)
    if (place.public === 'rewrite' && (isOwn || (use !== 'refer' && !changesShared))) return this.#unqualify(mention, written)
    if (isOwn) this.#refuse(start, say.ownName(name))
    if (use !== 'refer' && !changesShared) this.#refuse(start, say.changeElsewhere(mention, place))
    if (!place.knowsPublic && !this.#context.isAfterCode) this.#refuse(start, say.unknownPublic(name))
    this.#ofPublic.push(name)
  }

  #unqualify(mention: Mention, written: { readonly start: number; readonly nameStart: number } | undefined): void {
    if (written === undefined) this.#refuse(this.#statement.start, say.ownName(mention.name))
    this.#edit(written.start, written.nameStart, '')
  }

  #isOwn({ class: of, name, use }: Mention): boolean {
    return use === 'create' || this.#context.owned.has({ class: of, name })
  }

  /** A DO block: each statement in it is one of the migration. */
  #block(): StatementFacts {
    const { grammar } = this.#context
    const body = bodyOf(this.#passage, this.#statement)
    const embedded = body && embeddedSql(grammar, this.#text, body.text)
    if (body === undefined || embedded === undefined) return this.#unread()
    const facts = embedded.map(({ text, start, kind }) => {
      const offset = body.offset === undefined || start === undefined ? undefined : body.offset + start
      const near = offset ?? body.near
      if (kind === 'dynamic') this.#assertNotOwn(text, near)
      if (kind === 'dynamic')
        return { ...noFacts, unknown: [{ offset: near, what: 'a statement that is put together at run time' }] }
      const whole = kind === 'statement' ? text : asStatement(text)
      const passage = { text: whole, offset: offset === undefined ? undefined : offset - (whole.length - text.length), near }
      const [statement] = splitStatements(whole)
      return statement === undefined ? noFacts : reviewStatement(passage, statement, this.#context)
    })
    return merged(facts)
  }

  #assertNotOwn(text: string, offset: number): void {
    const { place, owned, refuse } = this.#context
    const name = place.public === 'keep' ? undefined : namesOfPublic(text).find((candidate) => owned.hasName(candidate))
    if (name !== undefined) refuse(offset, say.inString(name, 'a statement that is put together at run time'))
  }

  /** A statement that the grammar cannot read. PostgreSQL may know it, or reports what is wrong with it. */
  #unread(): StatementFacts {
    const { place } = this.#context
    const at = this.#statement.tokens.findIndex((token) => token === 'public' || token === 'search_path')
    if (!place.isShared && place.public !== 'keep' && at !== -1) {
      this.#refuse(this.#statement.spans[at]![0], say.unread(this.#statement.tokens[at]!))
    }
    return { ...noFacts, unknown: [{ offset: this.#at(this.#statement.start), what: 'a statement that the review cannot read' }] }
  }

  #edit(start: number, end: number, text: string): void {
    if (this.#passage.offset === undefined) this.#refuse(start, say.unchangeable)
    this.#context.edits.replace(this.#passage.offset + start, this.#passage.offset + end, text)
  }

  #at(offset: number): number {
    return this.#passage.offset === undefined ? this.#passage.near : this.#passage.offset + offset
  }

  #refuse(offset: number, what: string): never {
    return this.#context.refuse(this.#at(offset), what)
  }
}

function factsOf(mentions: readonly Mention[], offset: number, place: ReviewPlace): StatementFacts {
  // What a name with another schema leads to is no matter of the search path.
  const followed = mentions.filter(({ schema }) => schema === undefined || (schema === 'public' && place.public === 'rewrite'))
  const of = (...uses: Mention['use'][]): OwnedObject[] =>
    followed.filter(({ use }) => uses.includes(use)).map(({ class: ofClass, name }) => ({ class: ofClass, name }))
  return {
    ...noFacts,
    created: of('create'),
    dropped: of('drop'),
    changed: of('change', 'write', 'drop').map((object) => ({ ...object, offset })),
  }
}

/** An expression of PL/pgSQL, or an assignment, as a statement. */
function asStatement(expression: string): string {
  return `select ${expression}`
}

function leftOut({ what, extensions = [] }: DatabaseWide): readonly string[] {
  return what === 'create extension' ? extensions : []
}

/** The code of a DO block. One in plain quotes has its quotes doubled, so the places in it are others. */
function bodyOf({ text, offset }: Passage, { tokens, spans, start }: SqlStatement): Passage | undefined {
  const index = tokens.indexOf("'")
  const span = spans[index]
  if (span === undefined || tokens.lastIndexOf("'") !== index) return undefined
  const written = text.slice(...span)
  const quote = /^\$[^$]*\$/.exec(written)?.[0]
  const near = (offset ?? 0) + start
  if (quote !== undefined) {
    const from = span[0] + quote.length
    return { text: text.slice(from, span[1] - quote.length), offset: offset === undefined ? undefined : offset + from, near }
  }
  if (!written.startsWith("'") || written.includes('\\')) return undefined
  return { text: written.slice(1, -1).replaceAll("''", "'"), offset: undefined, near }
}

function keyOf({ schema, name }: { readonly schema: string | undefined; readonly name: string }): string {
  return JSON.stringify([schema, name])
}
