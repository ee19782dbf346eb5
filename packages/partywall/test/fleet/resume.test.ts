/** Work with a key: after a crash only the rest is done, and two processes do no tenant twice. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createTenancy } from 'partywall'
import { Client } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { testDatabase } from '../support/servers/database.ts'
import { source } from './fleet.ts'

const { url } = await testDatabase()
const open = () =>
  createTenancy({ database: url, migrations: { shared: false, tenant: source('runs', 'create table runs (who text)') } })
const tenancy = open()
const admin = new Client(url)
await admin.connect()
afterAll(async () => {
  await tenancy.close()
  await admin.end()
})
const schemas = Array.from({ length: 8 }, (_, number) => `t${number}`)
beforeAll(async () => {
  for (const schema of schemas) await tenancy.tenants.create({ schema })
})

const insert = (who: string) => tenancy.pool.query('insert into runs (who) values ($1)', [who])
/** How often the work was done in each tenant. */
async function counts(): Promise<number[]> {
  const { rows } = await admin.query(schemas.map((schema) => `select count(*)::int as n from ${schema}.runs`).join(' union all '))
  await admin.query(schemas.map((schema) => `truncate ${schema}.runs`).join(';'))
  return rows.map(({ n }) => n as number)
}
const once8 = schemas.map(() => 1)

const call = (condition: string) => ['run', '--all', '--resume', 'by-hand', '--json', '--', 'sh', '-c', condition]

test('the same call does only what is left; without a key it does all again', async () => {
  const first = await tenancy.forEach(
    ({ schema }) => {
      if (schema === 't3') throw new Error('not today')
      return insert('first')
    },
    { resume: 'left' },
  )
  expect(first.entries.filter(({ state }) => state === 'failed').map(({ target }) => target)).toEqual(['t3'])
  const turns: string[] = []
  const second = await tenancy.forEach(
    ({ schema }, { attempt }) => {
      turns.push(`${schema} ${attempt}`)
      return insert('second')
    },
    { resume: 'left' },
  )
  expect(turns).toEqual(['t3 2'])
  expect(second.ok).toBe(true)
  expect(second.entries.filter(({ isEarlier }) => isEarlier).length).toBe(7)
  expect(await counts()).toEqual(once8)
  await tenancy.forEach(() => insert('naive'))
  await tenancy.forEach(() => insert('naive'))
  expect(await counts()).toEqual(schemas.map(() => 2))
})

test('two calls with one key at the same time do each tenant once, and both know that all is done', async () => {
  const other = open()
  try {
    const work = (of: typeof tenancy, name: string) =>
      of.forEach(
        async () => {
          await of.pool.query('insert into runs (who) values ($1)', [name])
          await new Promise((resolve) => setTimeout(resolve, 5))
        },
        { resume: { key: 'shared', leaseMs: 5000 }, concurrency: 2 },
      )
    const reports = await Promise.all([work(tenancy, 'one'), work(other, 'two')])
    expect(reports.map(({ ok }) => ok)).toEqual([true, true])
    expect(reports.map(({ entries }) => entries.length)).toEqual([8, 8])
    expect(await counts()).toEqual(once8)
  } finally {
    await other.close()
  }
})

test('a process that is killed gives its tenant back when its lease is over, and what it did is not done again', async () => {
  const program = `
    import { createTenancy } from 'partywall'
    const tenancy = createTenancy({ database: ${JSON.stringify(url)} })
    let turns = 0
    await tenancy.forEach(async () => {
      turns += 1
      if (turns === 4) { console.log('in the fourth'); setInterval(() => {}, 1000); await new Promise(() => {}) }
      await tenancy.pool.query("insert into runs (who) values ('killed')")
    }, { resume: { key: 'killed', leaseMs: 1000 }, concurrency: 1 })`
  const child = spawn(process.execPath, [...process.execArgv, '--input-type=module', '-e', program], {
    cwd: import.meta.dirname,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(child.stdout, 'data')
  child.kill('SIGKILL')
  await once(child, 'close')
  expect(await tenancy.fleetWork.list()).toContainEqual(expect.objectContaining({ key: 'killed', done: 3 }))
  const attempts: number[] = []
  const report = await tenancy.forEach(
    (_, { attempt }) => {
      attempts.push(attempt)
      return insert('rest')
    },
    { resume: { key: 'killed', leaseMs: 1000 }, concurrency: 8 },
  )
  expect(report.ok).toBe(true)
  expect(attempts.toSorted()).toEqual([1, 1, 1, 1, 2])
  expect(await counts()).toEqual(once8)
})

test('work that is longer than its lease keeps it; a holder that lost it is told, and does not count as done', async () => {
  const long = await tenancy.forEach(() => new Promise((resolve) => setTimeout(resolve, 1300)), {
    tenants: 't0',
    resume: { key: 'long', leaseMs: 1000 },
  })
  expect(long.ok).toBe(true)
  const lost = await tenancy.forEach(
    async (_, { signal }) => {
      const told = new Promise((resolve) => signal.addEventListener('abort', resolve))
      await admin.query(`update partywall.fleet_work set holder = gen_random_uuid() where key = 'lost'`)
      await told
    },
    { tenants: 't0', resume: { key: 'lost', leaseMs: 1000 } },
  )
  expect(lost.entries).toMatchObject([{ state: 'failed', error: { code: 'TENANT_LOCKED' } }])
})

test('a record is listed, forgotten when no process works on it, and goes with its tenant', async () => {
  await tenancy.tenants.create({ schema: 'short' })
  await tenancy.forEach(() => {}, { tenants: ['short', 't0'], resume: 'kept' })
  const before = (await tenancy.fleetWork.list()).find(({ key }) => key === 'kept')
  expect(before).toMatchObject({ done: 2, failed: 0, running: 0, interrupted: 0 })
  await tenancy.tenants.delete('short', { confirm: 'short' })
  expect((await tenancy.fleetWork.list()).find(({ key }) => key === 'kept')).toMatchObject({ done: 1 })
  await tenancy.forEach(
    async () => {
      await expect(tenancy.fleetWork.forget('busy')).rejects.toMatchObject({ code: 'TENANT_LOCKED' })
    },
    { tenants: 't0', resume: 'busy' },
  )
  expect(await tenancy.fleetWork.forget('kept')).toBe(1)
  expect(await tenancy.fleetWork.forget('kept')).toBe(0)
  const actions = (await tenancy.audit.list({ limit: 500 })).filter(
    ({ object, action }) => object === 'kept' && action.startsWith('work.'),
  )
  expect(actions.map(({ action }) => action)).toEqual(['work.forgotten', 'work.ended', 'work.started'])
  await expect(tenancy.fleetWork.forget('a\0')).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
})

test('partywall run --all --resume does the rest', async () => {
  const { project } = await import('../cli/partywall.ts')
  const { run } = await project(url)
  const first = await run(call('test "$PARTYWALL_TENANT" != t5'))
  expect(first.code).toBe(1)
  const second = await run(call('true'))
  expect(second.code).toBe(0)
  const earlier = (second.json.entries as { earlier?: true }[]).filter(({ earlier: one }) => one)
  expect(earlier.length).toBe(second.json.entries.length - 1)
})
