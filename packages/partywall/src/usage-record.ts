/** What a tenant has used in a period, as it is stored and given to a billing system. */

export interface TenantCounters {
  /** Scopes that were entered. */
  readonly calls: number
  readonly statements: number
  /** Of the statements, those that failed. */
  readonly failed: number
  /** Statements over the limit, which were not sent. */
  readonly refused: number
  /** Returned, written or copied. */
  readonly rows: number
  /** The time of its statements, in milliseconds. */
  readonly busyMs: number
  /** On the connections, with the bindings. */
  readonly bytesSent: number
  readonly bytesReceived: number
}

export interface UsageRecord extends TenantCounters {
  /** The same for all values of this record: who gets it again replaces what it has. */
  readonly id: string
  readonly tenantId: string
  /** The period. */
  readonly from: Date
  readonly until: Date
  /** Its values do not grow any more. */
  readonly isFinal: boolean
}
