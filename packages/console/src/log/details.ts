/** The details of an entry as texts, without what looks like a secret: an application may have named an attribute or a key badly. */

const mostValues = 50
const longest = 500
const secretName = /pass(?:word|wd|phrase)?$|secret|token$|api[-_]?key|private[-_]?key|credential|authorization|cookie/i
/** The part of an address in front of its host. */
const login = /\b([a-z][a-z0-9+.-]*:\/\/)[^\s/@]*@/gi

export interface Detail {
  readonly name: string
  readonly value: string
}

export function detailsOf(details: Readonly<Record<string, unknown>>): Detail[] {
  return Object.entries(details)
    .filter(([, value]) => !Array.isArray(value) || value.length > 0)
    .slice(0, mostValues)
    .map(([name, value]) => ({ name, value: secretName.test(name) ? '••••••' : shown(value) }))
}

export function withoutLogins(text: string): string {
  return text.replaceAll(login, '$1••••••@')
}

function shown(value: unknown): string {
  const text = Array.isArray(value)
    ? value.slice(0, mostValues).map(String).join(', ') +
      (value.length > mostValues ? `, and ${value.length - mostValues} more` : '')
    : typeof value === 'object' && value !== null
      ? JSON.stringify(value)
      : String(value)
  const clean = withoutLogins(text)
  return clean.length > longest ? `${clean.slice(0, longest).toWellFormed()} …` : clean
}
