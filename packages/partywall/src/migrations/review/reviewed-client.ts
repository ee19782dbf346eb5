/**
 * Migrations in code. What they send is not known before they run, so each statement is reviewed when it is sent. What belongs to the tenant
 * is what the tenant's schema holds at that moment.
 */
import type { QueryResult, QueryResultRow } from 'pg'
import type { Statement } from '../../sql/statement.ts'
import { BoundedMap } from '../../bounded-map.ts'
import { TenancyError } from '../../errors.ts'
import type { Migration, MigrationClient, MigrationContext, Step } from '../../ports/migration-source.ts'
import { splitStatements } from '../../sql/lexer.ts'
import { Edits } from '../statements/edits.ts'
import { extensionsOfDatabase, missingExtension } from './left-out-extensions.ts'
import type { Grammar } from '../statements/grammar.ts'
import { namesOfSchemaSql, type NameInSchemas } from './names-sql.ts'
import { OwnedObjects, type OwnedObject } from './owned-objects.ts'
import { namesOfPublic } from './public-names.ts'
import type { ReviewContext, ReviewPlace, StatementFacts } from './review-context.ts'
import { reviewStatement } from './review-statement.ts'
import { keepSettings, maySet, restoreSettings, settingsOf } from '../shape/settings.ts'
import * as say from './refusals.ts'
import type { SharedNames } from './shared-names.ts'

/** What all clients of a review have in common. */
export interface CodeReview {
  readonly place: ReviewPlace
  readonly grammar: Grammar
  readonly sharedNames: SharedNames
}

/** The same step, whose client sends only what is fit for the schema. */
export function reviewedCode(step: Step, migration: Migration, review: CodeReview): Step {
  const { place } = review
  if (step.kind === 'sql' || (place.isShared && place.sharedSchema === 'public')) return step
  return {
    kind: 'code',
    run: async (context) => {
      const client = new ReviewedClient(context, migration, review)
      await step.run({ ...context, client })
      await client.restoreSettings()
    },
  }
}

/** A client for one run of the migration. */
export function reviewedClient(context: MigrationContext<any>, migration: Migration, review: CodeReview): MigrationClient {
  return new ReviewedClient(context, migration, review)
}

/** A text that was reviewed without knowing what the tenant owns. */
interface FirstReview {
  readonly facts: readonly StatementFacts[]
  /** Nothing in it depends on what the tenant owns, and it is sent as it is. */
  readonly isPlain: boolean
}

/** The same statements go to one tenant after the other. Weighed in characters. */
const firstReviews = new BoundedMap<string, FirstReview>(1_000_000)

class ReviewedClient implements MigrationClient {
  readonly #client: MigrationClient
  readonly #ownSchema: string
  readonly #migration: Migration
  readonly #place: ReviewPlace
  readonly #grammar: Grammar
  readonly #sharedNames: SharedNames
  /** What this migration has created, and what was found in the schema. */
  readonly #owned = new OwnedObjects()
  /** Names that were looked up, and whether the tenant and the shared schema have them. */
  readonly #known = new Map<string, NameInSchemas>()
  /** Settings that the migration has changed. */
  readonly #settings = new Set<string>()
  /** The look-up that statements wait for, so that they keep their order. */
  #lookingUp: Promise<unknown> | undefined

  constructor({ client, tenant }: MigrationContext<any>, migration: Migration, { place, grammar, sharedNames }: CodeReview) {
    this.#client = client
    this.#ownSchema = tenant?.schema ?? place.sharedSchema
    this.#migration = migration
    this.#place = place
    this.#grammar = grammar
    this.#sharedNames = sharedNames
  }

