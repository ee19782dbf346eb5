/** One log file for PostgreSQL and its supervisor, begun anew when it has grown. */
import { openSync, renameSync, statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'

const maxLogBytes = 5_000_000
const tailLines = 12

/** A descriptor to append to; the file of before stays beside as `.1`. Whoever inherits it needs no right to the path. */
export function openLog(path: string): number {
  try {
    if (statSync(path).size > maxLogBytes) renameSync(path, `${path}.1`)
  } catch {
    // there is no log yet
  }
  return openSync(path, 'a', 0o600)
}

/** A word of our own in the log; the supervisor's error output is the log. */
export function note(line: string): void {
  process.stderr.write(`${new Date().toISOString()} partywall: ${line}\n`)
}

/** The last lines, indented, or nothing. */
export async function logTail(path: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch(() => '')
  const lines = text.trimEnd().split('\n').slice(-tailLines)
  return lines.join('') === '' ? '' : lines.map((line) => `  ${line}`).join('\n')
}
