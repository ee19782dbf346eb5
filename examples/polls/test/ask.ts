/** Requests with any Host header, which fetch does not allow. */
import { request } from 'node:http'

export interface Ask {
  /** `ferrari` becomes the host ferrari.localhost; absent: localhost. */
  readonly tenant?: string
  readonly host?: string
  /** The value of X-Request-ID. */
  readonly id?: string
  readonly body?: unknown
}

export interface Answer {
  readonly status: number
  readonly type: string | undefined
  readonly location: string | undefined
  readonly body: any
}

export function client(port: number) {
  return {
    get: (path: string, ask?: Ask) => send(port, 'GET', path, ask),
    post: (path: string, body: unknown, ask?: Ask) => send(port, 'POST', path, { ...ask, body }),
  }
}

function send(port: number, method: string, path: string, { tenant, host, id, body }: Ask = {}): Promise<Answer> {
  const headers: Record<string, string> = { host: host ?? (tenant === undefined ? 'localhost' : `${tenant}.localhost`) }
  if (id !== undefined) headers['x-request-id'] = id
  if (body !== undefined) headers['content-type'] = 'application/json'
  return new Promise((resolve, reject) => {
    const req = request({ host: '127.0.0.1', port, method, path, headers, agent: false }, (res) => {
      let text = ''
      res.setEncoding('utf8')
      res.on('data', (chunk: string) => (text += chunk))
      res.on('end', () => {
        const { 'content-type': type, location } = res.headers
        resolve({ status: res.statusCode!, type, location, body: type?.includes('json') ? JSON.parse(text) : text })
      })
    })
    req.on('error', reject)
    req.end(typeof body === 'string' ? body : JSON.stringify(body))
  })
}
