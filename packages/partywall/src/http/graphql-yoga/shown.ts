/** An error as a client gets it, where Yoga itself does not write it. */
import type { GraphQLFormattedError } from 'graphql'

/** Gives the error that a client may see in place of any other. */
export type Mask = (error: unknown) => Error

/** Without what Yoga keeps for itself in the extensions. */
export function shownError(error: Error & { toJSON?: () => GraphQLFormattedError }): object {
  const { extensions = {}, ...others } = error.toJSON?.() ?? { message: error.message }
  const { http: _http, unexpected: _unexpected, ...shown } = extensions as Record<string, unknown>
  return { ...others, ...(Object.keys(shown).length > 0 && { extensions: shown }) }
}
