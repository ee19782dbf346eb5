/** What subjects with the package ws have in common. */
import type { WebSocket } from 'ws'
import type { Connection, Question } from './app.ts'

export function connectionOf(ws: WebSocket, clients: () => Iterable<WebSocket>): Connection {
  return {
    onQuestion: (listener) => void ws.on('message', (data) => listener(JSON.parse(String(data)) as Question)),
    onClose: (listener) => void ws.on('close', () => listener()),
    answer: (id, reply) => ws.send(JSON.stringify({ id, reply })),
    broadcast(text) {
      for (const client of clients()) client.send(JSON.stringify({ text }))
    },
  }
}
