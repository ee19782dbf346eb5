/**
 * What every adapter for a web framework promises, tried on a live server with a real PostgreSQL: each request gets its own tenant or an answer that tells
 * nothing, and the tenant stays with everything that the request starts.
 */
import assert from 'node:assert/strict'
import http from 'node:http'
import { chunkSize, type ContractApp } from './adapter-app.ts'
import type { Answer, ContractClient } from './adapter-client.ts'
import { assertLike, until, type ContractTenancy } from './contract.ts'

const count = 20
export const names: readonly string[] = Array.from({ length: count }, (_, index) => `t${index}`)
const content = Buffer.alloc(300_000, 'x')

/** What an adapter is told to do with a request that names no tenant; absent: it refuses it. */
export interface SubjectOptions {
  readonly none?: 'shared'
}

/** What one promise is tried on. */
export interface AdapterWorld {
  readonly tenancy: ContractTenancy
  readonly app: ContractApp
  readonly client: ContractClient
  started(options: SubjectOptions): Promise<ContractClient>
  readonly unhandled: readonly unknown[]
}

export const promises = {
  async 'a request runs in its scope at every await, callback, timer and event, with 40 at once'({ tenancy, client }) {
    const tenants = [...names, ...names]
    const answers = await Promise.all(tenants.map((name) => client.get(name, '/who')))
    answers.forEach(({ json }, index) => assert.deepEqual(json, whole(tenants[index]!)))
    assert.equal(tenancy.scope(), undefined)
  },

  async 'one connection may serve a tenant after the other'({ client }) {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
    for (const name of ['t1', 't2', 't1', 't3']) assert.deepEqual((await client.get(name, '/who', { agent })).json, whole(name))
    agent.destroy()
  },

  async 'a body of 300 kB is parsed in the scope, as JSON and as an upload'({ client }) {
    const items = Buffer.from(JSON.stringify({ items: Array.from({ length: 3000 }, () => 'x'.repeat(97)) }))
    const json = names.map((name) => client.get(name, '/json', jsonBody(items)))
    const uploads = names.map((name) => client.get(name, '/upload', multipart(content)))
    const answers = [await Promise.all(json), await Promise.all(uploads)] as const
    names.forEach((name, index) => {
      assert.deepEqual(answers[0][index]!.json, { scope: name, schema: name, items: 3000 })
      assert.deepEqual(answers[1][index]!.json, { scopes: [name], bytes: content.length })
    })
  },

  async 'a stream that is read after the handler returned stays with its tenant, for a slow client, too'({ client }) {
    const answers = await Promise.all(names.map((name) => client.get(name, '/stream', { readSlowly: true })))
    answers.forEach(({ text }, index) => {
      assert.equal(text.length, 6 * chunkSize)
      assert.deepEqual(wordsOf(text), [names[index]])
    })
  },

  async 'server-sent events stay with their tenant'({ client }) {
    const answers = await Promise.all(names.map((name) => client.get(name, '/events')))
    answers.forEach(({ text, headers }, index) => {
      assert.match(String(headers['content-type']), /^text\/event-stream/)
      assert.equal(text, `data: ${names[index]} ${names[index]}\n\n`.repeat(4))
    })
  },

  async 'a handler that fails late is answered with 500 and no message; others go on'({ client }) {
    const [failed, other] = await Promise.all([client.get('t1', '/fails'), client.get('t2', '/who')])
    assert.equal(failed.status, 500)
    assert.doesNotMatch(failed.text, /secret/)
    assert.deepEqual(other.json, whole('t2'))
  },

  async 'a stream that fails ends its own answer only, and says nothing'({ client }) {
    const broken = client.get('t1', '/broken-stream').then(
      ({ text }) => text,
      () => 'aborted',
    )
    const [text, other] = await Promise.all([broken, client.get('t2', '/stream')])
    assert.doesNotMatch(text, /secret/)
    assert.deepEqual(wordsOf(other.text), ['t2'])
  },

  async 'a client that leaves changes nothing for its request, and is noticed in its scope'({ app, client }) {
    app.late.length = 0
    await client.leave('GET /leaves HTTP/1.1\r\nhost: t3.example.com\r\n\r\n')
    const upload = 'content-type: application/json\r\ncontent-length: 100000\r\n\r\n{"items":['
    await client.leave(`POST /json HTTP/1.1\r\nhost: t4.example.com\r\n${upload}`)
    await until(() => assert.deepEqual(app.late.toSorted(), ['closed t3 in t3', 'done t3 in t3, t3']))
    assert.deepEqual((await client.get('t4', '/who')).json, whole('t4'))
  },

  async 'an error of a resolver is answered with 500 and no message, however it comes'({ client }) {
    for (const how of ['throws', 'rejects', 'throws nothing']) {
      const answer = await client.get('t1', '/who', { headers: { 'x-break': how } })
      assert.equal(answer.status, 500)
      assert.doesNotMatch(answer.text, /secret/)
    }
    assert.deepEqual((await client.get('t1', '/who')).json, whole('t1'))
  },

  async 'tenants that do not exist, are archived or are being deleted have one answer, byte for byte'({ client }) {
    const unknown = ['nobody', 'gone', 'half', 'x'.repeat(60)]
    const answers = await Promise.all(unknown.map((name) => client.get(name, '/own')))
    for (const answer of answers) assert.deepEqual(bytesOf(answer), bytesOf(answers[0]!))
    assertLike(answers[0], {
      status: 404,
      json: { code: 'UNKNOWN_TENANT' },
      headers: { 'content-type': /^application\/problem\+json/, 'cache-control': 'no-store' },
    })
  },

  async 'suspended, in maintenance, ambiguous and malformed have answers of their own'({ client }) {
    assertLike(await client.get('paused', '/own'), { status: 403, json: { code: 'TENANT_SUSPENDED' } })
    const closed = await client.get('closed', '/own')
    assertLike(closed, { status: 503, headers: { 'retry-after': '60' }, json: { code: 'TENANT_MAINTENANCE' } })
    const other = await client.get('t1', '/own', { headers: { 'x-tenant-id': 't2' } })
    assertLike(other, { status: 400, json: { code: 'AMBIGUOUS_TENANT' } })
    const spoilt = await client.get('t1', '/own', { headers: { 'x-tenant-id': "t1'; drop schema t1" } })
    assertLike(spoilt, { status: 400, json: { code: 'INVALID_TENANT_REF' } })
  },

  async 'routes belong to tenants, to the shared side, or to both'({ client, started }) {
    const apex = (path: string): Promise<Answer> => client.send({ host: 'example.com', path })
    assertLike(await client.get('t1', '/own'), { status: 200, json: { scope: 't1' } })
    assertLike(await client.get('t1', '/central'), { status: 404, json: { code: 'SHARED_REQUIRED' } })
    assertLike(await apex('/central'), { status: 200, json: { scope: 'shared' } })
    assertLike(await apex('/own'), { status: 404, json: { code: 'TENANT_REQUIRED' } })
    assert.equal((await apex('/who')).json.onRequest, 'none')
    const strict = await started({})
    assertLike(await strict.send({ host: 'example.com', path: '/who' }), { status: 404 })
    assert.deepEqual((await strict.get('t1', '/who')).json, whole('t1'))
  },

  async 'a host that no browser sends gets a 4xx without a stack, and no tenant'({ client }) {
    const head = (lines: string): Promise<string> => client.raw(`GET /who HTTP/1.1\r\n${lines}connection: close\r\n\r\n`)
    const hosts = [
      'host: t1.example.com\r\nhost: t2.example.com\r\n',
      'host: t1.example.com, t2.example.com\r\n',
      'host: t1.example.com@t2.example.com\r\n',
      'host: user:password@t1.example.com\r\n',
      'host: t1.example.com/own\r\n',
      'host: t1.example.com:99999\r\n',
      'host: t1.example.com\x01\r\n',
      `host: ${'x'.repeat(10_000)}.example.com\r\n`,
      'host: t1%2eexample.com\r\n',
      '',
    ]
    for (const lines of hosts) {
      const answer = await head(lines)
      assert.match(`${lines.slice(0, 60)}: ${answer}`, /: HTTP\/1\.1 4\d\d /)
      assert.doesNotMatch(answer, /t1"|t2"|\n {4}at /)
    }
    assert.match(
      await client.raw('GET http://t2.example.com/who HTTP/1.1\r\nhost: t1.example.com\r\nconnection: close\r\n\r\n'),
      /^HTTP\/1\.1 4\d\d /,
    )
  },

  async 'HEAD, OPTIONS and a route that does not exist are answered'({ client }) {
    const answers = await Promise.all([
      client.get('t1', '/own', { method: 'HEAD' }),
      client.get('t1', '/own', { method: 'OPTIONS' }),
      client.get('t1', '/nothing-here'),
    ])
    for (const { status } of answers) assert.ok(status < 500, `expected an answer below 500, not ${status}`)
  },

  async 'at the end nothing is held and nothing was unhandled'({ tenancy, unhandled }) {
    await until(() => assert.equal(tenancy.pool.totalCount - tenancy.pool.idleCount, 0))
    assert.deepEqual(unhandled, [])
  },
} satisfies Record<string, (world: AdapterWorld) => Promise<void>>

function whole(name: string): object {
  return { scopes: Array.from({ length: 8 }, () => name), onRequest: name }
}

function wordsOf(text: string): string[] {
  return [...new Set(text.split(/[ .]+/).filter((word) => word !== ''))]
}

/** What a client could compare. */
function bytesOf({ status, headers, text }: Answer): object {
  const { date: _date, ...others } = headers
  return { status, headers: others, text }
}

function jsonBody(body: Buffer): { method: string; headers: http.OutgoingHttpHeaders; body: Buffer } {
  return { method: 'POST', headers: { 'content-type': 'application/json', 'content-length': body.length }, body }
}

function multipart(file: Buffer): { method: string; headers: http.OutgoingHttpHeaders; body: Buffer } {
  const boundary = 'a-boundary-of-the-contract'
  const head = `--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="a.bin"\r\ncontent-type: application/octet-stream\r\n\r\n`
  const body = Buffer.concat([Buffer.from(head), file, Buffer.from(`\r\n--${boundary}--\r\n`)])
  return {
    method: 'POST',
    headers: { 'content-type': `multipart/form-data; boundary=${boundary}`, 'content-length': body.length },
    body,
  }
}
