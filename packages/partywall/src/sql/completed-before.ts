/** How far a text of several statements came before it failed: of an error without a position, this alone tells which statement it was. */

const completions = new WeakMap<object, number>()

export function noteCompletedBefore(error: Error, statements: number): void {
  completions.set(error, statements)
}

/** How many statements of its text were done before this error; 0 when that is not known. They were undone with the rest. */
export function completedBefore(error: unknown): number {
  return typeof error === 'object' && error !== null ? (completions.get(error) ?? 0) : 0
}
