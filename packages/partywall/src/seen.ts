/** How a message shows the value that was refused. A value in the wrong place may be a password, so text is shown only on request. */

/**
 * Numbers, booleans and empty text as they are; of everything else its type.
 * @param text `quoted` shows text too, up to 60 characters: only for what cannot be a secret, such as the name of a kind. @default 'hidden'
 * @example seen('postgres://me:s3cret@host/db') === 'text'
 */
export function seen(value: unknown, text: 'quoted' | 'hidden' = 'hidden'): string {
  if (typeof value === 'string') return text === 'quoted' || value === '' ? quoted(value) : 'text'
  if (value === null || value === undefined) return String(value)
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'an object'
  return typeof value === 'function' || typeof value === 'symbol' ? `a ${typeof value}` : String(value)
}

function quoted(text: string): string {
  return JSON.stringify(text.length > mostCharacters ? `${text.slice(0, mostCharacters)}…` : text)
}

const mostCharacters = 60
