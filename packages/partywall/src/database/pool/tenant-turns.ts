/**
 * A limit on the connections that one tenant holds at a time, so that a noisy tenant cannot take the whole pool. Who is over the
 * limit waits in the line of its own tenant, first come first served, and stands in nobody else's way.
 */
import { TenancyError } from '../../errors.ts'
import type { Binding } from '../binding/binding.ts'

interface Waiter {
  readonly proceed: () => void
}

interface Line {
  holding: number
  readonly waiting: Waiter[]
}

export class TenantTurns {
  readonly #max: number
  readonly #timeoutMs: number
  readonly #lines = new Map<string, Line>()

  /** @param timeoutMs how long to wait for a turn; 0 waits for ever */
  constructor(max: number, timeoutMs: number) {
    this.#max = max
    this.#timeoutMs = timeoutMs
  }

  /**
   * Resolves when the tenant may take one more connection. Each turn that was taken must be given back.
   * @throws TenancyError TENANT_BUSY
   */
  async take(binding: Binding): Promise<void> {
    let line = this.#lines.get(binding.key)
    if (line === undefined) {
      line = { holding: 0, waiting: [] }
      this.#lines.set(binding.key, line)
    }
    if (line.holding < this.#max) line.holding += 1
    else await this.#wait(line, binding)
  }

  giveBack(binding: Binding): void {
    const line = this.#lines.get(binding.key)
    if (line === undefined) return
    const next = line.waiting.shift()
    // The turn passes on: the number of holders stays.
    if (next !== undefined) return next.proceed()
    line.holding -= 1
    if (line.holding === 0) this.#lines.delete(binding.key)
  }

  #wait(line: Line, binding: Binding): Promise<void> {
    return new Promise((resolve, reject) => {
      const giveUp = (): void => {
        line.waiting.splice(line.waiting.indexOf(waiter), 1)
        reject(busy(binding, this.#max, this.#timeoutMs))
      }
      const timer = this.#timeoutMs > 0 ? setTimeout(giveUp, this.#timeoutMs) : undefined
      const waiter: Waiter = {
        proceed: () => {
          clearTimeout(timer)
          resolve()
        },
      }
      line.waiting.push(waiter)
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
