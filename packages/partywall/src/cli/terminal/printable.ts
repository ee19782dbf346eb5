/** Names as a person reads them: no more of them than a line holds, no longer than needed, and nothing in them that a terminal would obey. */
import { isAbsolute, relative } from 'node:path'

/** The text with control characters and marks of writing direction made visible. */
export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\u2028-\u202e\u2066-\u2069\u200e\u200f]/gu, (control) => {
    const known = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }[control]
    return known ?? `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
}

/** `a, b and 3 more`. */
export function listed(names: readonly string[], most = 20): string {
  const shown = names.slice(0, most).map(printable).join(', ')
  return names.length > most ? `${shown} and ${names.length - most} more` : shown
}

/** A file or folder, relative to the current one. A source of migrations that is not a folder has another name, which stays. */
export function shortPath(path: string): string {
  return isAbsolute(path) ? relative(process.cwd(), path) || '.' : path
}
