/** Advice that costs a query, so it is looked up only when an error ends a command: kept beside the error, and printed after its message. */

const known = new WeakMap<object, string>()

export function advise(error: unknown, advice: string): void {
  if (typeof error === 'object' && error !== null) known.set(error, advice)
}

/** With a space in front, or empty. */
export function adviceOn(error: unknown): string {
  const advice = typeof error === 'object' && error !== null ? known.get(error) : undefined
  return advice === undefined ? '' : ` ${advice}`
}
