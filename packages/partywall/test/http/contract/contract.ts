/**
 * What every adapter for a web framework promises, tried on a live server with a real PostgreSQL: each request gets its own tenant or an answer that tells
 * nothing, and the tenant stays with everything that the request starts.
 */
import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { byHeader } from '../../../src/resolve/by-header.ts'
import { byHost } from '../../../src/resolve/by-host.ts'
import type { AdmissionOptions } from '../../../src/http/http.ts'
import type { RequestFacts } from '../../../src/ports/resolver.ts'
import { createTenancy, type Tenancy } from '../../../src/tenancy.ts'
import { testDatabase } from '../../support/servers/database.ts'
import { Client, type Answer } from './client.ts'
import { chunkSize, contractApp, type ContractApp } from './routes.ts'

export interface SubjectServer {
  readonly port: number
  close(): Promise<unknown>
}

export interface Subject {
  readonly name: string
  /** A live server with the routes, the adapter with `options`, and its handler of errors, as its page advises. */
  start(tenancy: Tenancy, app: ContractApp, options: Pick<AdmissionOptions, 'none'>): Promise<SubjectServer>
}

const count = 20
const names = Array.from({ length: count }, (_, index) => `t${index}`)
const content = Buffer.alloc(300_000, 'x')

/** What one promise is tried on. */
interface World {
  readonly tenancy: Tenancy
  readonly app: ContractApp
  readonly client: Client
  started(options: Pick<AdmissionOptions, 'none'>): Promise<Client>
  readonly unhandled: readonly unknown[]
}

export function httpContract(subject: Subject): void {
  // oxlint-disable-next-line vitest/valid-title -- the name of the subject
  describe(subject.name, () => {
    const world = contractWorld(subject)
    test.each(Object.entries(promises))('%s', async (_, holds) => holds(await world))
  })
}

/** Tries the contract itself: an adapter that is known to be wrong must break these promises. */
export function expectBroken(subject: Subject, broken: readonly (keyof typeof promises)[]): void {
  // oxlint-disable-next-line vitest/valid-title -- the name of the subject
  describe(subject.name, () => {
    const world = contractWorld(subject)
    test.each(broken)('breaks: %s', async (name) => {
      await expect(promises[name](await world)).rejects.toThrow(/expected|socket hang up|aborted/)
    })
  })
}

function contractWorld(subject: Subject): Promise<World> {
  const opening = Promise.withResolvers<World>()
  const servers: SubjectServer[] = []
  const unhandled: unknown[] = []
  const note = (reason: unknown): void => void unhandled.push(reason)
  let tenancy: Tenancy | undefined

  beforeAll(async () => {
    const { url } = await testDatabase()
    const opened = (tenancy = await contractTenancy(url))
    const app = contractApp(opened)
    const started = async (options: Pick<AdmissionOptions, 'none'>): Promise<Client> => {
      const server = await subject.start(opened, app, options)
      servers.push(server)
      return new Client(server.port)
    }
    process.on('unhandledRejection', note)
    opening.resolve({ tenancy: opened, app, client: await started({ none: 'shared' }), started, unhandled })
  })
  afterAll(async () => {
    process.off('unhandledRejection', note)
    await Promise.all(servers.map((server) => server.close()))
    await tenancy?.close()
  })
  return opening.promise
}

