/** What a hostile client writes on the wire to Express: each gets a clean refusal without a stack, a hint or a tenant. */
import net from 'node:net'
import express from 'express'
import { expect, test } from 'vitest'
import { tenancyErrors, tenantScope } from '../../src/http/express.ts'
import { byApiKey } from '../../src/resolve/by-api-key.ts'
import { byCookie } from '../../src/resolve/by-cookie.ts'
import { byHeader } from '../../src/resolve/by-header.ts'
import { byHost } from '../../src/resolve/by-host.ts'
import { byPath } from '../../src/resolve/by-path.ts'
import { byQuery } from '../../src/resolve/by-query.ts'
import { listen } from './listen.ts'
import { createTenancyLike } from './tenancy.ts'

const host = 'Host: tenant1.example.com'
const longText = 'x'.repeat(10_000)

const heads = [
  ['no host', 'GET / HTTP/1.0', ''],
  ['an empty host', 'GET / HTTP/1.1', 'Host:'],
  ['two hosts', 'GET / HTTP/1.1', `${host}\r\nHost: tenant2.example.com`],
  ['a host with credentials', 'GET / HTTP/1.1', 'Host: user:pw@tenant1.example.com'],
  ['a host with a path', 'GET / HTTP/1.1', 'Host: tenant1.example.com/x'],
  ['a host of 10 kB', 'GET / HTTP/1.1', `Host: ${longText}.example.com`],
  ['a host with a control character', 'GET / HTTP/1.1', 'Host: tenant1\u0001.example.com'],
  ['a host with a port out of range', 'GET / HTTP/1.1', 'Host: tenant1.example.com:99999'],
  ['a header with two values', 'GET / HTTP/1.1', `${host}\r\nX-Tenant: tenant1, tenant2`],
  ['a header twice', 'GET / HTTP/1.1', `${host}\r\nX-Tenant: tenant1\r\nX-Tenant: tenant1`],
  ['a header of 10 kB', 'GET / HTTP/1.1', `${host}\r\nX-Tenant: ${longText}`],
  ['an id that is none', 'GET / HTTP/1.1', `${host}\r\nX-Tenant: 6f1c1c9e-8f5e-4c1b-9f1d-2f0d0c9b7a1g`],
  ['SQL in place of an id', 'GET / HTTP/1.1', `${host}\r\nX-Tenant: tenant1'; drop schema tenant1--`],
  ['a parameter twice', 'GET /?tenant=tenant1&tenant=tenant1 HTTP/1.1', host],
  ['a parameter as a list', 'GET /?tenant=tenant1,tenant1 HTTP/1.1', host],
  ['a parameter with a zero byte', 'GET /?tenant=tenant1%00 HTTP/1.1', host],
  ['a query of 17 kB', `GET /?tenant=tenant1&x=${longText} HTTP/1.1`, `${host}\r\nX-Tenant: ${longText}`],
  ['a cookie twice', 'GET / HTTP/1.1', `${host}\r\nCookie: tenant=tenant1; tenant=tenant2`],
  ['cookies in two lines', 'GET / HTTP/1.1', `${host}\r\nCookie: tenant=tenant1\r\nCookie: tenant=tenant2`],
  ['a key that is not known', 'GET / HTTP/1.1', `${host}\r\nX-Api-Key: ${'k'.repeat(40)}`],
  ['another tenant in the header', 'GET / HTTP/1.1', `${host}\r\nX-Tenant: tenant2`],
  ['a tenant in the header that does not exist', 'GET / HTTP/1.1', `${host}\r\nX-Tenant: missing`],
  ['another tenant in the path', 'GET /t/tenant2/x HTTP/1.1', host],
  ['a path out of the tenant', 'GET /t/tenant1/../tenant2 HTTP/1.1', host],
  ['a path out of the tenant, encoded', 'GET /t/tenant1/%2e%2e%2ftenant2 HTTP/1.1', host],
  ['an address of another host', 'GET http://tenant2.example.com/ HTTP/1.1', host],
] as const

test.each(heads)('%s is refused', async (_, requestLine, headers) => {
  const { port, reached } = await start()
  const answer = await sent(port, `${requestLine}\r\n${headers}${headers === '' ? '' : '\r\n'}Connection: close\r\n\r\n`)
  const [head = '', body = ''] = answer.split('\r\n\r\n')
  expect(head).toMatch(/^HTTP\/1\.1 4(?:00|01|04|31) /)
  expect(reached).toEqual([])
  expect(body).not.toMatch(/ at |node_modules|tenant\d|missing|kkkk|drop schema/)
  expect(answer.length).toBeLessThan(2000)
})

test('what is refused differs in nothing when the other tenant does not exist', async () => {
  const { port } = await start()
  const answers = await Promise.all(
    ['tenant2', 'missing', 'archived', 'suspended'].map((name) =>
      sent(port, `GET / HTTP/1.1\r\n${host}\r\nX-Tenant: ${name}\r\nConnection: close\r\n\r\n`),
    ),
  )
  expect(new Set(answers.map((answer) => answer.replace(/^date: .*$/im, ''))).size).toBe(1)
})

async function start() {
  const trusted = { trusted: true }
  const tenancy = createTenancyLike([
    byHost({ base: 'example.com' }),
    byPath({ prefix: '/t', ...trusted }),
    byHeader('x-tenant', trusted),
    byQuery('tenant', trusted),
    byCookie('tenant', trusted),
    byApiKey('x-api-key', () => undefined),
  ])
  const reached: unknown[] = []
  const app = express()
  app.use(tenantScope(tenancy))
  app.use((req, res) => {
    reached.push(req.tenant?.schema)
    res.send('reached')
  })
  app.use(tenancyErrors({ log: () => {} }))
  return { ...(await listen(app)), reached }
}

/** Bytes that no HTTP client would send, and what comes back. */
async function sent(port: number, text: string): Promise<string> {
  const socket = net.connect({ host: '127.0.0.1', port }).setEncoding('utf8')
  socket.write(text, 'latin1')
  return (await socket.toArray()).join('')
}
