/** One log file for PostgreSQL and its supervisor; a new one is begun when it is too large. */
import { openSync, renameSync, statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'

const maxLogBytes = 5_000_000
const tailLines = 12

/** A descriptor to append to; the earlier file is kept as `.1`. A process that inherits the descriptor needs no access to the path. */
export function openLog(path: string): number {
  try {
    if (statSync(path).size > maxLogBytes) renameSync(path, `${path}.1`)
  } catch {
    // there is no log yet
  }
  return openSync(path, 'a', 0o600)
}

/** A line of the supervisor in the log; its error output is the log. */
export function note(line: string): void {
  process.stderr.write(`${new Date().toISOString()} partywall: ${line}\n`)
}

/** The last lines, indented, or nothing. */
export async function logTail(path: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch(() => '')
  const lines = text.trimEnd().split('\n').slice(-tailLines)
  return lines.join('') === '' ? '' : lines.map((line) => `  ${line}`).join('\n')
}