const promises = {
  async 'a request runs in its scope at every await, callback, timer and event, with 40 at once'({ tenancy, client }: World) {
    const tenants = [...names, ...names]
    const answers = await Promise.all(tenants.map((name) => client.get(name, '/who')))
    answers.forEach(({ json }, index) => expect(json).toEqual(whole(tenants[index]!)))
    expect(tenancy.scope()).toBeUndefined()
  },

  async 'one connection may serve a tenant after the other'({ client }: World) {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
    for (const name of ['t1', 't2', 't1', 't3']) expect((await client.get(name, '/who', { agent })).json).toEqual(whole(name))
    agent.destroy()
  },

  async 'a body of 300 kB is parsed in the scope, as JSON and as an upload'({ client }: World) {
    const items = Buffer.from(JSON.stringify({ items: Array.from({ length: 3000 }, () => 'x'.repeat(97)) }))
    const json = names.map((name) => client.get(name, '/json', jsonBody(items)))
    const uploads = names.map((name) => client.get(name, '/upload', multipart(content)))
    const answers = [await Promise.all(json), await Promise.all(uploads)] as const
    names.forEach((name, index) => {
      expect(answers[0][index]!.json).toEqual({ scope: name, schema: name, items: 3000 })
      expect(answers[1][index]!.json).toEqual({ scopes: [name], bytes: content.length })
    })
  },

  async 'a stream that is read after the handler returned stays with its tenant, for a slow client, too'({ client }: World) {
    const answers = await Promise.all(names.map((name) => client.get(name, '/stream', { readSlowly: true })))
    answers.forEach(({ text }, index) => {
      expect(text.length).toBe(6 * chunkSize)
      expect(wordsOf(text)).toEqual(new Set([names[index]]))
    })
  },

  async 'server-sent events stay with their tenant'({ client }: World) {
    const answers = await Promise.all(names.map((name) => client.get(name, '/events')))
    answers.forEach(({ text, headers }, index) => {
      expect(headers['content-type']).toMatch(/^text\/event-stream/)
      expect(text).toBe(`data: ${names[index]} ${names[index]}\n\n`.repeat(4))
    })
  },

  async 'a handler that fails late is answered with 500 and no message; others go on'({ client }: World) {
    const [failed, other] = await Promise.all([client.get('t1', '/fails'), client.get('t2', '/who')])
    expect(failed.status).toBe(500)
    expect(failed.text).not.toContain('secret')
    expect(other.json).toEqual(whole('t2'))
  },

  async 'a stream that fails ends its own answer only, and says nothing'({ client }: World) {
    const broken = client.get('t1', '/broken-stream').then(
      ({ text }) => text,
      () => 'aborted',
    )
    const [text, other] = await Promise.all([broken, client.get('t2', '/stream')])
    expect(text).not.toContain('secret')
    expect(wordsOf(other.text)).toEqual(new Set(['t2']))
  },

  async 'a client that leaves changes nothing for its request, and is noticed in its scope'({ app, client }: World) {
    app.late.length = 0
    await client.leave('GET /leaves HTTP/1.1\r\nhost: t3.example.com\r\n\r\n')
    const upload = 'content-type: application/json\r\ncontent-length: 100000\r\n\r\n{"items":['
    await client.leave(`POST /json HTTP/1.1\r\nhost: t4.example.com\r\n${upload}`)
    await expect.poll(() => app.late.toSorted()).toEqual(['closed t3 in t3', 'done t3 in t3, t3'])
    expect((await client.get('t4', '/who')).json).toEqual(whole('t4'))
  },

  async 'an error of a resolver is answered with 500 and no message, however it comes'({ client }: World) {
    for (const how of ['throws', 'rejects', 'throws nothing']) {
      const answer = await client.get('t1', '/who', { headers: { 'x-break': how } })
      expect(answer.status).toBe(500)
      expect(answer.text).not.toContain('secret')
    }
    expect((await client.get('t1', '/who')).json).toEqual(whole('t1'))
  },

  async 'tenants that do not exist, are archived or are being deleted have one answer, byte for byte'({ client }: World) {
    const unknown = ['nobody', 'gone', 'half', 'x'.repeat(60)]
    const answers = await Promise.all(unknown.map((name) => client.get(name, '/own')))
    for (const answer of answers) expect(bytesOf(answer)).toEqual(bytesOf(answers[0]!))
    expect(answers[0]).toMatchObject({
      status: 404,
      json: { code: 'UNKNOWN_TENANT' },
      headers: { 'content-type': expect.stringMatching(/^application\/problem\+json/), 'cache-control': 'no-store' },
    })
  },

  async 'suspended, in maintenance, ambiguous and malformed have answers of their own'({ client }: World) {
    expect(await client.get('paused', '/own')).toMatchObject({ status: 403, json: { code: 'TENANT_SUSPENDED' } })
    const closed = await client.get('closed', '/own')
    expect(closed).toMatchObject({ status: 503, headers: { 'retry-after': '60' }, json: { code: 'TENANT_MAINTENANCE' } })
    const other = await client.get('t1', '/own', { headers: { 'x-tenant-id': 't2' } })
    expect(other).toMatchObject({ status: 400, json: { code: 'AMBIGUOUS_TENANT' } })
    const spoilt = await client.get('t1', '/own', { headers: { 'x-tenant-id': "t1'; drop schema t1" } })
    expect(spoilt).toMatchObject({ status: 400, json: { code: 'INVALID_TENANT_REF' } })
  },

  async 'routes belong to tenants, to the shared side, or to both'({ client, started }: World) {
    const apex = (path: string): Promise<Answer> => client.send({ host: 'example.com', path })
    expect(await client.get('t1', '/own')).toMatchObject({ status: 200, json: { scope: 't1' } })
    expect(await client.get('t1', '/central')).toMatchObject({ status: 404, json: { code: 'SHARED_REQUIRED' } })
    expect(await apex('/central')).toMatchObject({ status: 200, json: { scope: 'shared' } })
    expect(await apex('/own')).toMatchObject({ status: 404, json: { code: 'TENANT_REQUIRED' } })
    expect((await apex('/who')).json.onRequest).toBe('none')
    const strict = await started({})
    expect(await strict.send({ host: 'example.com', path: '/who' })).toMatchObject({ status: 404 })
    expect((await strict.get('t1', '/who')).json).toEqual(whole('t1'))
  },

  async 'a host that no browser sends gets a 4xx without a stack, and no tenant'({ client }: World) {
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
      expect(`${lines.slice(0, 60)}: ${answer}`).toMatch(/: HTTP\/1\.1 4\d\d /)
      expect(answer).not.toMatch(/t1"|t2"|\n {4}at /)
    }
    expect(
      await client.raw('GET http://t2.example.com/who HTTP/1.1\r\nhost: t1.example.com\r\nconnection: close\r\n\r\n'),
    ).toMatch(/^HTTP\/1\.1 4\d\d /)
  },

  async 'HEAD, OPTIONS and a route that does not exist are answered'({ client }: World) {
    const answers = await Promise.all([
      client.get('t1', '/own', { method: 'HEAD' }),
      client.get('t1', '/own', { method: 'OPTIONS' }),
      client.get('t1', '/nothing-here'),
    ])
    for (const { status } of answers) expect(status).toBeLessThan(500)
  },

  async 'at the end nothing is held and nothing was unhandled'({ tenancy, unhandled }: World) {
    await expect.poll(() => tenancy.pool.totalCount - tenancy.pool.idleCount).toBe(0)
    expect(unhandled).toEqual([])
  },
}

