/** The parts of partywall/http that express.test.ts does not cover: admissions, every answer, and the scope of events and bodies. */
import { ReadableStream as NodeStream } from 'node:stream/web'
import { EventEmitter, once } from 'node:events'
import http2 from 'node:http2'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import { errorCodes, TenancyError, type TenancyErrorCode } from '../../src/errors.ts'
import {
  bindBody,
  bindEvents,
  createAdmission,
  errorAnswer,
  nodeFacts,
  problemAnswer,
  problemCodes,
  refusal,
  type AdmissionOptions,
  type ProblemCode,
  type Refused,
} from '../../src/http/http.ts'
import { byHeader } from '../../src/resolve/by-header.ts'
import { Scope } from '../../src/scope/scope.ts'
import { createTenancyLike, tenants } from './tenancy.ts'

const invalidOption = (message: RegExp) =>
  expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringMatching(message) })
const ask = (host: string, options?: AdmissionOptions) => createAdmission(createTenancyLike(), options)({ host })
const bodyOf = ({ body }: { body: string }) => JSON.parse(body)

describe('createAdmission', () => {
  test.each([undefined, {}, { resolve: [] }])('refuses %j in place of a tenancy, before any request', (given) => {
    expect(() => createAdmission(given as any, {}, 'tenantScope')).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringContaining('tenantScope takes a tenancy first') }),
    )
  })

  test('runs the rest of a request in the scope of its tenant', async () => {
    const tenancy = createTenancyLike()
    const admission = await createAdmission(tenancy)({ host: 'tenant1.example.com' })
    expect(admission).toMatchObject({ action: 'enter', tenant: tenants[1] })
    if (admission.action === 'refuse') throw new Error('refused')
    expect(await admission.run(async () => (await sleep(1), tenancy.scope.current()))).toBe(tenants[1])
    expect(tenancy.scope.value()).toBeUndefined()
  })

  test.each(['shared', 'pass'] as const)('runs a request without a tenant with none: %s', async (none) => {
    const tenancy = createTenancyLike()
    const admission = await createAdmission(tenancy, { none })({ host: 'example.com' })
    if (admission.action === 'refuse') throw new Error('refused')
    expect(admission.tenant).toBeUndefined()
    expect(await admission.run(() => tenancy.scope.value())).toEqual(none === 'shared' ? { kind: 'shared' } : undefined)
  })

  test('refuses every other request, and runs nothing', async () => {
    expect(await ask('example.com')).toMatchObject({ action: 'refuse', answer: { status: 404 }, resolution: { outcome: 'none' } })
    for (const none of ['refuse', 'shared', 'pass'] as const) {
      expect(await ask('missing.example.com', { none })).toMatchObject({ action: 'refuse', resolution: { outcome: 'unknown' } })
    }
    const { answer } = (await ask('maintenance.example.com', { retryAfterMs: 0 })) as { answer?: unknown }
    expect(answer).toMatchObject({ status: 503, headers: { 'retry-after': '0' } })
  })

  test.each<[unknown, RegExp]>([
    [{ none: 'share' }, /^"none" of tenantRoute must be/],
    [{ retryAfterMs: -1 }, /^"retryAfterMs" of tenantRoute must be a whole number of at least 0; it is -1/],
    [{ retryAfterMs: 1.5 }, /it is 1\.5/],
    [{ retryAfterMs: '60' }, /it is text/],
    [{ retryAfterSeconds: 60 }, /It knows: none, unknown, authorize, user, answers, maintenance, retryAfterMs/],
  ])('refuses the options %j', (options, message) => {
    expect(() => createAdmission(createTenancyLike(), options as AdmissionOptions, 'tenantRoute')).toThrow(invalidOption(message))
  })
})

test('nodeFacts reads a request of HTTP/2', async () => {
  const server = http2.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = http2.connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  onTestFinished(() => (client.close(), void server.close()))
  const received = once(server, 'request') as Promise<[http2.Http2ServerRequest, http2.Http2ServerResponse]>
  client.request({ ':authority': 'tenant1.example.com', ':path': '/polls?page=2' })
  const [req, res] = await received
  const facts = nodeFacts(req)
  res.end()
  expect(facts).toMatchObject({ host: 'tenant1.example.com', path: '/polls' })
  expect({ ...facts.query }).toEqual({ page: '2' })
  expect(await createTenancyLike().resolve(facts)).toMatchObject({ outcome: 'resolved', tenant: tenants[1] })
})

test('a request of several hosts is refused, whichever resolvers there are', async () => {
  const req = { headers: { host: 'a.test', 'x-tenant-id': 'tenant1' }, rawHeaders: ['Host', 'a.test', 'Host', 'a.test'] }
  for (const resolvers of [[], [byHeader('x-tenant-id', { trusted: true })], [() => 'tenant1']]) {
    const admit = createAdmission(createTenancyLike(resolvers), { none: 'pass' })
    expect(await admit(nodeFacts(req))).toMatchObject({ action: 'refuse', resolution: { outcome: 'invalid' } })
  }
})

