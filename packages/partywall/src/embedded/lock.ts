/**
 * One supervisor per directory. Only the kernel releases a lock whenever its owner ends. Node.js has no flock, but it includes SQLite,
 * whose exclusive transaction is such a lock on every platform. With a file that contains a pid, one would have to guess whether that
 * process still runs.
 */
import { DatabaseSync } from 'node:sqlite'

/** Keeps the lock as long as this process runs; undefined when another process has it. */
export function tryLock(path: string): DatabaseSync | undefined {
  const database = new DatabaseSync(path, { timeout: 0 })
  try {
    // Nothing is ever written, so no file is needed for a journal.
    database.exec('pragma journal_mode = memory; begin exclusive')
    return database
  } catch (error) {
    database.close()
    if ((error as { errcode?: number }).errcode === sqliteBusy) return undefined
    throw error
  }
}

const sqliteBusy = 5
