/** Values of attributes that look secret. They stay on the server: what a browser gets in their place means "as it is". */

const mask = '***'

const secretName =
  /pass(?:word|phrase|wd)?$|pwd$|secret|token|credential|api[-_]?key|private[-_]?key|access[-_]?key|signing[-_]?key|encryption[-_]?key|dsn$|connection[-_]?string/i
/** An address with a password in it, and what tokens of known services begin with. */
const secretText = /:\/\/[^/\s:@]*:[^/\s@]+@|^(?:sk|pk|rk|xox[abp]|ghp|gho|glpat)[-_][\w-]{12,}|-----BEGIN [A-Z ]*PRIVATE KEY/

export function isSecretName(name: string): boolean {
  return secretName.test(name)
}

function isSecret(name: string, value: unknown): boolean {
  if (value === null || value === undefined || value === '') return false
  return isSecretName(name) || (typeof value === 'string' && secretText.test(value))
}

/** The same values, at any depth, with `***` in place of those that look secret, or whose name at the top is among `also`. */
export function masked(values: object, also: ReadonlySet<string> = new Set()): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      isSecret(name, value) || (also.has(name) && value !== undefined && value !== null) ? mask : maskedIn(name, value),
    ]),
  )
}

function maskedIn(name: string, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => (isSecret(name, item) ? mask : maskedIn(name, item)))
  if (typeof value === 'object' && value !== null) return masked(value)
  return value
}

/** What a browser sends back: where it has `***`, the stored value stands. */
export function unmasked(given: unknown, stored: unknown): unknown {
  if (given === mask) return stored
  if (Array.isArray(given)) {
    const before = Array.isArray(stored) ? stored : []
    return given.map((item, at) => unmasked(item, before[at]))
  }
  if (typeof given === 'object' && given !== null) {
    const before = (typeof stored === 'object' && stored !== null ? stored : {}) as Record<string, unknown>
    return Object.fromEntries(
      Object.entries(given).map(([name, value]) => [
        name,
        unmasked(value, Object.hasOwn(before, name) ? before[name] : undefined),
      ]),
    )
  }
  return given
}
