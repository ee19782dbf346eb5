import type { ClientConfig } from 'pg'
import type { Database } from '../../ports/database.ts'
import type { Scope } from '../../scope/scope.ts'
import type { TenantPool } from '../pool/tenant-pool.ts'

/** What the parts of the probe need. */
export interface ProbeParts {
  /** Its deploy role creates the temporary schemas. */
  readonly database: Database & { readonly deploy: Database }
  /** A pool of two connections that only the probe uses. */
  readonly pool: TenantPool
  readonly scope: Scope<any>
  /** For plain connections. */
  readonly config: ClientConfig
}
