/** Ends the one backend that sleeps in this database, when it does: a statement that is only on its way would be lost to a pooler. */
import type { Client } from 'pg'
import { expect } from 'vitest'

export async function killSleeper(admin: Client): Promise<void> {
  const sleepers = `select pg_terminate_backend(pid) from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database()`
  await expect.poll(async () => (await admin.query(sleepers)).rowCount, { timeout: 5000 }).toBe(1)
}