describe('an answer', () => {
  test.each<[Refused['outcome'], number, TenancyErrorCode | ProblemCode]>([
    ['none', 404, 'TENANT_REQUIRED'],
    ['unknown', 404, 'UNKNOWN_TENANT'],
    ['forbidden', 404, 'UNKNOWN_TENANT'],
    ['invalid', 400, 'INVALID_TENANT_REF'],
    ['unauthorized', 401, 'CREDENTIALS_REFUSED'],
    ['ambiguous', 400, 'AMBIGUOUS_TENANT'],
    ['suspended', 403, 'TENANT_SUSPENDED'],
    ['maintenance', 503, 'TENANT_MAINTENANCE'],
  ])('to the outcome %s is %i %s', (outcome, status, code) => {
    const answer = refusal({ outcome })
    expect(answer).toMatchObject({ status, headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store' } })
    expect(bodyOf(answer)).toMatchObject({ status, code, type: 'about:blank', detail: expect.stringMatching(/.{20}/) })
  })

  test('asks a client to wait for 60 seconds, or for retryAfterMs', () => {
    expect(refusal({ outcome: 'maintenance' }).headers['retry-after']).toBe('60')
    expect(refusal({ outcome: 'maintenance' }, { retryAfterMs: 1 }).headers['retry-after']).toBe('1')
    expect(refusal({ outcome: 'unknown' }, { retryAfterMs: 1 }).headers['retry-after']).toBeUndefined()
  })

  test.each(Object.entries(errorCodes))('to an error %s has its status, and says its code only below 500', (code, { http }) => {
    const answer = errorAnswer(new TenancyError(code as TenancyErrorCode, 'secret', { details: { secret: 1 } }))!
    const isSaid = http < 500 || code === 'TENANT_MAINTENANCE'
    expect(answer.status).toBe(http)
    expect(bodyOf(answer).code).toBe(isSaid ? code : http === 503 ? 'UNAVAILABLE' : 'INTERNAL_ERROR')
    expect(answer.body).not.toContain('secret')
  })

  test('is given to no other error', () => {
    expect(errorAnswer(new Error('x'))).toBeUndefined()
    expect(errorAnswer(undefined)).toBeUndefined()
    expect(errorAnswer(new TenancyError('A_NEWER_CODE' as 'NOT_PERMITTED', 'x'))).toBeUndefined()
  })

  test.each(Object.entries(problemCodes))('with the code %s is of HTTP alone', (code, { http }) => {
    expect(Object.keys(errorCodes)).not.toContain(code)
    expect(bodyOf(problemAnswer(code as ProblemCode))).toMatchObject({ status: http, code })
  })
})

describe('bindEvents', () => {
  test('runs listeners in the scope of the call, also those added later and from another scope', () => {
    const [scope, emitter, seen] = [new Scope(), new EventEmitter(), [] as unknown[]]
    emitter.on('x', (what) => seen.push([what, scope.tryCurrent()?.schema]))
    scope.run(tenants[1]!, () => bindEvents(scope, emitter))
    emitter.on('x', (what) => seen.push([what, scope.tryCurrent()?.schema]))
    expect(scope.run(tenants[2]!, () => emitter.emit('x', 7))).toBe(true)
    expect(emitter.emit('y')).toBe(false)
    expect(seen).toEqual([
      [7, 'tenant1'],
      [7, 'tenant1'],
    ])
  })

  test('keeps the scope of the last call', () => {
    const [scope, emitter, seen] = [new Scope(), new EventEmitter(), [] as unknown[]]
    emitter.on('x', () => seen.push(scope.tryCurrent()?.schema))
    scope.run(tenants[1]!, () => bindEvents(scope, emitter))
    scope.run(tenants[2]!, () => bindEvents(scope, emitter))
    emitter.emit('x')
    expect(seen).toEqual(['tenant2'])
  })
})

describe('bindBody', () => {
  test('reads a body in the scope of the call, even if its reader is in another scope', async () => {
    const scope = new Scope()
    const body = () => NodeStream.from(schemas(scope)) as unknown as ReadableStream<string>
    const bound = scope.run(tenants[1]!, () => bindBody(scope, body()))
    expect(await read(scope, bound)).toEqual(['tenant1', 'tenant1', 'tenant1'])
    expect(await read(scope, scope.run(tenants[1]!, body)), 'what it protects from').toContain('tenant2')
  })

  test('reads nothing ahead of the client, and passes on errors and cancellation', async () => {
    const scope = new Scope()
    const seen: unknown[] = []
    const body = new ReadableStream<string>(
      {
        pull: (controller) => (seen.push('pull'), controller.enqueue('x')),
        cancel: (reason) => void seen.push([reason, scope.tryCurrent()?.schema]),
      },
      { highWaterMark: 0 },
    )
    const bound = scope.run(tenants[1]!, () => bindBody(scope, body))
    await sleep(5)
    expect(seen).toEqual([])
    const reader = bound.getReader()
    expect(await reader.read()).toEqual({ done: false, value: 'x' })
    await reader.cancel('gone')
    expect(seen).toEqual(['pull', ['gone', 'tenant1']])
    const broken = new ReadableStream({ pull: () => Promise.reject(new Error('broken')) })
    await expect(bindBody(scope, broken).getReader().read()).rejects.toThrow('broken')
  })
})

/** Reads a body in the scope of another tenant; a server would read it outside every scope. */
async function read(scope: Scope, body: ReadableStream<string>): Promise<string[]> {
  return scope.run(tenants[2]!, async () => {
    const chunks: string[] = []
    for await (const chunk of body) chunks.push(chunk)
    return chunks
  })
}

async function* schemas(scope: Scope) {
  for (let chunk = 0; chunk < 3; chunk++) {
    await sleep(1)
    yield String(scope.tryCurrent()?.schema)
  }
}
