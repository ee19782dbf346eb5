/** Drops ready schemas. */
import { deleteReady } from '../../catalog/ready/ready-store.ts'
import type { ReadySchema } from '../../catalog/ready/ready-schema.ts'
import { identifier } from '../../names/identifier.ts'
import type { Database } from '../../ports/database.ts'
import { explainPrivilege } from '../../sql/privilege.ts'

/** A person who looks at it may hold a lock. It is dropped at another time then. */
const lockTimeoutMs = 1000

/** Its row and its schema, in one transaction. False: a tenant has got it meanwhile. A schema of this name that was not sealed is left alone. */
export async function dropReady(deploy: Database, ready: Pick<ReadySchema, 'id' | 'schema'>): Promise<boolean> {
  try {
    return await deploy.transaction(async (transaction) => {
      await transaction.query({ text: `select pg_catalog.set_config('lock_timeout', '${lockTimeoutMs}', true)` })
      const deleted = await deleteReady(transaction, ready)
      if (deleted?.isThere === true) await transaction.query({ text: `drop schema ${identifier(deleted.schema)} cascade` })
      return deleted !== undefined
    })
  } catch (error) {
    throw explainPrivilege(
      error,
      `drop the ready schema ${JSON.stringify(ready.schema)}`,
      'Use the role that owns it: the option "database.deploy".',
    )
  }
}
