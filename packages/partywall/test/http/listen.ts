/** A server for one test, with functions that send requests to it. */
import { once } from 'node:events'
import http, { type IncomingHttpHeaders, type OutgoingHttpHeaders, type RequestListener } from 'node:http'
import net, { type AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { afterEach } from 'vitest'

const servers: http.Server[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
})

export interface Sent {
  host: string
  path?: string
  method?: string
  headers?: OutgoingHttpHeaders
  body?: string | AsyncIterable<string>
  agent?: http.Agent
}

export async function listen(app: RequestListener) {
  const server = http.createServer(app).listen(0, '127.0.0.1')
  servers.push(server)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const at = { host: '127.0.0.1', port }

  // fetch cannot set the Host header; node:http can.
  async function send({ host, headers, body, agent, ...request }: Sent) {
    const sent = http.request({ ...at, ...request, headers: { ...headers, host }, agent: agent ?? false })
    const answered = once(sent, 'response') as Promise<[http.IncomingMessage]>
    const writing = pipeline(Readable.from(body === undefined ? [] : typeof body === 'string' ? [body] : body), sent)
    const [response] = await answered
    const text = (await response.setEncoding('utf8').toArray()).join('')
    await writing
    return { status: response.statusCode!, headers: response.headers as IncomingHttpHeaders, text, json: jsonOf(text) }
  }

  /** Header lines that no HTTP client would send. */
  async function raw(headerLines: string): Promise<string> {
    const socket = net.connect(at).setEncoding('utf8')
    socket.write(`GET / HTTP/1.1\r\n${headerLines}\r\nConnection: close\r\n\r\n`)
    return (await socket.toArray()).join('')
  }

  return { send, raw, port }
}

function jsonOf(text: string): any {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
