/** Health checks: what they say, that they name nothing, and that they do no harm while the database hangs. */
import express from 'express'
import fastify from 'fastify'
import { Hono } from 'hono'
import { expect, onTestFinished, test } from 'vitest'
import { createTenancy, type StatementIssued } from '../../src/index.ts'
import * as ofExpress from '../../src/http/express.ts'
import * as ofFastify from '../../src/http/fastify.ts'
import * as ofHono from '../../src/http/hono.ts'
import { healthAnswer } from '../../src/http/http.ts'
import { healthListener } from '../../src/http/node.ts'
import { listen } from '../http/listen.ts'
import { relayForTest } from '../support/servers/relay.ts'
import { folderForTest } from '../support/tenants/registry.ts'
import { heardOn, onServer, twoObserved } from './two.ts'

const { url, directUrl, tenancy } = await twoObserved()
const config = { migrations: { shared: false, tenant: false } } as const

test('all is well: the catalog answers, the pool is free, changes are seen, and each schema is at head', async () => {
  await expect.poll(async () => (await tenancy.health()).status, { timeout: 10_000 }).toBe('ok')
  expect(await tenancy.health()).toEqual({
    status: 'ok',
    checks: {
      catalog: { state: 'ok' },
      pool: { state: 'ok', total: expect.any(Number), idle: expect.any(Number), waiting: 0, max: 10 },
      changes: { state: 'seen' },
      fleet: { state: 'at head', atHead: 3, behind: 0, ahead: 0, failed: 0 },
    },
  })
  expect((await tenancy.health({ fleet: false })).checks).not.toHaveProperty('fleet')
  await expect(tenancy.health({ timeoutMs: 0 })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  await expect(tenancy.health({ flet: true } as never)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
})

test('schemas that lack migrations make it degraded, with their number and without their names', async () => {
  const root = await folderForTest({
    'migrations/tenant/0001_health.sql': 'create table health (id int);',
    'migrations/shared/.keep': '',
  })
  const behind = createTenancy({ database: url, root })
  onTestFinished(() => behind.close())
  const report = await behind.health()
  expect(report).toMatchObject({ status: 'degraded', checks: { fleet: { state: 'behind', behind: 2, atHead: 1 } } })
  const { status, body, headers } = await healthAnswer(behind)
  expect([status, headers['cache-control']]).toEqual([200, 'no-store'])
  for (const name of ['acme', 'globex', '0001_health', '127.0.0.1', 'localhost']) expect(body).not.toContain(name)
})

test('a catalog that is not installed is down, and is not installed by the question', async () => {
  await onServer(directUrl, (admin) => admin.query('alter schema partywall rename to hidden'))
  try {
    const without = createTenancy({ ...config, database: url, tenantCacheMs: 0 })
    onTestFinished(() => without.close())
    expect(await without.health()).toMatchObject({
      status: 'down',
      checks: { catalog: { state: 'down', reason: 'error' }, changes: { state: 'off' } },
    })
    expect((await healthAnswer(without)).status).toBe(503)
  } finally {
    await onServer(directUrl, (admin) => admin.query('alter schema hidden rename to partywall'))
  }
})

test('a server that hangs is down within the time, has one question at a time, and is well again by itself', async () => {
  const relay = await relayForTest(url)
  const hanging = createTenancy({ ...config, database: relay.url })
  onTestFinished(() => hanging.close())
  expect((await hanging.health({ fleet: false })).checks.catalog).toEqual({ state: 'ok' })
  // The watch of changes installs the catalog first: that statement has no limit of time.
  await expect.poll(async () => (await hanging.health({ fleet: false })).checks.changes.state, { timeout: 10_000 }).toBe('seen')
  relay.silence = 'at once'
  const issued = heardOn<StatementIssued>('statement.issued')
  const opened = relay.opened
  // The answer before is kept for a second.
  await expect.poll(async () => (await hanging.health({ fleet: false, timeoutMs: 200 })).status, { timeout: 10_000 }).toBe('down')
  const many = await Promise.all(Array.from({ length: 50 }, () => hanging.health({ timeoutMs: 200 })))
  expect(many.every(({ status, checks }) => status === 'down' && checks.catalog.reason === 'timeout')).toBe(true)
  expect(
    issued.filter(({ tenancy: of, text }) => of === hanging.options && text.includes('partywall.migrations')).length,
  ).toBeLessThan(8)
  // One for the question, and one for the watch of changes.
  expect(relay.opened - opened).toBeLessThan(8)
  expect(hanging.sharedPool.waitingCount).toBe(0)
  relay.silence = 'never'
  await expect.poll(async () => (await hanging.health({ fleet: false })).status, { timeout: 30_000 }).not.toBe('down')
})

test('a starved pool is down', async () => {
  const narrow = createTenancy({ ...config, database: url, pool: { max: 1 } })
  onTestFinished(() => narrow.close())
  await narrow.run('acme', async () => {
    const client = await narrow.pool.connect()
    const waiting = narrow.pool.query('select 1')
    await expect.poll(() => narrow.pool.waitingCount).toBe(1)
    expect(await narrow.health({ fleet: false })).toMatchObject({
      status: 'down',
      checks: { pool: { state: 'starved', waiting: 1, max: 1 } },
    })
    client.release()
    await waiting
    expect((await narrow.health({ fleet: false })).checks.pool.state).toBe('ok')
  })
})

test('the handlers of each framework answer the same, without a tenant; live does not ask the database', async () => {
  const app = express()
  app.get('/live', ofExpress.healthHandler(tenancy, { probe: 'live' }))
  app.get('/ready', ofExpress.healthHandler(tenancy))
  app.use(ofExpress.tenantScope(tenancy))
  const server = await listen(app)
  const node = await listen((req, res) => healthListener(tenancy, req.url === '/live' ? { probe: 'live' } : {})(req, res))
  const hono = new Hono()
  hono.get('/live', ofHono.healthHandler(tenancy, { probe: 'live' }))
  hono.get('/ready', ofHono.healthHandler(tenancy))
  const instance = fastify()
  instance.get('/live', ofFastify.healthHandler(tenancy, { probe: 'live' }))
  instance.get('/ready', ofFastify.healthHandler(tenancy))
  onTestFinished(() => instance.close())
  const issued = heardOn<StatementIssued>('statement.issued')
  const asks = [
    async (path: string) => server.send({ host: 'any', path }).then(({ status, json }) => [status, json]),
    async (path: string) => node.send({ host: 'any', path }).then(({ status, json }) => [status, json]),
    async (path: string) => {
      const answer = await hono.request(path)
      return [answer.status, await answer.json()]
    },
    async (path: string) => instance.inject(path).then((answer) => [answer.statusCode, answer.json()]),
  ]
  for (const ask of asks) expect(await ask('/live')).toEqual([200, { status: 'ok' }])
  expect(issued).toEqual([])
  for (const ask of asks) expect(await ask('/ready')).toMatchObject([200, { status: 'ok', checks: { catalog: { state: 'ok' } } }])
})

test('a handler refuses what is no tenancy, and options that it does not know', () => {
  for (const make of [ofExpress.healthHandler, ofFastify.healthHandler, ofHono.healthHandler, healthListener]) {
    expect(() => make({} as never)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
    expect(() => make(tenancy, { probe: 'alive' as never })).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
    expect(() => make(tenancy, { probes: 'live' } as never)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
  }
})
