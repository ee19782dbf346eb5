/** Identifiers with Unicode escapes: `U&"set\005fconfig"` is the same name as `set_config`. */

/** @param escape one character; a longer text escapes nothing, and PostgreSQL refuses it */
export function decodedIdentifier(inside: string, escape = '\\'): string {
  if (!inside.includes(escape)) return inside
  let decoded = ''
  for (let at = 0; at < inside.length;) {
    if (inside[at] !== escape) {
      decoded += inside[at++]
    } else if (inside[at + 1] === escape) {
      decoded += escape
      at += 2
    } else {
      const isLong = inside[at + 1] === '+'
      const digits = inside.slice(at + (isLong ? 2 : 1), at + (isLong ? 8 : 5))
      const point = /^[0-9a-f]+$/i.test(digits) ? Number.parseInt(digits, 16) : 0
      decoded += point <= 0x10ffff ? String.fromCodePoint(point) : '\0'
      at += (isLong ? 2 : 1) + Math.max(digits.length, 1)
    }
  }
  return decoded
}
