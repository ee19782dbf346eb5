/** How many statements of a text were completed before it failed: an error without a position is found by this number alone. */

const completions = new WeakMap<object, number>()

export function noteCompletedBefore(error: Error, statements: number): void {
  completions.set(error, statements)
}

/** How many statements of its text were completed before this error; 0 when that is not known. They were rolled back with the rest. */
export function completedBefore(error: unknown): number {
  return typeof error === 'object' && error !== null ? (completions.get(error) ?? 0) : 0
}
