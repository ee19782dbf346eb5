/** Requests as a visitor sends them, to a proxy on this machine. */
import { once } from 'node:events'
import { request as plain, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import { request as secure } from 'node:https'
import type { TLSSocket } from 'node:tls'

export interface Answer {
  readonly status: number | undefined
  readonly headers: IncomingHttpHeaders
  readonly body: string
  /** The names of the certificate, where the request was sent over https. */
  readonly names: string | undefined
}

interface How {
  readonly headers?: Record<string, string>
  /** The name in the TLS handshake; default: the host. */
  readonly servername?: string
}

export async function overHttp(port: number, host: string, path: string, { headers }: How = {}): Promise<Answer> {
  const sent = plain({ port, host: '127.0.0.1', path, headers: { host, ...headers }, agent: false }).end()
  return answerOf(((await once(sent, 'response')) as [IncomingMessage])[0])
}

/** Accepts the certificate, which a test has signed. */
export async function overHttps(
  port: number,
  host: string,
  path: string,
  { headers, servername = host }: How = {},
): Promise<Answer> {
  const sent = secure({
    port,
    host: '127.0.0.1',
    path,
    servername,
    rejectUnauthorized: false,
    headers: { host, ...headers },
    agent: false,
  }).end()
  return answerOf(((await once(sent, 'response')) as [IncomingMessage])[0])
}

/** The first part of an answer that does not end. */
export async function firstPart(port: number, host: string, path: string): Promise<string> {
  const sent = secure({
    port,
    host: '127.0.0.1',
    path,
    servername: host,
    rejectUnauthorized: false,
    headers: { host },
    agent: false,
  })
  const [response] = (await once(sent.end(), 'response')) as [IncomingMessage]
  const [chunk] = (await once(response, 'data')) as [Buffer]
  sent.destroy()
  return chunk.toString()
}

async function answerOf(response: IncomingMessage): Promise<Answer> {
  const socket = response.socket as TLSSocket
  const names = typeof socket.getPeerCertificate === 'function' ? socket.getPeerCertificate().subjectaltname : undefined
  const body = (await response.setEncoding('utf8').toArray()).join('')
  return { status: response.statusCode, headers: response.headers, body, names }
}
