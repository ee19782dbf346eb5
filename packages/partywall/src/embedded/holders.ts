/** The supervisor's side of the holds: who uses the server, and when the last one is gone. The words are in hold.ts. */
import { randomBytes, timingSafeEqual } from 'node:crypto'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import type { HolderMessage, SupervisorMessage } from './hold.ts'
import { onMessages, sendMessage } from './lines.ts'

export interface Holders {
  readonly address: { id: string; secret: string; holdPort: number }
  progress(line: string): void
  ready(server: { port: number; pid: number }): void
  failed(reason: string): void
  /** From now on nobody new gets a hold: a newcomer's connection ends, and it looks again later. */
  refuseNew(): void
}

/** After a hold was lost (its process ended without release): the next command of a script finds the server still up. */
const usualGraceMs = 1_000
/** Nobody came at all: the process that started us was killed meanwhile. */
const firstHoldMs = 10_000

export async function listenForHolds(on: { onLastGone: () => void }): Promise<Holders> {
  const id = randomBytes(8).toString('hex')
  const secret = randomBytes(16).toString('hex')
  const held = new Set<Socket>()
  const news: SupervisorMessage[] = []
  let isOpen = true
  let graceMs = usualGraceMs
  let grace = setTimeout(on.onLastGone, firstHoldMs)

  const server = createServer((socket) => {
    if (!isOpen) return void socket.destroy()
    socket.on('error', () => {})
    socket.setNoDelay(true)
    sendMessage(socket, { hello: id } satisfies SupervisorMessage)
    onMessages<HolderMessage>(socket, (message) => {
      if ('secret' in message) admit(socket, message.secret)
      else if (held.has(socket)) release(socket)
    })
    socket.on('close', () => {
      if (!held.delete(socket) || held.size > 0) return
      clearTimeout(grace)
      grace = setTimeout(on.onLastGone, graceMs)
    })
  })

  function admit(socket: Socket, word: string): void {
    if (!isOpen || !isSame(word, secret)) return void socket.destroy()
    clearTimeout(grace)
    held.add(socket)
    for (const message of news) sendMessage(socket, message)
  }

  function release(socket: Socket): void {
    held.delete(socket)
    if (held.size > 0) return void socket.end()
    // The last one waits for our end, which closes its connection.
    on.onLastGone()
  }

  /** Whoever comes later hears what was said before. */
  function tell(message: SupervisorMessage): void {
    news.push(message)
    for (const socket of held) sendMessage(socket, message)
  }

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  return {
    address: { id, secret, holdPort: (server.address() as AddressInfo).port },
    progress: (line) => tell({ progress: line }),
    ready(ready) {
      news.length = 0
      tell({ ready })
    },
    failed(reason) {
      // We live on until those who wait have heard it, and no longer.
      graceMs = 0
      tell({ failed: reason })
    },
    refuseNew: () => void (isOpen = false),
  }
}

function isSame(left: unknown, right: string): boolean {
  return typeof left === 'string' && left.length === right.length && timingSafeEqual(Buffer.from(left), Buffer.from(right))
}
