/** The review of a text without a database. */
import { splitStatements } from '../../../src/sql/lexer.ts'
import { Edits } from '../../../src/migrations/statements/edits.ts'
import { loadGrammar } from '../../../src/migrations/statements/grammar.ts'
import { OwnedObjects, type OwnedObject } from '../../../src/migrations/review/owned-objects.ts'
import type { ReviewPlace, StatementFacts } from '../../../src/migrations/review/review-context.ts'
import { reviewStatement } from '../../../src/migrations/review/review-statement.ts'

const grammar = await loadGrammar()
const place: ReviewPlace = {
  isShared: false,
  sharedSchema: 'public',
  includesShared: true,
  path: ['public'],
  knowsPublic: true,
  sharedSource: 'migrations/shared',
  public: 'rewrite',
  extensions: 'refuse',
}

/** What belongs to the tenant before the text. */
const owned: readonly OwnedObject[] = [
  ...['books', 'mood', 'books_title_idx', 'calm_books', 'tickets', 'Odd "name"'].map((name) => ({
    class: 'relation' as const,
    name,
  })),
  { class: 'routine', name: 'refresh_books' },
]

export type Given = Partial<ReviewPlace> & {
  readonly owned?: OwnedObjects
  readonly later?: OwnedObjects
  readonly changesShared?: boolean
  readonly values?: unknown[]
  readonly ownSchema?: string
}

/** The text after its review, for a source with `public: 'rewrite'`. */
export function reviewed(text: string, given: Given = {}): string {
  return withFacts(text, given).text
}

/** What the review finds out about the statements of a text. */
export function factsOf(text: string, given: Given = {}): readonly StatementFacts[] {
  return withFacts(text, given).facts
}

function withFacts(text: string, given: Given): { readonly text: string; readonly facts: readonly StatementFacts[] } {
  const { owned: known = new OwnedObjects(owned), later, changesShared = false, values, ownSchema, ...rest } = given
  const edits = new Edits()
  const refuse = (offset: number, what: string): never => {
    throw new Error(`line ${text.slice(0, offset).split('\n').length}: ${what}`)
  }
  const sent = { later, values, ownSchema, changesShared, isAfterCode: false }
  const context = { grammar, place: { ...place, ...rest }, owned: known, edits, refuse, ...sent }
  const facts = splitStatements(text).map((statement) =>
    reviewStatement({ text, offset: 0, near: statement.start }, statement, context),
  )
  return { text: edits.apply(text).text, facts }
}
