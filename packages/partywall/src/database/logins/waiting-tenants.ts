/**
 * Callers that wait for a connection, in a queue for each tenant. The tenants take turns: one with a thousand callers delays each of the others by one
 * connection, not by a thousand.
 */

export interface Waiting {
  readonly role: string
}

export class WaitingTenants<W extends Waiting> {
  /** By role, in the order of their turns. */
  readonly #queues = new Map<string, Set<W>>()

  get size(): number {
    return [...this.#queues.values()].reduce((sum, { size }) => sum + size, 0)
  }

  add(waiter: W): void {
    const queue = this.#queues.get(waiter.role)
    if (queue === undefined) this.#queues.set(waiter.role, new Set([waiter]))
    else queue.add(waiter)
  }

  /** The caller whose turn it is. It stays in its queue. */
  first(): W | undefined {
    const [queue] = this.#queues.values()
    return queue === undefined ? undefined : firstOf(queue)
  }

  /** The caller has got its turn: the other callers of its tenant wait until each of the other tenants had one. */
  served(waiter: W): void {
    const queue = this.#queues.get(waiter.role)
    if (queue === undefined || !queue.delete(waiter)) return
    this.#queues.delete(waiter.role)
    if (queue.size > 0) this.#queues.set(waiter.role, queue)
  }

  /** The caller has given up. The turns of the tenants stay. */
  remove(waiter: W): void {
    const queue = this.#queues.get(waiter.role)
    queue?.delete(waiter)
    if (queue?.size === 0) this.#queues.delete(waiter.role)
  }

  /** All of them, and forgets them. */
  drain(): W[] {
    const all = [...this.#queues.values()].flatMap((queue) => [...queue])
    this.#queues.clear()
    return all
  }
}

export function firstOf<T>(set: ReadonlySet<T>): T | undefined {
  const [first] = set
  return first
}
