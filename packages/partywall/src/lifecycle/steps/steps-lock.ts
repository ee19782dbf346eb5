/**
 * One process at a time runs the steps of a tenant: a hook may not run twice at the same time. The lock belongs to a transaction, so it is released
 * when the process is killed. Seeds do not depend on it: each locks its own record.
 */
import type { Tenant } from '../../types.ts'
import { stepsAreRunning } from './step-errors.ts'
import type { Besides } from './steps-parts.ts'
import { mayStayIdleSql, tryLockSql } from './steps-sql.ts'

/** @throws TenancyError TENANT_LOCKED when another process has the lock */
export async function stepsLock<T>(besides: Besides, tenant: Tenant<any>, fn: () => Promise<T>): Promise<T> {
  let done: { readonly result: T } | undefined
  try {
    await besides.transaction(async (transaction) => {
      await transaction.query(mayStayIdleSql)
      const { rows } = await transaction.query<{ locked: string }>(tryLockSql(`partywall: steps of ${tenant.id}`))
      if (rows[0]?.locked !== 'true') throw stepsAreRunning(tenant.schema)
      done = { result: await fn() }
    })
  } catch (error) {
    // The connection of the lock was lost after all was done.
    if (done === undefined) throw error
  }
  return done!.result
}
