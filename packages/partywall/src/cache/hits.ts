/** Tells who counts them about hits and misses, on the diagnostics channel `partywall:cache`. */
import { channel } from 'node:diagnostics_channel'

/** What a message of the channel `partywall:cache` holds. */
export interface CacheLookup {
  /** The id of the tenant; `shared` for the shared part. */
  readonly tenant: string
  readonly hit: boolean
}

const lookups = channel('partywall:cache')

/** Costs next to nothing while the channel has no subscriber. */
export function tellLookup(tenant: string, hit: boolean): void {
  if (lookups.hasSubscribers) lookups.publish({ tenant, hit } satisfies CacheLookup)
}
