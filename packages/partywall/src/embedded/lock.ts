/**
 * One supervisor per directory. A lock that dies with its owner must be the kernel's; Node.js has no flock, but it carries SQLite,
 * whose exclusive transaction is exactly that on every platform. A file with a pid in it would need guesses about who is alive.
 */
import { DatabaseSync } from 'node:sqlite'

/** Keeps the lock for as long as this process lives; undefined when another one has it. */
export function tryLock(path: string): DatabaseSync | undefined {
  const database = new DatabaseSync(path, { timeout: 0 })
  try {
    // Nothing is ever written, so no journal is worth its file.
    database.exec('pragma journal_mode = memory; begin exclusive')
    return database
  } catch (error) {
    database.close()
    if ((error as { errcode?: number }).errcode === sqliteBusy) return undefined
    throw error
  }
}

const sqliteBusy = 5
