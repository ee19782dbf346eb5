/** A console in a server of its own, asked with any header: fetch would refuse to send some of them. */
import { once } from 'node:events'
import { createServer, request, type IncomingMessage, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

interface Answer {
  readonly status: number | undefined
  readonly headers: IncomingMessage['headers']
  readonly body: string
  readonly json: any
}

export interface Sent {
  readonly method?: string
  readonly headers?: Record<string, string | string[]>
  readonly body?: string
}

export type Ask = (path: string, sent?: Sent) => Promise<Answer>

/** Until the test ends. */
export async function served(listener: RequestListener): Promise<Ask> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  return async (path, { method = 'GET', headers = {}, body } = {}) => {
    const sent = request({ port, path, method, headers: { host: 'shop.test', ...headers }, agent: false })
    sent.end(body)
    // A server that refuses a body may close the connection while it is still sent.
    const answered = once(sent, 'response')
    sent.on('error', () => {})
    const [response] = (await answered) as [IncomingMessage]
    const text = (await response.setEncoding('utf8').toArray()).join('')
    const isJson = response.headers['content-type']?.includes('json') === true
    return {
      status: response.statusCode,
      headers: response.headers,
      body: text,
      json: isJson ? JSON.parse(text) : undefined,
    }
  }
}
