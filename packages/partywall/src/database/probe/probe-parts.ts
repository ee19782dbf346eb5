import type { ClientConfig } from 'pg'
import type { Database } from '../../ports/database.ts'
import type { Scope } from '../../scope/scope.ts'
import type { TenantPool } from '../pool/tenant-pool.ts'

/** What the probe works with. */
export interface ProbeParts {
  /** Where throw-away schemas are made. */
  readonly database: Database
  /** A pool of two connections that is the probe's own: nobody waits for it, and it waits for nobody. */
  readonly pool: TenantPool
  readonly scope: Scope<any>
  /** For connections that nothing binds. */
  readonly config: ClientConfig
}
