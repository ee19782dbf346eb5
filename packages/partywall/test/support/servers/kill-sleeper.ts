/**
 * Ends the one backend that runs pg_sleep in this database, as soon as there is one: a statement that is still on its way when its
 * backend ends would be lost in the pooler instead.
 */
import type { Client } from 'pg'
import { expect } from 'vitest'

export async function killSleeper(admin: Client): Promise<void> {
  const sleepers = `select pg_terminate_backend(pid) from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database()`
  await expect.poll(async () => (await admin.query(sleepers)).rowCount, { timeout: 5000 }).toBe(1)
}
