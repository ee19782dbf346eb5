/** What tenants use: counted right in every form of a statement, stored once whatever happens, limited where that is asked for, and kept in bounded memory. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { pipeline } from 'node:stream/promises'
import { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { from as copyFrom } from 'pg-copy-streams'
import Cursor from 'pg-cursor'
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { createTenancy, type Tenancy, type TenancyEvents, type UsageConfig, type UsageRecord } from '../../src/index.ts'
import { testDatabase } from '../support/servers/database.ts'
import { relayForTest } from '../support/servers/relay.ts'
import { leastPrivilege } from '../support/tenants/least-privilege.ts'
import { onServer, twoObserved } from './two.ts'

const { url, directUrl, acme, globex, tenancy: plain } = await twoObserved()
beforeEach(() => onServer(directUrl, (admin) => admin.query('truncate partywall.usage_sheets cascade')))

/** A tenancy that counts, and stores only when it is told to or closed. */
function counting(usage: UsageConfig = {}, database = url): Tenancy {
  const tenancy = createTenancy({ database, migrations: { shared: false, tenant: false }, usage: { flushMs: 600_000, ...usage } })
  onTestFinished(() => tenancy.close())
  return tenancy
}

const stored = async (): Promise<Record<string, number>> => {
  const { tenants } = await plain.usage.top({ by: 'statements' })
  return Object.fromEntries(tenants.map(({ schema, statements }) => [schema!, statements]))
}

test('statements, rows, time and bytes are counted for their tenant, in every form', async () => {
  const tenancy = counting()
  await tenancy.run('acme', async () => {
    await tenancy.pool.query('select * from items')
    await tenancy.pool.query('select * from absent').catch(() => {})
    const client = await tenancy.pool.connect()
    await client.query('begin')
    const cursor = client.query(new Cursor('select * from items'))
    await cursor.read(2)
    await cursor.close()
    await pipeline(Readable.from(['20\tx\n']), client.query(copyFrom('copy items from stdin')))
    await client.query('rollback')
    client.release()
    await tenancy.run('globex', () => tenancy.pool.query('select pg_sleep(0.05)'))
    await tenancy.runShared(() => tenancy.pool.query('select 1'))
  })
  await tenancy.session('globex', (session) => session.query('select * from items'))
  const { tenants, interrupted } = await tenancy.usage.top({ by: 'rows' })
  expect(interrupted).toEqual([])
  expect(tenants).toMatchObject([
    { tenantId: acme.id, schema: 'acme', name: 'acme', kind: 'default', calls: 1, statements: 6, failed: 1, refused: 0, rows: 6 },
    { tenantId: globex.id, calls: 2, statements: 2, failed: 0, rows: 4 },
  ])
  const [ofAcme, ofGlobex] = tenants
  expect(ofGlobex!.busyMs).toBeGreaterThan(45)
  expect(ofAcme!.bytesSent).toBeGreaterThan(200)
  expect(ofAcme!.bytesReceived).toBeGreaterThan(100)
  expect((await tenancy.usage.top({ by: 'failed', limit: 1 })).tenants.map(({ schema }) => schema)).toEqual(['acme'])
})

test('what many callers do at once adds up', async () => {
  const tenancy = counting()
  await Promise.all(
    Array.from({ length: 300 }, (_, number) =>
      tenancy.run(number % 3 === 0 ? 'acme' : 'globex', () => tenancy.pool.query('select 1')),
    ),
  )
  await tenancy.usage.flush()
  expect(await stored()).toEqual({ acme: 100, globex: 200 })
})

test('storing is one statement for all tenants, and none where nothing was counted', async () => {
  const tenancy = counting()
  const issued: string[] = []
  const { subscribe, unsubscribe } = await import('node:diagnostics_channel')
  const note = (message: unknown): void => {
    const { text, tenancy: of } = message as { text: string; tenancy: object }
    if (of === tenancy.options && text.includes('insert into partywall.usage')) issued.push(text)
  }
  subscribe('partywall:statement.issued', note)
  onTestFinished(() => void unsubscribe('partywall:statement.issued', note))
  await tenancy.usage.flush()
  expect(issued).toHaveLength(0)
  for (const schema of ['acme', 'globex']) await tenancy.run(schema, () => tenancy.pool.query('select 1'))
  await tenancy.usage.flush()
  await tenancy.usage.flush()
  expect(issued).toHaveLength(1)
})

