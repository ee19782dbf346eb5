/** What a review is given, and what it finds. */
import type { Edits } from '../statements/edits.ts'
import type { Grammar } from '../statements/grammar.ts'
import type { OwnedObject, OwnedObjects } from './owned-objects.ts'

/** What a name with the schema `public` means in a migration. */
type PublicPolicy = 'refuse' | 'rewrite' | 'keep'

/** Where the migrations run, and what their source decided. */
export interface ReviewPlace {
  /** The text is for the shared schema, where extensions, roles and other schemas may be changed. */
  readonly isShared: boolean
  readonly sharedSchema: string
  /** The search path of a tenant goes on with the shared schema. */
  readonly includesShared: boolean
  /** The schemas that come after the tenant's own in its search path. */
  readonly path: readonly string[]
  /** `public` is a schema of this tenancy, so a name may lead there on purpose. */
  readonly knowsPublic: boolean
  /** The folder of the shared migrations, for messages. */
  readonly sharedSource: string
  readonly public: PublicPolicy
  /** `shared` leaves out statements about extensions, because the shared migrations create them. */
  readonly extensions: 'refuse' | 'shared'
}

/** What a text is reviewed with. */
export interface ReviewContext {
  readonly grammar: Grammar
  readonly place: ReviewPlace
  /** The file changes objects of the shared schema on purpose: `-- partywall: shared-objects`. */
  readonly changesShared: boolean
  /** The schema that the text is sent to, where that is known: a text that goes to many schemas has none. */
  readonly ownSchema?: string | undefined
  /** Migrations in code come before it: what they create is not known, and will be looked up when the text is sent. */
  readonly isAfterCode: boolean
  /** What the migrations after the text create: a body of a function may name it. */
  readonly later?: OwnedObjects | undefined
  /** Collects names with `public.` in the bodies of functions that nothing before them has created. */
  readonly inBodies?: Set<string> | undefined
  /** The values of the parameters of a statement that code sends. The review may change them. */
  readonly values?: unknown[] | undefined
  /** What is in the schema before the text. The review adds what the text creates, and removes what it drops. */
  readonly owned: OwnedObjects
  readonly edits: Edits
  /** Throws an error that says what is refused, and where: an offset in the text. */
  readonly refuse: (offset: number, what: string) => never
}

/** An object that a statement changes, and whose name has no schema: the search path decides which one it is. */
interface ChangedObject extends OwnedObject {
  readonly offset: number
}

/** What is known of a statement after its review. */
export interface StatementFacts {
  /** Where the statement starts in the reviewed text. */
  readonly start: number
  readonly created: readonly OwnedObject[]
  readonly dropped: readonly OwnedObject[]
  readonly changed: readonly ChangedObject[]
  /** Names with `public.` that stay, because the text shows nothing of that name in the tenant. */
  readonly ofPublic: readonly string[]
  /** Extensions that were left out: the shared migrations must have created them. */
  readonly leftOut: readonly { readonly extension: string; readonly offset: number }[]
  /** Extensions that the text creates, for the whole database. */
  readonly extensions: readonly string[]
  /** Offsets of what the review cannot read: a statement that is put together at run time, or one of a newer server. */
  readonly unknown: readonly { readonly offset: number; readonly what: string }[]
}

/** A text inside of a file: the file itself, or the body of a DO block in it. */
export interface Passage {
  readonly text: string
  /** Where it starts in the file; undefined when it is written there in another way, so that nothing in it can be changed. */
  readonly offset: number | undefined
  /** A place in the file to name when it is not known better. */
  readonly near: number
  /** The text is what EXECUTE runs. */
  readonly isRun?: true
  /** The text stands between quotes in the file: where an offset is then, and how a text is written there. */
  readonly quoted?: { at(offset: number): number; written(text: string): string } | undefined
}

export const noFacts: StatementFacts = Object.freeze({
  start: 0,
  created: [],
  dropped: [],
  changed: [],
  ofPublic: [],
  leftOut: [],
  extensions: [],
  unknown: [],
})

export function merged(all: readonly StatementFacts[]): StatementFacts {
  return {
    start: all[0]?.start ?? 0,
    created: all.flatMap(({ created }) => created),
    dropped: all.flatMap(({ dropped }) => dropped),
    changed: all.flatMap(({ changed }) => changed),
    ofPublic: all.flatMap(({ ofPublic }) => ofPublic),
    leftOut: all.flatMap((facts) => facts.leftOut),
    extensions: all.flatMap(({ extensions }) => extensions),
    unknown: all.flatMap(({ unknown }) => unknown),
  }
}