  /** Not an async function: a statement that needs no look-up is sent at once. */
  query<R extends QueryResultRow>(query: string | Statement, values?: readonly unknown[]): Promise<QueryResult<R>> {
    try {
      const statement = typeof query === 'string' ? { text: query, ...(values && { values: [...values] }) } : query
      const names = this.#namesToLookUp(statement.text)
      if (names.length === 0 && this.#lookingUp === undefined) return this.#send(statement)
      return this.#lookUpAndSend(statement, names)
    } catch (error) {
      return Promise.reject(error as Error)
    }
  }

  async #lookUpAndSend(statement: Statement, names: readonly string[]): Promise<QueryResult<any>> {
    const before = this.#lookingUp
    const looked = (async () => {
      await before
      if (names.length > 0) await this.#lookUp(names)
    })()
    this.#lookingUp = looked
    try {
      await looked
    } finally {
      if (this.#lookingUp === looked) this.#lookingUp = undefined
    }
    return this.#send(statement)
  }

  /** Names whose schema decides: `public.` stands in front of them, or the statement changes them and the path decides. */
  #namesToLookUp(text: string): string[] {
    const { facts, isPlain } = this.#firstReview(text)
    const changed = this.#changedByPath(facts).filter(({ name }) => this.#sharedNames.mayHave(name))
    const names = [...(isPlain ? [] : namesOfPublic(text)), ...changed.map(({ name }) => name)]
    return [...new Set(names)].filter((name) => !this.#known.has(name))
  }

  #firstReview(text: string): FirstReview {
    const key = `${this.#ownSchema} ${JSON.stringify(this.#place)} ${text}`
    let first = firstReviews.get(key)
    if (first === undefined) {
      let isRefused = false
      const { text: edited, facts } = this.#review(text, new OwnedObjects(), () => {
        isRefused = true
      })
      first = { facts, isPlain: !isRefused && edited === text && namesOfPublic(text).length === 0 }
      firstReviews.set(key, first, key.length)
    }
    return first
  }

  /** What these statements change in turn, and none of them has created before. */
  #changedByPath(facts: readonly StatementFacts[]): OwnedObject[] {
    if (!this.#place.includesShared || this.#place.isShared) return []
    const owned = this.#owned.copy()
    return facts.flatMap((one) => {
      const changed = one.changed.filter((object) => !owned.has(object))
      owned.record(one)
      return changed
    })
  }

  async #lookUp(names: readonly string[]): Promise<void> {
    if (this.#place.includesShared) await this.#sharedNames.read(this.#client)
    const { rows } = await this.#client.query<NameInSchemas>(namesOfSchemaSql(names, this.#place.sharedSchema))
    for (const row of rows) this.#known.set(row.name, row)
  }

  /** What code has set would hold for the files behind it. */
  async restoreSettings(): Promise<void> {
    if (this.#settings.size > 0) await this.#client.query(restoreSettings([...this.#settings]))
  }

  /** Keeps what the statements of a text change. */
  #keepSettings(text: string, refuse: (what: string) => never): void {
    const found = splitStatements(text).flatMap((statement) => {
      // SET TRANSACTION is about this transaction, and so is SET CONSTRAINTS.
      const isOfTransaction = statement.tokens.slice(1, 3).some((token) => token === 'transaction' || token === 'constraints')
      if (isOfTransaction || !maySet(statement)) return []
      const written = text.slice(statement.start, statement.end)
      const tree = this.#grammar.parse(written)
      return tree === undefined ? [] : settingsOf(this.#grammar, written, tree, refuse).names
    })
    const names = [...new Set(found)].filter((name) => !this.#settings.has(name))
    for (const name of names) this.#settings.add(name)
    // Not awaited: the next statement may not overtake this one. Where it fails, that one fails, too.
    if (names.length > 0) this.#client.query(keepSettings(names)).catch(() => {})
  }

  #send(statement: Statement): Promise<QueryResult<any>> {
    const refuse = (what: string): never => {
      const { file, name } = this.#migration
      throw new TenancyError('INVALID_MIGRATION', `${file} sends ${what}`, { details: { file, name } })
    }
    const owned = this.#owned.copy()
    const looked = [...this.#known.values()]
    owned.record({ created: looked.filter(({ isOwn }) => isOwn).flatMap(objectsOf), dropped: [] })
    // What is nowhere yet will be created by the migrations of the tenant: those of the shared schema have run.
    const later = new OwnedObjects(looked.filter(({ isOwn, isShared }) => !isOwn && !isShared).flatMap(objectsOf))
    const values = statement.values && [...statement.values]
    const first = this.#firstReview(statement.text)
    const isPlain = first.isPlain && values?.some((value) => value === 'public' || Array.isArray(value)) !== true
    const { text, facts } = isPlain
      ? { ...first, text: statement.text }
      : this.#review(statement.text, owned, refuse, { later, values })
    for (const { name } of this.#migration.sharedObjects === true ? [] : this.#changedByPath(facts)) {
      const known = this.#known.get(name)
      if (known?.isShared === true && !known.isOwn) refuse(say.changeOfShared(name, this.#place))
    }
    if (!this.#place.isShared) this.#keepSettings(text, refuse)
    for (const one of facts) {
      this.#owned.record(one)
      for (const { name } of [...one.created, ...one.dropped]) this.#known.delete(name)
    }
    const send = (): Promise<QueryResult<any>> => {
      // The review has left the whole statement out.
      if (text.trim() === '' && statement.text.trim() !== '') return Promise.resolve(nothing())
      return this.#client.query({ ...statement, text, ...(values && { values }) })
    }
    const extensions = facts.flatMap(({ leftOut }) => leftOut.map(({ extension }) => extension))
    return extensions.length === 0 ? send() : this.#assertExtensions(extensions).then(send)
  }

  async #assertExtensions(names: readonly string[]): Promise<void> {
    const existing = await extensionsOfDatabase(this.#client, names)
    const missing = names.find((name) => !existing.includes(name))
    if (missing === undefined) return
    const { name, file } = this.#migration
    throw missingExtension({ extension: missing, name, file }, this.#place.sharedSource)
  }

  /** @param refuse without an effect where only the names in a text are asked for */
  #review(
    text: string,
    owned: OwnedObjects,
    refuse: (what: string) => void,
    sent: Pick<ReviewContext, 'later' | 'values'> = {},
  ): { readonly text: string; readonly facts: readonly StatementFacts[] } {
    const edits = new Edits()
    const context = {
      ...sent,
      grammar: this.#grammar,
      place: this.#place,
      changesShared: this.#migration.sharedObjects === true,
      isAfterCode: false,
      ownSchema: this.#ownSchema,
      owned,
      edits,
      refuse: (_: number, what: string): never => {
        refuse(what)
        throw refused
      },
    }
    const facts = splitStatements(text).flatMap((statement) => {
      try {
        return [reviewStatement({ text, offset: 0, near: statement.start }, statement, context)]
      } catch (error) {
        if (error === refused) return []
        throw error
      }
    })
    return { text: edits.apply(text).text, facts }
  }
}

const refused = new Error('refused')

function objectsOf({ name }: NameInSchemas): OwnedObject[] {
  return (['relation', 'routine', 'collation', 'operator', 'statistics', 'operator class', 'text search'] as const).map((of) => ({
    class: of,
    name,
  }))
}

function nothing(): QueryResult<any> {
  return { command: '', rowCount: null, oid: 0, rows: [], fields: [] }
}