test('close stores what was counted, also by statements that were still running', async () => {
  const tenancy = counting()
  const running = tenancy.run('acme', () => Promise.all([1, 2, 3].map(() => tenancy.pool.query('select pg_sleep(0.1)'))))
  await expect.poll(() => tenancy.pool.totalCount - tenancy.pool.idleCount, { interval: 5 }).toBe(3)
  const closing = tenancy.close()
  await running
  await closing
  expect(await stored()).toEqual({ acme: 3 })
  const { rows } = await onServer(directUrl, (admin) => admin.query('select is_closed from partywall.usage_sheets'))
  expect(rows).toEqual([{ is_closed: true }])
})

test('the timer stores by itself, and a statement whose answer was lost is stored once', async () => {
  const relay = await relayForTest(url)
  const tenancy = counting({ flushMs: 100 }, relay.url)
  await tenancy.ready()
  // The server has committed what the client never hears of.
  relay.cutAfter = 'INSERT 0'
  await tenancy.run('acme', () => tenancy.pool.query('select 1'))
  await expect.poll(() => relay.cutAfter, { timeout: 10_000 }).toBeUndefined()
  await tenancy.run('acme', () => tenancy.pool.query('select 1'))
  await expect.poll(async () => (await stored())['acme'], { timeout: 10_000 }).toBe(2)
  await tenancy.close()
  expect(await stored()).toEqual({ acme: 2 })
  // The naive way adds in the database what was counted since the last answer.
  const naive = await onServer(directUrl, async (admin) => {
    await admin.query('create temporary table naive (statements int); insert into naive values (0)')
    for (const attempt of ['committed, but its answer was lost', 'sent again']) {
      await admin.query(`update naive set statements = statements + 2 -- ${attempt}`)
    }
    return (await admin.query('select statements from naive')).rows
  })
  expect(naive).toEqual([{ statements: 4 }])
})

