/**
 * The review of one statement: what it does outside of the schema of a tenant, and what is changed in its text so that it does not. It tells the
 * place of what it refuses; what it cannot know, it names.
 */
import type { SqlStatement } from '../../sql/lexer.ts'
import { reviewFunction } from './bodies.ts'
import { isOfCatalog, limitedWrites } from './catalog-writes.ts'
import { databaseWide, type DatabaseWide } from '../statements/database-wide.ts'
import { reviewBlock } from './do-block.ts'
import { fieldsOf, nodeOf, type Tree } from '../statements/grammar.ts'
import { reviewGuards } from './guards.ts'
import { mentionsOf, type Mention } from '../statements/mentions.ts'
import { edit, placeNear } from './passages.ts'
import { noFacts, type Passage, type ReviewContext, type StatementFacts } from './review-context.ts'
import { namesPublicAlone } from './names-public-alone.ts'
import { columnsOf, qualifiedNames, type QualifiedName } from '../statements/qualified-names.ts'
import { assertPathStays, reviewFunctionPath } from './search-path.ts'
import { setSequences } from './set-sequences.ts'
import { factsOf } from './statement-facts.ts'
import { reviewStringNames } from './string-names.ts'
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
    this.#assertForServer(tree)
    if (tree === undefined) return this.#unread()
    const kind = nodeOf(tree)?.[0]
    if (place.public === 'rewrite' && this.#isOfFile() && namesPublicAlone(tree, place.path)) return this.#remove([])
    const isRemoved = this.#removes(tree)
    if (isRemoved !== undefined) return isRemoved
    assertPathStays(tree, this.#statement, (offset, what) => this.#refuse(offset, what))
    if (kind === 'DoStmt')
      return reviewBlock(tree, this.#passage, this.#statement, this.#context, reviewStatement) ?? this.#unread()
    reviewGuards(tree, this.#passage, this.#statement, this.#context)
    const mentions = mentionsOf(tree).map((mention) => this.#inOwnSchema(mention))
    if (!place.isShared) this.#assertCatalogsStay(tree, mentions)
    if (!(place.isShared && place.sharedSchema === 'public')) this.#names(mentions, tree)
    const facts = factsOf([...mentions, ...this.#setSequences(tree)], this.#at(this.#statement.start), place)
    const unknown = this.#strings(tree, facts)
    owned.record(facts)
    return { ...facts, ofPublic: this.#ofPublic, extensions: createdExtensions(tree), unknown }
  }

  /** Commands of psql, and data that psql sends behind a statement, are for psql and not for the server. */
  #assertForServer(tree: Tree | undefined): void {
    const { tokens, spans } = this.#statement
    const command = tree === undefined ? tokens.indexOf('\\') : -1
    if (command !== -1) this.#refuse(spans[command]![0], say.psqlCommand(tokens[command + 1] ?? ''))
    const copy = fieldsOf(tree, 'CopyStmt')
    if (copy !== undefined && copy['filename'] === undefined)
      this.#refuse(this.#statement.start, say.copyOfClient(copy['is_from'] === true))
  }

  /** What is written to PostgreSQL's own catalogs. */
  #assertCatalogsStay(tree: Tree, mentions: readonly Mention[]): void {
    const { place, changesShared } = this.#context
    const changed = mentions.filter((mention) => mention.use !== 'refer' && mention.use !== 'create' && isOfCatalog(mention))
    if (changed.length === 0) return
    const limited = limitedWrites(tree)
    for (const mention of changed) {
      if (mention.name === 'pg_settings') this.#refuse(this.#statement.start, say.settingsTable)
      const isLimited = mention.use === 'write' && limited.has(mention.name)
      if (!isLimited && !changesShared) this.#refuse(this.#statement.start, say.catalogWrite(mention, place))
    }
  }

  /** Those without a schema: the path decides which ones they are. */
  #setSequences(tree: Tree): Mention[] {
    const { place, changesShared, isAfterCode } = this.#context
    if (place.isShared) return []
    const sequences = setSequences(tree).map((mention) => this.#inOwnSchema(mention))
    // The string of an own one is changed, or refused, with the others.
    const outside = sequences.find(({ schema, name }) => {
      return schema !== undefined && !(schema === 'public' && this.#context.owned.hasName(name))
    })
    if (outside !== undefined && !changesShared && !isAfterCode) {
      this.#refuse(this.#statement.start, say.changeElsewhere(outside, place))
    }
    return sequences.filter(({ schema }) => schema === undefined)
  }

  /** Names in strings, and in the body of a function. Returns what of it is not known. */
  #strings(tree: Tree, { created }: StatementFacts): StatementFacts['unknown'] {
    const isOwn = (name: string): boolean => this.#context.owned.hasName(name) || created.some((object) => object.name === name)
    const [kind, at] = nodeOf(tree)!
    reviewStringNames(tree, this.#passage, this.#statement, this.#context, isOwn)
    if (kind === 'AlterFunctionStmt') reviewFunctionPath(at, this.#passage, this.#statement, this.#context)
    if (kind !== 'CreateFunctionStmt') return []
    const { ofPublic, isUnknown } = reviewFunction(tree, this.#passage, this.#statement, created, this.#context)
    this.#ofPublic.push(...ofPublic)
    return isUnknown
      ? [{ offset: this.#at(this.#statement.start), what: 'the body of a function that the review cannot read' }]
      : []
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
    if (wide.extensions !== undefined && place.extensions === 'shared') return this.#remove(extensionsIn(wide))
    if (wide.schemas !== undefined && this.#context.changesShared && wide.what !== 'create schema') return undefined
    return this.#refuse(this.#statement.start, say.databaseWide(wide, place))
  }

  /** The statement stands in the file itself, and not in a DO block. */
  #isOfFile(): boolean {
    return this.#passage.offset === 0 && this.#passage.quoted === undefined
  }

  #remove(extensions: readonly string[]): StatementFacts {
    const { start, end } = this.#statement
    // PL/pgSQL has no empty statement, and EXECUTE runs none of PL/pgSQL.
    this.#edit(start, end, this.#isOfFile() ? '' : this.#passage.isRun ? 'select' : 'null')
    const offset = this.#at(start)
    return { ...noFacts, leftOut: extensions.map((extension) => ({ extension, offset })) }
  }

  /** Names with a schema in front. */
  #names(mentions: readonly Mention[], tree: Tree): void {
    const uses = new Map(mentions.toReversed().map((mention) => [keyOf(mention), mention]))
    const written = new Set<string>()
    let columns: ReadonlySet<string> | undefined
    for (const name of qualifiedNames(this.#passage.text, this.#statement)) {
      const mention = uses.get(keyOf(name)) ?? this.#elsewhere(name, () => (columns ??= columnsOf(tree)))
      if (mention === undefined) continue
      written.add(keyOf(name))
      this.#name(mention, name)
    }
    for (const [key, mention] of uses) {
      if (mention.schema !== undefined && mention.use !== 'refer' && !written.has(key)) this.#name(mention, undefined)
    }
  }

  /** A name at a place that `mentionsOf` does not look at, such as ORDER BY … USING OPERATOR(public.<). */
  #elsewhere({ schema, name }: QualifiedName, columns: () => ReadonlySet<string>): Mention | undefined {
    if (schema !== 'public' || columns().has(keyOf({ schema, name }))) return undefined
    return { class: this.#context.owned.classOf(name) ?? 'relation', schema, name, use: 'refer' }
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
    if (schema === 'pg_temp' || (use === 'write' && isOfCatalog(mention))) return
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
    edit(this.#passage, [start, end], text, this.#context)
  }

  #at(offset: number): number {
    return placeNear(this.#passage, offset)
  }

  #refuse(offset: number, what: string): never {
    return this.#context.refuse(this.#at(offset), what)
  }
}

function createdExtensions(tree: Tree): readonly string[] {
  const wide = databaseWide(tree)
  return wide === undefined ? [] : extensionsIn(wide)
}

function extensionsIn({ what, extensions = [] }: DatabaseWide): readonly string[] {
  return what === 'create extension' ? extensions : []
}

function keyOf({ schema, name }: { readonly schema: string | undefined; readonly name: string }): string {
  return JSON.stringify([schema, name])
}
