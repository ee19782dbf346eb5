/**
 * The hold of a process that uses the server: one connection to the supervisor, open as long as the server is used.
 *
 *   supervisor: { hello: id }                      tells it from another program on the port of a stale file
 *   process:    { secret }
 *   supervisor: { progress: text }…                while it starts
 *   supervisor: { ready: { port, pid } }           or { failed: text }, or it closes the connection, when it is stopping
 *   process:    { release: true }
 *   supervisor: closes the connection              at once, or for the last hold when PostgreSQL is stopped
 */
import { connect, type Socket } from 'node:net'
import { TenancyError } from '../errors.ts'
import { onMessages, sendMessage } from './lines.ts'
import type { EmbeddedPaths } from './paths.ts'
import { readServerFile } from './server-file.ts'

export interface Hold {
  readonly port: number
  readonly pid: number
  release(): Promise<void>
}

export type SupervisorMessage =
  | { hello: string }
  | { progress: string }
  | { ready: { port: number; pid: number } }
  | { failed: string }

export type HolderMessage = { secret: string } | { release: true }

/** A running supervisor sends its hello within milliseconds; another program on its old port may never send anything. */
const helloMs = 2_000

/**
 * Holds the server of this directory; undefined when no supervisor runs, or it is stopping. The id of a server.json whose port
 * another program listens on is added to `foreignIds`; an id in it is not tried.
 */
export async function tryHold(
  paths: EmbeddedPaths,
  foreignIds: Set<string>,
  onProgress: (line: string) => void,
  deadline: number,
): Promise<Hold | undefined> {
  const file = await readServerFile(paths.serverFile).catch(refuseForeignFile(paths))
  if (file === undefined || foreignIds.has(file.id)) return undefined
  const answer = await new Promise<Hold | { failed: string } | undefined>((resolve) => {
    const socket = connect({ host: '127.0.0.1', port: file.holdPort, noDelay: true })
    const giveUp = () => socket.destroy()
    const giveUpForeign = () => {
      foreignIds.add(file.id)
      giveUp()
    }
    let isOurs = false
    let patience = setTimeout(giveUpForeign, helloMs)
    socket.on('error', () => {})
    socket.on('close', () => {
      clearTimeout(patience)
      resolve(undefined)
    })
    onMessages<SupervisorMessage>(socket, (message) => {
      if ('hello' in message) {
        clearTimeout(patience)
        isOurs = message.hello === file.id
        patience = isOurs ? setTimeout(giveUp, Math.max(0, deadline - Date.now())) : setTimeout(giveUpForeign)
        if (isOurs) sendMessage(socket, { secret: file.secret } satisfies HolderMessage)
      } else if (!isOurs) {
        giveUpForeign()
      } else if ('progress' in message) {
        onProgress(message.progress)
      } else if ('failed' in message) {
        resolve(message)
        giveUp()
      } else if ('ready' in message) {
        clearTimeout(patience)
        // A process that has nothing else to do may end, which ends its hold.
        socket.unref()
        resolve(holdOf(socket, message.ready))
      }
    })
  })
  // Thrown here rather than in the socket's callback, so that the stack leads to the caller.
  if (answer !== undefined && 'failed' in answer) {
    throw new TenancyError('EMBEDDED_FAILED', answer.failed, { details: { directory: paths.home } })
  }
  return answer
}

function holdOf(socket: Socket, server: { port: number; pid: number }): Hold {
  let released: Promise<void> | undefined
  return {
    ...server,
    release() {
      released ??= new Promise((resolve) => {
        if (socket.destroyed) return resolve()
        socket.ref()
        socket.on('close', () => resolve())
        sendMessage(socket, { release: true } satisfies HolderMessage)
      })
      return released
    },
  }
}

function refuseForeignFile(paths: EmbeddedPaths): (cause: unknown) => never {
  return (cause) => {
    throw new TenancyError(
      'EMBEDDED_FAILED',
      `The embedded PostgreSQL in ${paths.home} belongs to another user: ${paths.serverFile} cannot be read. ` +
        'Run as that user, use another directory, or set `database` (DATABASE_URL).',
      { details: { file: paths.serverFile }, cause },
    )
  }
}
