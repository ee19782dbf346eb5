/** From where an action comes: the host, the process and its program. Without the arguments of the program, which may hold a password. */
import { hostname } from 'node:os'
import { basename } from 'node:path'

/** E.g. `web-3 4711 server.js`. */
export function originOf(host: string, pid: number, program: string): string {
  return [host, pid, program].map((part) => shown(String(part))).join(' ')
}

export const origin = originOf(hostname(), process.pid, basename(process.argv[1] ?? process.execPath))

/** One word of at most 100 characters: a file may have any name. */
function shown(part: string): string {
  const word = part.toWellFormed().replaceAll(/[\p{Cc}\p{Z}\p{Bidi_Control}]/gu, '_')
  return [...word].slice(0, 100).join('')
}
