/**
 * A limit on the connections that one tenant holds at a time, so that a noisy tenant cannot take the whole pool. A caller over the
 * limit waits in the queue of its own tenant, first come, first served, and delays no other tenant.
 */
import { TenancyError } from '../../errors.ts'
import type { Binding } from '../binding/binding.ts'

interface Waiter {
  readonly proceed: () => void
}

interface Queue {
  holding: number
  readonly waiting: Waiter[]
}

export class TenantTurns {
  readonly #max: number
  readonly #timeoutMs: number
  readonly #queues = new Map<string, Queue>()

  /** @param timeoutMs how long to wait for a turn; 0 waits indefinitely */
  constructor(max: number, timeoutMs: number) {
    this.#max = max
    this.#timeoutMs = timeoutMs
  }

  /**
   * Resolves when the tenant may take one more connection. Each turn must be given back.
   * @throws TenancyError TENANT_BUSY
   */
  async take(binding: Binding): Promise<void> {
    let queue = this.#queues.get(binding.key)
    if (queue === undefined) {
      queue = { holding: 0, waiting: [] }
      this.#queues.set(binding.key, queue)
    }
    if (queue.holding < this.#max) queue.holding += 1
    else await this.#wait(queue, binding)
  }

  giveBack(binding: Binding): void {
    const queue = this.#queues.get(binding.key)
    if (queue === undefined) return
    const next = queue.waiting.shift()
    // The turn passes on: the number of holders stays.
    if (next !== undefined) return next.proceed()
    queue.holding -= 1
    if (queue.holding === 0) this.#queues.delete(binding.key)
  }

  #wait(queue: Queue, binding: Binding): Promise<void> {
    return new Promise((resolve, reject) => {
      const giveUp = (): void => {
        queue.waiting.splice(queue.waiting.indexOf(waiter), 1)
        reject(busy(binding, this.#max, this.#timeoutMs))
      }
      const timer = this.#timeoutMs > 0 ? setTimeout(giveUp, this.#timeoutMs) : undefined
      const waiter: Waiter = {
        proceed: () => {
          clearTimeout(timer)
          resolve()
        },
      }
      queue.waiting.push(waiter)
    })
  }
}

function busy(binding: Binding, max: number, timeoutMs: number): TenancyError {
  return new TenancyError(
    'TENANT_BUSY',
    `All ${max} connections that ${binding.label} may hold at a time stayed busy for ${timeoutMs} ms. Look for a slow statement or a ` +
      'client that is not released, or raise pool.maxPerTenant.',
    { details: { schema: binding.schema, maxPerTenant: max } },
  )
}
