/** One JSON value per line over a socket: the messages between the supervisor and the processes that hold the server. */
import type { Socket } from 'node:net'

const maxLineBytes = 100_000

/** Calls `onMessage` for each line; the connection of a peer that sends anything else is closed. */
export function onMessages<T>(socket: Socket, onMessage: (message: T) => void): void {
  let rest = ''
  socket.setEncoding('utf8')
  socket.on('data', (chunk: string) => {
    rest += chunk
    const lines = rest.split('\n')
    rest = lines.pop() ?? ''
    if (rest.length > maxLineBytes) return void socket.destroy()
    for (const line of lines) {
      let message: T
      try {
        message = JSON.parse(line) as T
      } catch {
        return void socket.destroy()
      }
      if (typeof message === 'object' && message !== null) onMessage(message)
    }
  })
}

export function sendMessage(socket: Socket, message: object): void {
  if (socket.writable) socket.write(`${JSON.stringify(message)}\n`)
}
