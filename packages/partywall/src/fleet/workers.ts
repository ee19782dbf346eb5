/** A few at a time: work on many things that must not all begin at once. */

/** Calls `work` for each item, at most `size` of them under way. Rejects with the first failure, after what was begun has ended. */
export async function inParallel<T>(items: Iterable<T>, size: number, work: (item: T) => Promise<void>): Promise<void> {
  const rest = items[Symbol.iterator]()
  let failure: { readonly error: unknown } | undefined
  const worker = async (): Promise<void> => {
    for (let next = rest.next(); next.done !== true && failure === undefined; next = rest.next()) {
      try {
        await work(next.value)
      } catch (error) {
        failure ??= { error }
      }
    }
  }
  await Promise.all(Array.from({ length: size }, worker))
  if (failure !== undefined) throw failure.error
}
