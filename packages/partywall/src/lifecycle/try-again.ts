/**
 * Tries the creation of a tenant again when the server had no room for its locks. Many tenants that are created at the same time may need more
 * room than there is, although each of them alone fits: so those that are tried again go one by one.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Database } from '../ports/database.ts'
import { explainOutOfMemory, isOutOfMemory } from '../migrations/apply/lock-table.ts'

const mostTries = 6
const firstPauseMs = 200

/** For each database of this process, the last creation that is tried again. */
const queues = new WeakMap<Database, Promise<unknown>>()

export async function tryAgainForLocks<T>(catalog: Database, schema: string, create: () => Promise<T>): Promise<T> {
  try {
    return await create()
  } catch (error) {
    if (!isOutOfMemory(error)) throw error
  }
  const turn = (queues.get(catalog) ?? Promise.resolve()).then(() => again(catalog, schema, create))
  queues.set(
    catalog,
    turn.catch(() => {}),
  )
  return turn
}

async function again<T>(catalog: Database, schema: string, create: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    await sleep(firstPauseMs * tries * (0.5 + Math.random()))
    try {
      return await create()
    } catch (error) {
      if (!isOutOfMemory(error)) throw error
      if (tries + 1 === mostTries) throw await explainOutOfMemory(catalog, schema, error)
    }
  }
}
