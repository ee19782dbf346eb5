/**
 * A map with a limit on the total weight of its entries. When a new entry needs room, entries are dropped one at a time, those first that
 * were not used recently: `get` marks an entry; a hand goes round over all entries, takes marks away, and drops the first entry that has
 * none (the clock algorithm). So a `get` costs as little as that of a Map.
 */

interface Entry<V> {
  readonly value: V
  readonly weight: number
  wasUsed: boolean
}

/** As a method, so that a map of texts is a map of anything. */
type Drop<K, V> = { drop(key: K, value: V): void }['drop']

export class BoundedMap<K, V> {
  readonly #max: number
  readonly #onDrop: Drop<K, V> | undefined
  readonly #entries = new Map<K, Entry<V>>()
  /** Kept from drop to drop: a new iterator walks over every entry that was deleted at the front of the Map. */
  #hand = this.#entries.entries()
  #weight = 0

  /**
   * @param max the most that all entries may weigh together; with the default weight of 1, the most entries
   * @param onDrop called for each entry that is deleted, replaced or dropped; not by `clear`
   */
  constructor(max: number, onDrop?: Drop<K, V>) {
    this.#max = max
    this.#onDrop = onDrop
  }

  get size(): number {
    return this.#entries.size
  }

  /** What all entries weigh together; never more than `max`. */
  get weight(): number {
    return this.#weight
  }

  get(key: K): V | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    if (!entry.wasUsed) entry.wasUsed = true
    return entry.value
  }

  /** An entry that alone weighs more than `max` is not kept. */
  set(key: K, value: V, weight = 1): void {
    this.delete(key)
    if (weight > this.#max) return
    while (this.#weight + weight > this.#max) this.#dropOne()
    this.#entries.set(key, { value, weight, wasUsed: false })
    this.#weight += weight
  }

  delete(key: K): void {
    const entry = this.#entries.get(key)
    if (entry === undefined) return
    this.#entries.delete(key)
    this.#weight -= entry.weight
    this.#onDrop?.(key, entry.value)
  }

  deleteWhere(matches: (value: V) => boolean): void {
    for (const [key, { value }] of this.#entries) if (matches(value)) this.delete(key)
  }

  /** The entries that are kept now, without a mark. */
  values(): V[] {
    return [...this.#entries.values()].map(({ value }) => value)
  }

  clear(): void {
    this.#entries.clear()
    this.#weight = 0
  }

  #dropOne(): void {
    for (;;) {
      const { done, value } = this.#hand.next()
      if (done === true) {
        this.#hand = this.#entries.entries()
        continue
      }
      const [key, entry] = value
      if (!entry.wasUsed) return this.delete(key)
      entry.wasUsed = false
    }
  }
}
