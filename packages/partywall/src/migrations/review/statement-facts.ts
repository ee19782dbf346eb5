/** What a statement does to the objects that it names. */
import type { Mention } from '../statements/mentions.ts'
import type { OwnedObject } from './owned-objects.ts'
import { noFacts, type ReviewPlace, type StatementFacts } from './review-context.ts'

/** @param offset the place of the statement in the file */
export function factsOf(mentions: readonly Mention[], offset: number, place: ReviewPlace): StatementFacts {
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
