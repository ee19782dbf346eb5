/** What the API of the log answers. Types only: the client imports them. */

/** The tenant of an entry, as it is today. */
export interface TenantOfEntry {
  readonly id: string
  /** `gone`: it was deleted or released, and nothing else has its place. */
  readonly state: 'here' | 'gone'
  /** Its schema today. Absent: it is gone. */
  readonly schema?: string
  readonly name?: string
  /** How it was called when the entry was written, where that is not its schema today. */
  readonly was?: string
}

export interface LogEntry {
  readonly id: string
  readonly at: string
  readonly actor: string
  readonly action: string
  /** The action in words. */
  readonly says: string
  readonly tenant?: TenantOfEntry
  readonly object?: string
  readonly origin: string
  readonly details: readonly { readonly name: string; readonly value: string }[]
  /** Where it leads, relative to the console. It names its tenant, so it leads there from everywhere. */
  readonly link?: string
}

export interface LogAnswer {
  readonly entries: readonly LogEntry[]
  /** The cursor of the next page. */
  readonly next?: string
}

export interface ActionChoice {
  readonly action: string
  readonly says: string
}

/** A tenant by its id, for links of tenants that are gone or have another name. */
export interface TenantOfLog extends TenantOfEntry {
  readonly goneBy?: { readonly actor: string; readonly at: string; readonly action: string }
  readonly renames: readonly { readonly at: string; readonly actor: string; readonly from?: string; readonly to: string }[]
}
