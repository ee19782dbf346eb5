/** The adapters of docs/http.md, as they stand there, on real servers. That they compile is shown by test/package/docs-examples.test.ts. */
import { ReadableStream as NodeStream } from 'node:stream/web'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { TenancyError } from '../../src/errors.ts'
import type { Scope } from '../../src/scope/scope.ts'
import { listen } from './listen.ts'
import { examplePage } from './page-example.ts'
import { createTenancyLike, type TenancyLike } from './tenancy.ts'

const { page, exampleWith } = await examplePage('docs/http.md')
const { tenantServer } = await exampleWith('export function tenantServer')
const { tenantFetch } = await exampleWith('export function tenantFetch')

test('the adapter for node:http has about 30 lines', () => {
  const body = /export function tenantServer[\s\S]*?\n```/.exec(page)![0]
  expect(body.split('\n').length).toBeLessThan(35)
})

describe('tenantServer', () => {
  test('runs a handler in the scope of its tenant', async () => {
    const { send } = await start(({ scope }) => async (_req: unknown, res: any, tenant: any) => {
      await sleep(2)
      res.end(JSON.stringify([tenant.schema, scope.current().schema]))
    })
    const answers = await Promise.all(
      [1, 2, 3, 4, 5].map((number) => send({ host: `tenant${number}.example.com`, path: '/x?y' })),
    )
    answers.forEach(({ json }, index) => expect(json).toEqual([`tenant${index + 1}`, `tenant${index + 1}`]))
  })

  test('runs streams and late events in the scope of their tenant', async () => {
    const late: unknown[] = []
    const { send } = await start(({ scope }) => async (req: any, res: any) => {
      const seen = new Set<unknown>()
      req.on('data', () => seen.add(scope.tryCurrent()?.schema))
      res.on('close', () => late.push(scope.tryCurrent()?.schema))
      await new Promise((resolve) => req.on('end', resolve))
      await pipeline(Readable.from([JSON.stringify([...seen])]), res)
    })
    const { json } = await send({ host: 'tenant1.example.com', method: 'POST', body: slowly() })
    expect(json).toEqual(['tenant1'])
    await expect.poll(() => late).toEqual(['tenant1'])
  })

  test('refuses a request before its handler runs', async () => {
    const handler = vi.fn<() => void>()
    const { send, raw } = await start(() => handler)
    expect(await send({ host: 'missing.example.com' })).toMatchObject({
      status: 404,
      headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store' },
      json: { code: 'UNKNOWN_TENANT' },
    })
    expect(await send({ host: 'example.com' })).toMatchObject({ status: 404, json: { code: 'TENANT_REQUIRED' } })
    expect(await raw('Host: tenant1.example.com\r\nHost: tenant2.example.com')).toMatch(/^HTTP\/1\.1 400 /)
    expect(handler).not.toHaveBeenCalled()
  })

  test('accepts the options of createAdmission', async () => {
    const shared = await start(answersWithScope, { none: 'shared', retryAfterMs: 1500 })
    expect((await shared.send({ host: 'example.com' })).json).toEqual([null, 'shared'])
    expect((await shared.send({ host: 'maintenance.example.com' })).headers['retry-after']).toBe('2')
    const pass = await start(answersWithScope, { none: 'pass' })
    expect((await pass.send({ host: 'example.com' })).json).toEqual([null, null])
    expect(() => tenantServer(createTenancyLike(), () => {}, { none: 'skip' })).toThrow('"none" of tenantServer')
  })

  test('answers errors without their message, and logs those of 500 and more', async () => {
    const log = silently()
    const thrown = new Map<string, Error>([
      ['/domain', new TenancyError('DOMAIN_EXISTS', 'secret', { details: { domains: [] } })],
      ['/scope', new TenancyError('NO_TENANT', 'secret', { details: { scope: 'none' } })],
      ['/other', new Error('secret')],
    ])
    const { send } = await start(() => (req: any) => Promise.reject(thrown.get(req.url)!))
    const ask = async (path: string) => {
      const { status, json, text } = await send({ host: 'tenant1.example.com', path })
      expect(text).not.toContain('secret')
      return [status, json.code, log.mock.calls.length]
    }
    expect(await ask('/domain')).toEqual([409, 'DOMAIN_EXISTS', 0])
    expect(await ask('/scope')).toEqual([500, 'INTERNAL_ERROR', 1])
    expect(await ask('/other')).toEqual([500, 'INTERNAL_ERROR', 2])
  })

  test('ends a response that has begun when its handler fails', async () => {
    silently()
    const { raw } = await start(() => async (_req: unknown, res: any) => {
      res.write('begun')
      await sleep(5)
      throw new Error('secret')
    })
    await expect(raw('Host: tenant1.example.com').then((text) => text.replaceAll(/\s/g, ''))).resolves.toMatch(/begun$/)
  })
})

describe('tenantFetch', () => {
  test('runs a handler and the body of its response in the scope of the tenant', async () => {
    const response = await fetchFrom('http://tenant1.example.com/', ({ scope }) => async (_: Request, tenant: any) => {
      const body = NodeStream.from(schemas(scope)) as unknown as ReadableStream
      return new Response(body, { status: 201, headers: { 'x-tenant': tenant.schema } })
    })
    expect([response.status, response.headers.get('x-tenant')]).toEqual([201, 'tenant1'])
    expect(await response.text()).toBe('tenant1 tenant1 tenant1 ')
  })

  test('refuses a request, and answers an error', async () => {
    silently()
    const refused = await fetchFrom('http://missing.example.com/', () => () => new Response('never'))
    expect([refused.status, await refused.json()]).toMatchObject([404, { code: 'UNKNOWN_TENANT' }])
    const failed = await fetchFrom('http://tenant1.example.com/', () => () => Promise.reject(new Error('secret')))
    expect([failed.status, await failed.text()]).toEqual([500, expect.not.stringContaining('secret')])
    const empty = await fetchFrom('http://tenant1.example.com/', () => () => new Response(null, { status: 204 }))
    expect([empty.status, empty.body]).toEqual([204, null])
  })
})

async function start(makeHandler: (tenancy: TenancyLike) => unknown, options = {}) {
  const tenancy = createTenancyLike()
  const server = tenantServer(tenancy, makeHandler(tenancy), options)
  return listen(server.listeners('request')[0])
}

function answersWithScope({ scope }: TenancyLike) {
  return (_req: unknown, res: any, tenant: any) => res.end(JSON.stringify([tenant?.schema ?? null, scope.value()?.kind ?? null]))
}

function fetchFrom(url: string, makeHandler: (tenancy: TenancyLike) => unknown): Promise<Response> {
  const tenancy = createTenancyLike()
  return tenantFetch(tenancy, makeHandler(tenancy))(new Request(url))
}

/** Catches what the adapters write to the console. */
function silently() {
  const log = vi.spyOn(console, 'error').mockImplementation(() => {})
  onTestFinished(() => void log.mockRestore())
  return log
}

async function* schemas(scope: Scope) {
  for (let chunk = 0; chunk < 3; chunk++) {
    await sleep(1)
    yield new TextEncoder().encode(`${scope.tryCurrent()?.schema} `)
  }
}

async function* slowly() {
  for (let time = 0; time < 3; time++) {
    yield 'x'.repeat(1000)
    await sleep(3)
  }
}
