/** A client that is lent, until it is given back: partywall's own work uses it, and callers get a CheckedOutClient around it. */
import { releasedTwice, usedAfterRelease } from './client-refusals.ts'
import type { TenantClient } from './tenant-client.ts'

export type Release = (error?: Error | boolean) => void

export class Loan {
  readonly #client: TenantClient
  readonly #giveBack: Release
  isReleased = false

  constructor(client: TenantClient, giveBack: Release) {
    this.#client = client
    this.#giveBack = giveBack
  }

  /** @throws TenancyError RELEASED_CLIENT when it was given back: another holder may have it */
  get client(): TenantClient {
    if (this.isReleased) throw usedAfterRelease()
    return this.#client
  }

  /** @throws TenancyError RELEASED_CLIENT the second time */
  release(error?: Error | boolean): void {
    if (this.isReleased) throw releasedTwice()
    this.isReleased = true
    this.#giveBack(error)
  }
}
