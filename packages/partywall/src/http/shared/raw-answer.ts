/** An answer over HTTP on a plain socket, where an upgrade is refused: there is no response object. */
import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import type { HttpAnswer } from './problem.ts'

/** Sends the answer and closes the socket. */
export function answerOnSocket(socket: Duplex, { status, headers, body }: HttpAnswer): void {
  if (socket.destroyed) return
  const lines = Object.entries({ ...headers, 'content-length': Buffer.byteLength(body), connection: 'close' })
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`,
  )
  // Reads to the end, so that the socket closes when the client does; one that never does would keep it.
  socket.resume()
  setTimeout(() => socket.destroy(), patienceMs).unref()
}

const patienceMs = 5000

/** Without a listener, a connection that breaks before the handler has it would end the process. */
export function withErrorsIgnored(socket: Duplex, work: () => Promise<unknown>): void {
  socket.on('error', ignore)
  void work().finally(() => {
    // After an answer the socket goes on breaking without a handler.
    if (!socket.writableEnded) socket.off('error', ignore)
  })
}

function ignore(): void {}