test('a process that is killed loses what it had not stored, and the report names it', async () => {
  const program = fileURLToPath(new URL('usage-until-killed.ts', import.meta.url))
  const child = spawn(process.execPath, [...process.execArgv, program, url], { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  let said = ''
  child.stdout.on('data', (text: Buffer) => (said += String(text)))
  await expect.poll(async () => said.includes('counted') && ((await stored())['acme'] ?? 0) > 0, { timeout: 20_000 }).toBe(true)
  const exited = once(child, 'exit')
  child.kill('SIGKILL')
  await exited
  expect((await plain.usage.top()).interrupted).toEqual([])
  await onServer(directUrl, (admin) =>
    admin.query(`update partywall.usage_sheets set flushed_at = flushed_at - interval '10 minutes'`),
  )
  const { tenants, interrupted } = await plain.usage.top()
  expect(tenants[0]!.statements).toBeGreaterThan(0)
  expect(interrupted).toEqual([
    { process: expect.stringContaining(` ${child.pid} usage-until-killed.ts`), lastStoredAt: expect.any(Date) },
  ])
  // What it stored is collected: it does not grow any more.
  expect(await plain.usage.collect(() => {})).toBe(1)
})

describe('limits', () => {
  test('a statement over the limit is refused, the transaction can end, and others are served', async () => {
    const tenancy = counting({ limit: ({ schema }) => (schema === 'acme' ? 5 : undefined), windowMs: 86_400_000 })
    const exceeded: TenancyEvents['usage.exceeded'][] = []
    tenancy.on('usage.exceeded', (event) => exceeded.push(event))
    await tenancy.run('acme', async () => {
      for (let number = 0; number < 3; number++) await tenancy.pool.query('select 1')
      const client = await tenancy.pool.connect()
      await client.query('begin')
      await client.query('select 1')
      await client.query('select 1')
      await expect(client.query('select 1')).rejects.toMatchObject({
        code: 'USAGE_EXCEEDED',
        details: { schema: 'acme', limit: 5, windowMs: 86_400_000 },
      })
      await client.query('commit')
      client.release()
      await expect(tenancy.pool.query('select 1')).rejects.toMatchObject({ code: 'USAGE_EXCEEDED' })
    })
    for (let number = 0; number < 9; number++) await tenancy.run('globex', () => tenancy.pool.query('select 1'))
    expect(exceeded).toMatchObject([{ tenant: { schema: 'acme' }, limit: 5 }])
    const { tenants } = await tenancy.usage.top({ by: 'refused' })
    expect(tenants[0]).toMatchObject({ schema: 'acme', refused: 2, statements: 7 })
  })

  test('a burst at the same time is limited, too, and takes no connection', async () => {
    const tenancy = counting({ limit: () => 4, windowMs: 86_400_000 })
    await tenancy.tenants.get('acme')
    const results = await tenancy.run('acme', () =>
      Promise.allSettled(Array.from({ length: 50 }, () => tenancy.pool.query('select 1'))),
    )
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(4)
    expect(tenancy.pool.totalCount).toBeLessThanOrEqual(4)
  })

  test('with over: event nothing is refused; a limit of 0 is one; a limit that is no number fails with its name', async () => {
    const told = counting({ limit: () => 0, over: 'event' })
    const exceeded: unknown[] = []
    told.on('usage.exceeded', (event) => exceeded.push(event))
    for (let number = 0; number < 3; number++) await told.run('acme', () => told.pool.query('select 1'))
    expect(exceeded).toHaveLength(1)
    const none = counting({ limit: () => 0 })
    await expect(none.run('acme', () => none.pool.query('select 1'))).rejects.toMatchObject({ code: 'USAGE_EXCEEDED' })
    const wrong = counting({ limit: () => 'many' as never })
    await expect(wrong.run('acme', () => wrong.pool.query('select 1'))).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      details: { option: 'usage.limit' },
    })
  })
})

describe('records for billing', () => {
  test('an event has what was stored, under an id that stays; the last one is final', async () => {
    const tenancy = counting()
    const events: UsageRecord[] = []
    tenancy.on('usage.recorded', ({ records }) => events.push(...records))
    for (let round = 0; round < 2; round++) {
      await tenancy.run('acme', () => tenancy.pool.query('select 1'))
      await tenancy.usage.flush()
    }
    await tenancy.run('globex', () => tenancy.pool.query('select 1'))
    await tenancy.close()
    expect(events.map(({ tenantId, statements, isFinal }) => [tenantId, statements, isFinal])).toEqual([
      [acme.id, 1, false],
      [acme.id, 2, false],
      [globex.id, 1, true],
    ])
    expect(events[0]!.id).toBe(events[1]!.id)
    expect(events[0]!.until.getTime() - events[0]!.from.getTime()).toBe(3_600_000)
  })

  test('are collected once they do not grow, at least once, and by one process each', async () => {
    const tenancy = counting()
    for (const schema of ['acme', 'globex']) await tenancy.run(schema, () => tenancy.pool.query('select 1'))
    await tenancy.usage.flush()
    expect(await plain.usage.collect(() => {})).toBe(0)
    await tenancy.close()
    await expect(plain.usage.collect(() => Promise.reject(new Error('the billing is away')))).rejects.toThrow('away')
    const got: UsageRecord[] = []
    const many = await Promise.all(
      Array.from({ length: 4 }, () => plain.usage.collect((records) => got.push(...records), { limit: 1 })),
    )
    expect(many.reduce((sum, one) => sum + one)).toBe(2)
    expect(got.map(({ tenantId }) => tenantId).toSorted()).toEqual([acme.id, globex.id].toSorted())
    expect(got.every(({ isFinal, statements }) => isFinal && statements === 1)).toBe(true)
    expect(await plain.usage.collect(() => {})).toBe(0)
  })

  test('of a deleted tenant stay', async () => {
    const tenancy = counting()
    const { id } = await tenancy.tenants.create({ schema: 'leaving' })
    await tenancy.run('leaving', () => tenancy.pool.query('select 1'))
    await tenancy.tenants.delete('leaving', { confirm: 'leaving' } as never)
    const { tenants } = await tenancy.usage.top({ by: 'statements' })
    expect(tenants.find(({ tenantId }) => tenantId === id)).toEqual(expect.not.objectContaining({ schema: 'leaving' }))
  })
})

