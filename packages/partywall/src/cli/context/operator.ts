/** On whose behalf the command line works, for the audit: the user of the operating system. */
import { userInfo } from 'node:os'
import { isPlainText, longestActor } from '../../scope/acting.ts'

/** E.g. `cli:ada`. In a container the user may have a number and no name. */
export function operator(): string {
  const actor = `cli:${nameOf()}`
  return isPlainText(actor) && actor.length <= longestActor ? actor : 'cli:unknown'
}

function nameOf(): string {
  try {
    return userInfo().username
  } catch {
    return String(process.getuid?.() ?? 'unknown')
  }
}
