/** The supervisor's side of the holds: which processes use the server, and when the last one is gone. The protocol is in hold.ts. */
import { randomBytes, timingSafeEqual } from 'node:crypto'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import type { HolderMessage, SupervisorMessage } from './hold.ts'
import { onMessages, sendMessage } from './lines.ts'

export interface Holders {
  readonly address: { id: string; secret: string; holdPort: number }
  progress(line: string): void
  ready(server: { port: number; pid: number }): void
  failed(reason: string): void
  /** From now on no process gets a new hold: its connection is closed, and it tries again later. */
  refuseNew(): void
}

/** How long the server runs on after a hold was lost without release, so that the next command of a script finds it running. */
const usualGraceMs = 1_000
/** How long the supervisor waits for its first hold: the process that started it may have been killed. */
const firstHoldMs = 10_000

export async function listenForHolds(on: { onLastGone: () => void }): Promise<Holders> {
  const id = randomBytes(8).toString('hex')
  const secret = randomBytes(16).toString('hex')
  const held = new Set<Socket>()
  const sent: SupervisorMessage[] = []
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

  function admit(socket: Socket, given: string): void {
    if (!isOpen || !isSame(given, secret)) return void socket.destroy()
    clearTimeout(grace)
    held.add(socket)
    for (const message of sent) sendMessage(socket, message)
  }

  function release(socket: Socket): void {
    held.delete(socket)
    if (held.size > 0) return void socket.end()
    // The last process waits for the end of the supervisor, which closes its connection.
    on.onLastGone()
  }

  /** A process that connects later gets the earlier messages as well. */
  function send(message: SupervisorMessage): void {
    sent.push(message)
    for (const socket of held) sendMessage(socket, message)
  }

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  return {
    address: { id, secret, holdPort: (server.address() as AddressInfo).port },
    progress: (line) => send({ progress: line }),
    ready(ready) {
      sent.length = 0
      send({ ready })
    },
    failed(reason) {
      // The supervisor runs on until the waiting processes have the message, and no longer.
      graceMs = 0
      send({ failed: reason })
    },
    refuseNew: () => void (isOpen = false),
  }
}

function isSame(left: unknown, right: string): boolean {
  return typeof left === 'string' && left.length === right.length && timingSafeEqual(Buffer.from(left), Buffer.from(right))
}
