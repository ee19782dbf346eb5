/** Health, the doctor, and what a process counts of itself. */
import { beforeAll, expect, test, vi } from 'vitest'
import { Metrics, everyMs, samplesKept } from '../../src/health/metrics.ts'
import { healthRoutes } from '../../src/health/routes.ts'
import { fleetOf, type Fleet } from '../migrations/fleet.ts'
import { asked, until, type AskedRoom } from '../room.ts'

let fleet: Fleet
let room: AskedRoom
beforeAll(async () => {
  fleet = await fleetOf(['acme', 'globex'])
  room = asked(healthRoutes, { tenancy: fleet.tenancy })
})

async function read(from: AskedRoom): Promise<any> {
  const { samples } = (await from.get('/metrics')).body
  const sum = (name: string): number => samples.reduce((all: number, one: any) => all + one[name], 0)
  return { statements: sum('statements'), failed: sum('failed'), tenants: sum('tenants') }
}

test('the checks, the pools and the process are shown, and no connection string', async () => {
  const { body } = await room.get('/')
  expect(body.report.checks).toMatchObject({ catalog: { state: 'ok' }, pool: { state: 'ok' }, fleet: { state: 'at head' } })
  expect(body.pools).toMatchObject([{ pool: 'tenants', waiting: 0 }, { pool: 'shared' }])
  expect(body.process.node).toBe(process.version)
  expect(JSON.stringify(body)).not.toContain('postgres://')
})

test('the doctor is called by an operator, and its findings are for all who look', async () => {
  expect((await room.get('/doctor')).body).toEqual({ state: 'none' })
  expect((await room.post('/doctor', {}, 'viewer')).status).toBe(403)
  expect((await room.post('/doctor', {}, 'operator')).body).toMatchObject({ state: 'running', by: 'ann' })
  const { report } = await until(async () => {
    const { body } = await room.get('/doctor')
    return body.state === 'done' && body
  })
  expect(report.examinations.length).toBeGreaterThan(10)
  for (const finding of report.findings)
    expect(finding).toMatchObject({ id: expect.stringMatching(/^PW-/), severity: expect.any(String), fix: expect.any(String) })
})

test('statements of this tenancy are counted, and those of another one are not', async () => {
  const other = await fleetOf(['stark'])
  asked(healthRoutes, { tenancy: other.tenancy })
  for (const schema of ['acme', 'globex', 'acme']) await fleet.tenancy.run(schema, () => fleet.tenancy.pool.query('select 1'))
  await expect(fleet.tenancy.run('acme', () => fleet.tenancy.pool.query('select nothing'))).rejects.toThrow('nothing')
  const now = Date.now() + everyMs
  vi.spyOn(Date, 'now').mockImplementation(() => now)
  const mine = await read(room)
  expect(mine.failed).toBe(1)
  expect(mine.statements).toBeGreaterThanOrEqual(4)
  expect(mine.tenants).toBeGreaterThanOrEqual(1)
  expect((await read(asked(healthRoutes, { tenancy: other.tenancy }))).failed).toBe(0)
  vi.restoreAllMocks()
})

test('intervals: the current one is not shown, empty ones are, and no more are kept than half an hour', () => {
  let now = 1_000_000
  const metrics = new Metrics(
    () => 3,
    () => now,
  )
  const statement = (id: string, durationMs: number, error?: Error) =>
    metrics.statement({ tenant: { id } as never, durationMs, ...(error && { error }) })
  statement('a', 2)
  statement('a', 4, new Error('x'))
  statement('b', 6)
  metrics.wait({ durationMs: 10 })
  metrics.wait({ durationMs: 30 })
  metrics.refusal()
  expect(metrics.answer.samples).toEqual([])
  now += 3 * everyMs
  statement('b', 1)
  expect(metrics.answer.samples).toMatchObject([
    { statements: 3, failed: 1, refused: 1, meanMs: 4, waitMs: 20, longestWaitMs: 30, tenants: 2, busiest: 3 },
    { statements: 0, tenants: 0 },
    { statements: 0 },
  ])
  for (let step = 0; step < 2 * samplesKept; step += 1) {
    now += everyMs
    statement('c', 1)
  }
  expect(metrics.answer.samples).toHaveLength(samplesKept)
  expect(metrics.answer.samples.every(({ statements }) => statements === 1)).toBe(true)
})
