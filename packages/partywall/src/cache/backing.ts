/** What a cache needs of a library that stores. Each library has a small file that makes one. */

export interface Backing {
  /** Reads at once; only where the store is in this process. */
  readonly now: ((key: string) => unknown) | undefined
  /**
   * The values in the order of the keys. One round trip. Undefined where the store has failed and reports it elsewhere, as some libraries do: nothing is known
   * then, and above all not that the keys are absent.
   */
  getMany(keys: readonly string[]): Promise<readonly unknown[] | undefined>
  /** @param ttlMs undefined: it stays */
  set(key: string, value: unknown, ttlMs: number | undefined): unknown
  delete(keys: readonly string[]): unknown
  /** The keys that begin like this, and perhaps others. Undefined where the store cannot list. */
  readonly list: ((prefix: string) => AsyncIterable<string>) | undefined
}
