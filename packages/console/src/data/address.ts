/**
 * Names and keys in addresses. Every character that a server, a proxy or a browser could read as something else (a slash, a dot, a percent sign, a space) is
 * written as `~` and its bytes, so an address has one spelling and passes everywhere unchanged.
 */

/** The part of an address of a new row. No key is written like this. */
export const newRow = '+'

/** @example addressOf('a/b') === 'a~2fb' */
export function addressOf(text: string): string {
  if (text === '') return '~'
  return [...new TextEncoder().encode(text)]
    .map((byte) => {
      const character = String.fromCharCode(byte)
      return /[A-Za-z0-9_-]/.test(character) ? character : `~${byte.toString(16).padStart(2, '0')}`
    })
    .join('')
}

/** The text of an address; undefined for what `addressOf` does not write. */
export function textOf(address: string): string | undefined {
  if (address === '~') return ''
  if (!/^(?:[A-Za-z0-9_-]|~[0-9a-f]{2})+$/.test(address)) return undefined
  const bytes = address
    .match(/~..|./g)!
    .map((part) => (part.length === 1 ? part.charCodeAt(0) : Number.parseInt(part.slice(1), 16)))
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(new Uint8Array(bytes))
    return addressOf(text) === address && !text.includes('\0') ? text : undefined
  } catch {
    return undefined
  }
}

/** @example keyAddress(['2026', 'a b']) === '2026,a~20b' */
export function keyAddress(values: readonly string[]): string {
  return values.map(addressOf).join(',')
}

/** The values of a key; undefined for what `keyAddress` does not write. */
export function keyOf(address: string): string[] | undefined {
  const parts = address.split(',').map(textOf)
  return parts.every((part) => part !== undefined) ? (parts as string[]) : undefined
}