export async function contractTenancy(url: string): Promise<Tenancy> {
  const tenancy = createTenancy({
    database: url,
    migrations: { shared: false, tenant: false },
    pool: { max: 8 },
    resolve: [breaking, byHost({ base: 'example.com' }), byHeader('x-tenant-id', { trusted: true })],
  })
  for (const schema of [...names, 'paused', 'closed', 'gone', 'half']) await tenancy.tenants.create({ schema })
  await tenancy.tenants.suspend('paused')
  await tenancy.tenants.setMaintenance('closed')
  await tenancy.tenants.archive('gone')
  await tenancy.sharedPool.query(`update partywall.tenants set status = 'deleting' where schema = 'half'`)
  await vi.waitUntil(async () => (await tenancy.tenants.find('half'))?.status !== 'active')
  return tenancy
}

/** Throws nothing, too: a handler of errors that looks at the error only when there is one lets such a request pass. */
function breaking({ headers }: RequestFacts): undefined | Promise<never> {
  const how = headers?.['x-break']
  if (how === 'throws') throw new Error('secret of the resolver')
  // oxlint-disable-next-line no-throw-literal -- this is what is tried
  if (how === 'throws nothing') throw undefined
  return how === 'rejects' ? Promise.reject(new Error('secret of the resolver')) : undefined
}

function whole(name: string): object {
  return { scopes: Array.from({ length: 8 }, () => name), onRequest: name }
}

function wordsOf(text: string): Set<string> {
  return new Set(text.split(/[ .]+/).filter((word) => word !== ''))
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

/** For subjects on node:http. */
export async function listening(server: http.Server): Promise<SubjectServer> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
