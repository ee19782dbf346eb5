/** A request names its host in up to four places. A proxy may have checked another of them than this code reads, so they must agree. */
import { once } from 'node:events'
import http2 from 'node:http2'
import net, { type AddressInfo } from 'node:net'
import express from 'express'
import { describe, expect, onTestFinished, test } from 'vitest'
import { tenantScope } from '../../src/http/express.ts'
import { createAdmission, nodeFacts, webFacts } from '../../src/http/http.ts'
import { listen } from './listen.ts'
import { createTenancyLike } from './tenancy.ts'

const one = 'tenant1.example.com'
const two = 'tenant2.example.com'

/** The head of a request, and the tenant that is served; undefined where the request is refused with 400. */
const heads: readonly (readonly [head: string, tenant: string | undefined])[] = [
  [`GET / HTTP/1.1\r\nHost: ${one}`, 'tenant1'],
  [`GET http://${one}/ HTTP/1.1\r\nHost: ${one}`, 'tenant1'],
  [`GET http://${one.toUpperCase()}/ HTTP/1.1\r\nHost: ${one}`, 'tenant1'],
  [`GET http://${two}/ HTTP/1.1\r\nHost: ${one}`, undefined],
  [`GET HTTP://${two}/ HTTP/1.1\r\nHost: ${one}`, undefined],
  [`GET https://${two}/ HTTP/1.1\r\nHost: ${one}`, undefined],
  [`GET http://${two} HTTP/1.1\r\nHost: ${one}`, undefined],
  [`GET http://${two}?a=1 HTTP/1.1\r\nHost: ${one}`, undefined],
  [`GET http://${two}#/ HTTP/1.1\r\nHost: ${one}`, undefined],
  [`GET http://${one}@${two}/ HTTP/1.1\r\nHost: ${one}`, undefined],
  [`GET http://other.test/ HTTP/1.1\r\nHost: ${one}`, undefined],
  [`GET http:///${two}/ HTTP/1.1\r\nHost: ${one}`, undefined],
  [`GET http:/${two}/ HTTP/1.1\r\nHost: ${one}`, undefined],
  [`GET http:${two}/ HTTP/1.1\r\nHost: ${one}`, undefined],
  [`GET http:\\\\${two}/ HTTP/1.1\r\nHost: ${one}`, undefined],
  [`GET http://${two}\\@${one}/ HTTP/1.1\r\nHost: ${one}`, undefined],
  [`GET //${two}/ HTTP/1.1\r\nHost: ${one}`, 'tenant1'],
  [`GET http://${one}:81/ HTTP/1.1\r\nHost: ${one}`, undefined],
  [`GET http://${one}:80/ HTTP/1.1\r\nHost: ${one}`, 'tenant1'],
  [`GET https://${one}/ HTTP/1.1\r\nHost: ${one}:443`, 'tenant1'],
  [`GET http://${one}./ HTTP/1.1\r\nHost: ${one}`, undefined],
  [`GET / HTTP/1.1\r\nHost: ${one}\r\nHost: ${two}`, undefined],
  [`GET / HTTP/1.1\r\nHost: ${one}\r\nhost: ${one}`, undefined],
  [`GET / HTTP/1.1\r\nHost: ${one}, ${two}`, undefined],
  [`GET http://${one}/ HTTP/1.1\r\nHost: `, undefined],
  [`GET http://${one}/ HTTP/1.0`, 'tenant1'],
  [`GET / HTTP/1.1\r\nHost: ${one}\r\nX-Forwarded-Host: ${two}`, 'tenant1'],
]

describe.each(['Express', 'nodeFacts of node:http'])('the hosts of a request to %s', (kind) => {
  test.each(heads)('%j: %s', async (head, tenant) => {
    const { tenancy } = { tenancy: createTenancyLike() }
    const served: (string | undefined)[] = []
    const app = express().use(tenantScope(tenancy))
    app.use((req, res) => {
      served.push(req.tenant?.schema)
      res.json('served')
    })
    const admit = createAdmission(tenancy)
    const plain = async (req: Parameters<typeof nodeFacts>[0], res: { end(): unknown; writeHead(status: number): unknown }) => {
      const admission = await admit(nodeFacts(req))
      if (admission.action === 'enter') served.push(admission.tenant?.schema)
      res.writeHead(admission.action === 'refuse' ? admission.answer.status : 200)
      res.end()
    }
    const { port } = await listen(kind === 'Express' ? app : (req, res) => void plain(req, res))
    const status = await statusOf(port, head)
    expect({ status, served }).toEqual({ status: tenant === undefined ? 400 : 200, served: tenant === undefined ? [] : [tenant] })
  })
})

test.each([
  [{ ':authority': one, host: one }, 'tenant1'],
  [{ ':authority': one, host: two }, undefined],
  [{ ':authority': one }, 'tenant1'],
])('the hosts of a request of HTTP/2: %j', async (headers, tenant) => {
  const admit = createAdmission(createTenancyLike())
  const server = http2.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = http2.connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  onTestFinished(() => (client.close(), void server.close()))
  const received = once(server, 'request') as Promise<[http2.Http2ServerRequest, http2.Http2ServerResponse]>
  client.request({ ':path': '/', ...headers })
  const [req, res] = await received
  const admission = await admit(nodeFacts(req))
  res.end()
  expect(admission.action === 'enter' ? admission.tenant?.schema : undefined).toBe(tenant)
})

test.each([
  [`http://${one}/`, one, 'tenant1'],
  [`http://${one}:80/`, one, 'tenant1'],
  [`https://${one}/`, `${one}:443`, 'tenant1'],
  [`http://${two}/`, one, undefined],
  [`http://other.test/`, one, undefined],
  [`http://${one}:81/`, one, undefined],
  [`http://${one}/`, undefined, 'tenant1'],
  // Built by the server from its own settings: it names no tenant.
  ['http://localhost:3000/', one, 'tenant1'],
  ['http://f3a9c1:3000/', one, 'tenant1'],
  ['http://0.0.0.0:3000/', one, 'tenant1'],
  ['http://[::1]:3000/', one, 'tenant1'],
])('the hosts of a web Request to %s with the Host %s', async (url, host, tenant) => {
  const admit = createAdmission(createTenancyLike())
  const request = new Request(url, host === undefined ? {} : { headers: { host } })
  const admission = await admit(webFacts(request))
  expect(admission.action === 'enter' ? admission.tenant?.schema : admission).toEqual(
    tenant ?? expect.objectContaining({ action: 'refuse', resolution: expect.objectContaining({ outcome: 'invalid' }) }),
  )
  // A framework that knows better says so.
  const known = await admit(webFacts(request, { host: two }))
  expect(known).toMatchObject({ action: 'enter', tenant: { schema: 'tenant2' } })
})

async function statusOf(port: number, head: string): Promise<number> {
  const socket = net.connect({ host: '127.0.0.1', port }).setEncoding('utf8')
  socket.write(`${head}\r\nConnection: close\r\n\r\n`)
  const answer = (await socket.toArray()).join('')
  return Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1])
}
