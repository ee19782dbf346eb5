/** Remembers since when each client is checked out, so that one that is never released can be reported with the stack of its checkout. */

/** Where a client was checked out. V8 formats the stack only when it is read, so this is cheap enough for every checkout. */
export interface Checkout {
  readonly stack?: string
  /** partywall itself holds the client and releases it for certain, however long its statements take: no warning. */
  readonly isOwn?: true
}

/** The frames of the caller of `taker`. */
export function checkoutHere(taker: (...args: any[]) => unknown): Checkout {
  const checkout: Checkout = {}
  Error.captureStackTrace(checkout, taker)
  return checkout
}

/** The same for a client that partywall itself holds. */
export function ownCheckoutHere(taker: (...args: any[]) => unknown): Checkout {
  const checkout: Checkout = { isOwn: true }
  Error.captureStackTrace(checkout, taker)
  return checkout
}

/** A client that is checked out. */
export interface HeldClient {
  readonly client: object
  /** Which of its checkouts. */
  readonly checkout: Checkout
  /** For whom. */
  readonly label: string
  /** The frames of the caller that checked it out. */
  readonly frames: string
}

interface Hold {
  readonly label: string
  readonly since: number
  readonly checkout: Checkout
  readonly timer: NodeJS.Timeout | undefined
}

export class HeldClients {
  readonly #holds = new Map<object, Hold>()
  readonly #warnAfterMs: number
  readonly #onLate: (message: string) => void

  /** @param warnAfterMs 0 never warns */
  constructor(warnAfterMs: number, onLate: (message: string) => void) {
    this.#warnAfterMs = warnAfterMs
    this.#onLate = onLate
  }

  add(client: object, label: string, checkout: Checkout): void {
    const warn = (): void => {
      const seconds = this.#warnAfterMs / 1000
      this.#onLate(`A client of ${label} was not released after ${seconds} s. It was checked out here:\n${framesOf(checkout)}`)
    }
    const isWatched = this.#warnAfterMs > 0 && checkout.isOwn !== true
    const timer = isWatched ? setTimeout(warn, this.#warnAfterMs).unref() : undefined
    this.#holds.set(client, { label, since: performance.now(), checkout, timer })
  }

  remove(client: object): void {
    clearTimeout(this.#holds.get(client)?.timer)
    this.#holds.delete(client)
  }

  /** Those that callers of the pool have checked out, the longest held first. */
  list(): HeldClient[] {
    const held = [...this.#holds].filter(([, { checkout }]) => checkout.isOwn !== true)
    return held
      .toSorted(([, a], [, b]) => a.since - b.since)
      .map(([client, { label, checkout }]) => ({ client, checkout, label, frames: framesOf(checkout) }))
  }

  /** Half a sentence about the client that is checked out longest, for the error of a caller that got none. */
  describeLongest(): string {
    const [longest] = [...this.#holds.values()].toSorted((a, b) => a.since - b.since)
    if (longest === undefined) return 'all of them run statements'
    const seconds = ((performance.now() - longest.since) / 1000).toFixed(1)
    return `the one held longest was checked out ${seconds} s ago${firstFrameOf(longest.checkout)}`
  }
}

function framesOf({ stack = '' }: Checkout): string {
  return stack.split('\n').slice(1).join('\n')
}

function firstFrameOf(checkout: Checkout): string {
  const frame = framesOf(checkout).split('\n')[0]?.trim()
  return frame ? ` ${frame}` : ''
}
