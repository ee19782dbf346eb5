/** Jobs, the cache, files and metrics of the API: two tenants with the same ids and names. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { testDatabase } from '../../../packages/partywall/test/support/servers/database.ts'
import { createApp } from '../src/app.ts'
import { closingRouter } from '../src/closing.ts'
import { startJobs, type PollsJobs } from '../src/jobs.ts'
import { logoRouter } from '../src/logo.ts'
import { metricsRouter } from '../src/metrics.ts'
import { seed } from '../src/seed.ts'
import { summaryRouter } from '../src/summary.ts'
import { createPollsTenancy } from '../src/tenancy.ts'
import { client } from './ask.ts'

const { url } = await testDatabase()
const tenancy = createPollsTenancy(url)
const server = createServer()
let jobs: PollsJobs
let api: ReturnType<typeof client>
let base: string

beforeAll(async () => {
  await seed(tenancy)
  jobs = await startJobs(tenancy)
  const more = [metricsRouter(tenancy), summaryRouter(tenancy), logoRouter(tenancy), closingRouter(tenancy, jobs)]
  server.on('request', createApp(tenancy, ...more))
  await once(server.listen(0), 'listening')
  const { port } = server.address() as AddressInfo
  api = client(port)
  base = `http://127.0.0.1:${port}`
})
afterAll(async () => {
  server.closeAllConnections()
  server.close()
  await jobs.stop()
  await tenancy.close()
})

const ferrari = { tenant: 'ferrari' }
const mclaren = { tenant: 'mclaren' }

test('a poll is closed by a job, in the tenant that asked for it, and takes no more votes', async () => {
  expect(await api.post('/polls/1/closing', { seconds: 0 }, ferrari)).toMatchObject({ status: 202 })
  let vote = await api.post('/polls/1/votes', { choice: 1 }, ferrari)
  while (vote.status === 201) {
    await sleep(50)
    vote = await api.post('/polls/1/votes', { choice: 1 }, ferrari)
  }
  expect(vote).toMatchObject({ status: 409, body: { detail: 'This poll is closed.' } })
  expect((await api.post('/polls/1/votes', { choice: 1 }, mclaren)).status).toBe(201)
  expect((await api.post('/polls/999/closing', { seconds: 0 }, ferrari)).status).toBe(404)
  expect((await api.post('/polls/x/closing', { seconds: 0 }, ferrari)).status).toBe(404)
  expect((await api.post('/polls/1/closing', { seconds: -1 }, ferrari)).status).toBe(400)
  expect((await api.post('/polls/1/closing', { seconds: 0 })).status).toBe(404)
})

test('a summary is counted once for each tenant', async () => {
  const of = async (ask: typeof ferrari) => (await api.get('/summary', ask)).body
  const [first, other] = [await of(ferrari), await of(mclaren)]
  expect(first).not.toEqual(other)
  await api.post('/polls', { question: 'Not counted yet?', choices: ['yes', 'no'] }, ferrari)
  expect([await of(ferrari), await of(mclaren)]).toEqual([first, other])
  expect((await api.get('/summary')).status).toBe(404)
})

test('each tenant has its own logo', async () => {
  const put = (ask: typeof ferrari, bytes: string) =>
    fetch(`${base}/logo`, { method: 'PUT', body: bytes, headers: { 'x-request-id': idOf[ask.tenant]! } })
  const get = async (ask: typeof ferrari) =>
    (await fetch(`${base}/logo`, { headers: { 'x-request-id': idOf[ask.tenant]! } })).text()
  const idOf: Record<string, string> = {}
  for await (const { schema, id } of tenancy.tenants.each()) idOf[schema] = id
  expect((await api.get('/logo', ferrari)).status).toBe(404)
  expect((await put(ferrari, 'a horse')).status).toBe(201)
  expect((await put(mclaren, 'a kiwi')).status).toBe(201)
  expect([await get(ferrari), await get(mclaren)]).toEqual(['a horse', 'a kiwi'])
  expect((await put(ferrari, 'x'.repeat(1_000_001))).status).toBeGreaterThanOrEqual(400)
  expect(await get(ferrari)).toBe('a horse')
})

test('metrics and readiness are on the shared side, and name no tenant', async () => {
  const { status, body } = await api.get('/metrics')
  expect(status).toBe(200)
  expect(body).toMatch(/^partywall_up 1$/m)
  expect(body).toMatch(/^partywall_scope_entries_total\{.*scope="tenant"/m)
  expect(body).not.toMatch(/ferrari|mclaren/)
  expect((await api.get('/ready')).status).toBe(200)
  expect((await api.get('/metrics', ferrari)).status).toBe(404)
})
