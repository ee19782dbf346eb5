/** What an adapter needs of a tenancy: its pools. */
import type { Pool } from 'pg'

export interface TenancyLike {
  /** Each statement is bound to the scope that it is issued in. */
  readonly pool: Pool
  /** Bound to the shared schema, whatever the scope. */
  readonly sharedPool: Pool
}
