/** The clients of the contract of sockets: those of the libraries, with hosts and origins that they are given. */
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { io, type Socket } from 'socket.io-client'
import { WebSocket } from 'ws'

export interface Knock {
  readonly host: string
  readonly origin?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** Why a client was not let in. `bytes`: all that it was told. */
export class RefusedSocket extends Error {
  readonly code: string
  readonly bytes: string

  constructor(code: string, bytes: string) {
    super(`refused with ${code}`)
    this.code = code
    this.bytes = bytes
  }
}

export interface SocketClient {
  /** Rejects when the socket ends before the answer. */
  ask(action: string): Promise<any>
  /** What was sent to it without a question. */
  readonly received: string[]
  /** How it ended, as far as the client is told. */
  readonly ended: Promise<string>
  leave(): void
}

export type Connect = (port: number, knock: Knock) => Promise<SocketClient>

/** The header in which a proxy would pass the host: browsers and their stand-ins set Host themselves. */
export const hostHeader = 'x-test-host'

abstract class Asking implements SocketClient {
  readonly received: string[] = []
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>()
  readonly #ending = Promise.withResolvers<string>()
  readonly ended = this.#ending.promise
  #last = 0

  protected abstract send(question: { id: number; action: string }): void
  abstract leave(): void

  ask(action: string): Promise<any> {
    const id = ++this.#last
    const waiting = Promise.withResolvers<unknown>()
    this.#waiting.set(id, waiting)
    this.send({ id, action })
    return waiting.promise
  }

  protected take(message: { id?: number; reply?: unknown; text?: string }): void {
    if (message.text !== undefined) this.received.push(message.text)
    else this.#waiting.get(message.id!)?.resolve(message.reply)
  }

  protected end(how: string): void {
    this.#ending.resolve(how)
    for (const { promise, reject } of this.#waiting.values()) {
      promise.catch(() => {})
      reject(new Error(`the socket ended: ${how}`))
    }
  }
}

class WebSocketClient extends Asking {
  readonly #ws: WebSocket

  constructor(ws: WebSocket) {
    super()
    this.#ws = ws
    ws.on('message', (data) => this.take(JSON.parse(String(data)) as object))
    ws.on('close', (code, reason) => this.end(`${code} ${String(reason)}`.trim()))
    ws.on('error', () => {})
  }

  protected send(question: object): void {
    this.#ws.send(JSON.stringify(question))
  }

  leave(): void {
    this.#ws.terminate()
  }
}

export async function connectWebSocket(port: number, { host, origin, headers }: Knock): Promise<SocketClient> {
  const ws = new WebSocket(`ws://127.0.0.1:${port}/`, { headers: { ...headers, host }, ...(origin !== undefined && { origin }) })
  const client = new WebSocketClient(ws)
  const opened = once(ws, 'open')
  const refused = once(ws, 'unexpected-response') as Promise<[unknown, IncomingMessage]>
  for (const promise of [opened, refused]) promise.catch(() => {})
  const response = await Promise.race([opened.then(() => undefined), refused.then(([, answer]) => answer)])
  if (response === undefined) return client
  const { date: _date, ...others } = response.headers
  const body = (await response.setEncoding('utf8').toArray()).join('')
  throw new RefusedSocket(
    String((JSON.parse(body) as { code: string }).code),
    JSON.stringify([response.statusCode, others, body]),
  )
}

class SocketIoClient extends Asking {
  readonly #socket: Socket

  constructor(socket: Socket) {
    super()
    this.#socket = socket
    socket.on('message', (message: object) => this.take(message))
    socket.on('disconnect', (reason) => this.end(reason))
  }

  protected send(question: object): void {
    this.#socket.emit('question', question)
  }

  leave(): void {
    this.#socket.disconnect()
  }
}

export function connectSocketIo(transports: ('polling' | 'websocket')[], namespace = '/'): Connect {
  return async (port, { host, origin, headers }) => {
    const socket = io(`http://127.0.0.1:${port}${namespace}`, {
      transports,
      forceNew: true,
      reconnection: false,
      extraHeaders: { ...headers, [hostHeader]: host, ...(origin !== undefined && { origin }) },
    })
    const client = new SocketIoClient(socket)
    const refusal = await new Promise<(Error & { data?: { code: string } }) | undefined>((resolve) => {
      socket.once('connect', () => resolve(undefined))
      socket.once('connect_error', resolve)
    })
    if (refusal === undefined) return client
    socket.disconnect()
    throw new RefusedSocket(refusal.data?.code ?? 'none', JSON.stringify([refusal.message, refusal.data]))
  }
}
