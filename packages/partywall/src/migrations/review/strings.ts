/** Names inside of strings and of the bodies of functions, which are strings to PostgreSQL until they run. */
import type { SqlStatement } from '../../sql/lexer.ts'
import type { OwnedObject } from './owned-objects.ts'
import { namesOfPublic, soleNameOfPublic } from './public-names.ts'
import type { ReviewContext } from './review-context.ts'
import * as say from './refusals.ts'

type Refuse = (offset: number, what: string) => never

export function assertStringsStay(
  kind: string | undefined,
  { bodies, tokens, spans }: SqlStatement,
  created: readonly OwnedObject[],
  { place, owned }: ReviewContext,
  refuse: Refuse,
): void {
  if (place.public === 'keep' || (place.isShared && place.sharedSchema === 'public')) return
  const isRoutine = kind === 'CreateFunctionStmt'
  const strings = spans.filter((_, index) => tokens[index] === "'")
  const isOwn = (name: string): boolean => owned.hasName(name) || created.some((object) => object.name === name)
  for (const [index, body] of bodies.entries()) {
    const names = isRoutine ? namesOfPublic(body) : [soleNameOfPublic(body) ?? []].flat()
    const name = names.find(isOwn)
    const [start] = strings[index]!
    if (name !== undefined) refuse(start, say.inString(name, isRoutine ? 'the body of a function' : 'a string'))
  }
}
