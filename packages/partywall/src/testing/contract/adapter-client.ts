/** What the contract of adapters sends with: real HTTP, with hosts and header lines that `fetch` cannot send. */
import { once } from 'node:events'
import http, { type OutgoingHttpHeaders } from 'node:http'
import net from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

export interface Answer {
  readonly status: number
  readonly headers: http.IncomingHttpHeaders
  readonly text: string
  readonly json: any
}

export interface Sent {
  readonly host: string
  readonly path: string
  readonly method?: string
  readonly headers?: OutgoingHttpHeaders
  readonly body?: Buffer
  /** Reads each chunk of the answer this late, so that the server has to wait for the client. */
  readonly readSlowly?: boolean
  readonly agent?: http.Agent
}

export class ContractClient {
  readonly #port: number

  constructor(port: number) {
    this.#port = port
  }

  async send({ host, path, method = 'GET', headers, body, readSlowly = false, agent }: Sent): Promise<Answer> {
    const request = http.request({
      host: '127.0.0.1',
      port: this.#port,
      path,
      method,
      headers: { ...headers, host },
      agent: agent ?? false,
    })
    // A server may answer before it has read the body.
    const answered = once(request, 'response')
    answered.catch(() => {})
    // In pieces, so that the server reads them one after the other.
    for (const piece of piecesOf(body)) {
      request.write(piece)
      await sleep(1)
    }
    request.end()
    const [response] = (await answered) as [http.IncomingMessage]
    let text = ''
    for await (const chunk of response.setEncoding('utf8')) {
      text += chunk
      if (readSlowly) await sleep(3)
    }
    return { status: response.statusCode!, headers: response.headers, text, json: jsonOf(text) }
  }

  get(tenant: string, path: string, more: Partial<Sent> = {}): Promise<Answer> {
    return this.send({ host: `${tenant}.example.com`, path, ...more })
  }

  /** Header lines as they are given; what the server wrote until it closed the connection. */
  async raw(text: string): Promise<string> {
    const socket = net.connect({ host: '127.0.0.1', port: this.#port }).setEncoding('latin1')
    socket.on('error', () => {})
    socket.write(text, 'latin1')
    let answer = ''
    for await (const chunk of socket) answer += chunk
    return answer
  }

  /** Sends the head of a request, and perhaps a part of its body, and is gone. */
  async leave(head: string): Promise<void> {
    const socket = net.connect({ host: '127.0.0.1', port: this.#port })
    socket.on('error', () => {})
    await once(socket, 'connect')
    socket.write(head)
    await sleep(20)
    socket.destroy()
  }
}

function* piecesOf(body: Buffer = Buffer.alloc(0)): Generator<Buffer> {
  for (let at = 0; at < body.length; at += 50_000) yield body.subarray(at, at + 50_000)
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