test('an application whose login has no rights of its own, and a role for each tenant, counts and stores', async () => {
  const { url: other, directUrl: direct } = await testDatabase()
  const { app, deploy } = await leastPrivilege(direct, other)
  const tenancy = createTenancy({
    database: { connectionString: app, deploy },
    boundary: 'role',
    migrations: { shared: false, tenant: false },
    usage: true,
  })
  onTestFinished(() => tenancy.close())
  await tenancy.tenants.create({ schema: 'acme' })
  await tenancy.run('acme', () => tenancy.pool.query('select 1'))
  expect((await tenancy.usage.top()).tenants).toMatchObject([{ schema: 'acme', statements: 1 }])
  // No tenant reads or changes what is stored.
  for (const text of ['select from partywall.usage', 'delete from partywall.usage_sheets'])
    await expect(tenancy.run('acme', () => tenancy.pool.query(text))).rejects.toMatchObject({ code: '42501' })
})

test('old periods are forgotten', async () => {
  await onServer(directUrl, (admin) =>
    admin.query(
      `insert into partywall.usage_sheets values (gen_random_uuid(), 'old', now() - interval '40 days', now() - interval '39 days', now() - interval '39 days', true)`,
    ),
  )
  const tenancy = counting({ keepDays: 30 })
  await tenancy.run('acme', () => tenancy.pool.query('select 1'))
  await tenancy.usage.flush()
  const { rows } = await onServer(directUrl, (admin) => admin.query(`select from partywall.usage_sheets where process = 'old'`))
  expect(rows).toEqual([])
})

test('where the catalog cannot be reached for long, close says what was lost, and ends', async () => {
  const relay = await relayForTest(url)
  const tenancy = createTenancy({
    database: { connectionString: relay.url, query_timeout: 300, connectionTimeoutMillis: 300 } as never,
    migrations: { shared: false, tenant: false },
    usage: true,
    tenantCacheMs: 0,
  })
  await tenancy.run('acme', () => tenancy.pool.query('select 1'))
  const warnings = vi.spyOn(process, 'emitWarning').mockReturnValue()
  onTestFinished(() => void warnings.mockRestore())
  relay.silence = 'at once'
  await tenancy.close()
  expect(warnings.mock.calls.map(([, options]) => (options as unknown as { code?: string }).code)).toContain(
    'PARTYWALL_USAGE_LOST',
  )
})

test.each([
  [{ by: 'row' }, 'by'],
  [{ by: 'statements; drop table x' }, 'by'],
  [{ since: 'yesterday' }, 'since'],
  [{ until: new Date(Number.NaN) }, 'until'],
  [{ limit: 0 }, 'limit'],
  [{ limit: 1001 }, 'limit'],
  [{ tenant: 'acme' }, 'tenant'],
])('top refuses %j by its name', async (options, option) => {
  await expect(plain.usage.top(options as never)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', details: { option } })
})

test.each([
  [{ flushMs: 1 }, 'usage.flushMs'],
  [{ periodMs: 7_000_000 }, 'usage.periodMs'],
  [{ keepDays: 0 }, 'usage.keepDays'],
  [{ limit: 100 }, 'usage.limit'],
  [{ over: 'stop' }, 'usage.over'],
  [{ limits: 1 }, 'usage.limits'],
  ['yes', 'usage'],
])('the option %j is refused by its name', (usage, option) => {
  expect(() => createTenancy({ usage: usage as never })).toThrow(
    expect.objectContaining({ code: 'INVALID_OPTION', details: expect.objectContaining({ option }) }),
  )
})
