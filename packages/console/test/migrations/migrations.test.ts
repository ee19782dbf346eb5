/** Heads, plan and runs, on a real PostgreSQL: begun by an operator, looked at by two, stopped, killed, resumed. */
import { hostname } from 'node:os'
import { beforeAll, describe, expect, test } from 'vitest'
import { Client } from 'pg'
import { migrationsRoutes } from '../../src/migrations/routes.ts'
import { asked, until } from '../room.ts'
import { fleetOf, type Fleet } from './fleet.ts'

const schemas = ['acme', 'bolt', 'corp', 'dyno', 'echo']
let fleet: Fleet
let ann: ReturnType<typeof asked>
let ben: ReturnType<typeof asked>

beforeAll(async () => {
  fleet = await fleetOf(schemas)
  ann = asked(migrationsRoutes, { tenancy: fleet.tenancy }, 'ann')
  ben = asked(migrationsRoutes, { tenancy: fleet.tenancy }, 'ben')
  // The data of one tenant do not fit the next migration.
  await fleet.admin.query(`insert into corp.polls values (1, 'same'), (2, 'same')`)
  await fleet.file('tenant/0002_unique.sql', 'alter table polls add unique (title);')
})

const overIs = (id: string, state: string) => until(async () => (await ann.get(`/runs/${id}`)).body.state === state, state)

test('heads have the number of their schemas, and the plan has the SQL of the files', async () => {
  const { body } = await ann.get('/')
  expect(body.heads).toEqual([
    { scope: 'shared', head: '0001_plans', applied: 1, pending: 0, isAhead: false, count: 1, examples: ['shared'] },
    {
      scope: 'tenants',
      kind: 'default',
      head: '0001_polls',
      applied: 1,
      pending: 1,
      isAhead: false,
      count: 5,
      examples: schemas,
    },
  ])
  expect(body.counts).toEqual({ atHead: 1, behind: 5, ahead: 0, failed: 0 })
  const plan = await ann.get('/plan')
  expect(plan.body.groups).toMatchObject([
    { count: 5, hasShared: false, files: [{ file: '0002_unique.sql', sql: 'alter table polls add unique (title);' }] },
  ])
  expect((await ann.get('/plan?tenant=acme')).body.groups).toMatchObject([{ count: 1, examples: ['acme'] }])
  expect((await ann.get('/plan?tenant=nobody')).body.code).toBe('UNKNOWN_TENANT')
})

test('a viewer begins nothing, and what a browser may not ask for is refused', async () => {
  expect((await ann.post('/runs', {}, 'viewer')).status).toBe(403)
  expect((await ann.post('/runs/x/stop', {}, 'viewer')).status).toBe(403)
  for (const body of [
    { down: true, to: '0' },
    { fake: true },
    { tenants: [] },
    { canary: -1 },
    { concurrency: 1e9 },
    { shared: true, tenants: ['acme'] },
    [],
  ])
    expect(await ann.post('/runs', body)).toMatchObject({ status: 400 })
  expect((await ann.post('/runs', { tenants: ['a"; drop schema acme; --'] })).body.code).toMatch(/INVALID|UNKNOWN_TENANT/)
  for (const id of ['', 'x', '../..', '00000000-0000-0000-0000-000000000000', `'; drop table x`])
    expect((await ann.get(`/runs/${encodeURIComponent(id)}`)).status === 404 || id === '').toBe(true)
})

test('a run with a failing tenant is seen by two operators at once, and is resumed when the cause is gone', async () => {
  const { status, body } = await ann.post('/runs', { concurrency: 2 }, 'operator')
  expect(status).toBe(202)
  const [one, two] = await Promise.all([ann, ben].map((who) => Array.fromAsync(who.events(`/runs/${body.id}/events`))))
  for (const events of [one!, two!]) {
    expect(events.at(-1)).toMatchObject({ event: 'end' })
    expect(events.at(-2)!.data).toMatchObject({
      state: 'failed',
      mayResume: true,
      by: { actor: 'ann' },
      counts: { done: 4, failed: 1, skipped: 0, waiting: 0, running: 0 },
      failures: [{ target: 'corp', state: 'failed', error: { code: 'MIGRATION_FAILED', sqlState: '23505', line: 1 } }],
    })
    expect(events.at(-2)!.data.failures[0].error.file).toContain('0002_unique.sql')
    // The message of PostgreSQL about data repeats the data.
    expect(JSON.stringify(events)).not.toContain('(same)')
  }
  expect((await ben.get('/')).body).toMatchObject({ counts: { behind: 1, atHead: 5 }, last: { id: body.id, state: 'failed' } })

  await fleet.admin.query('delete from corp.polls where id = 2')
  const resumed = await ben.post('/runs', { resume: true }, 'operator')
  expect(resumed.body.id).toBe(body.id)
  await overIs(body.id, 'done')
  const { body: run } = await ann.get(`/runs/${body.id}`)
  expect(run).toMatchObject({ mayResume: false, by: { actor: 'ben' }, counts: { done: 5, failed: 0 }, failures: [] })
  expect((await ann.get(`/runs/${body.id}/entries`)).body.entries.map(({ target }: any) => target)).toEqual(schemas)
  expect((await ann.post('/runs')).body).toEqual({})
})

test('what another process is about to know: who works on a run, that it can be stopped, and that no second one begins', async () => {
  await fleet.file('tenant/0003_more.sql', 'alter table polls add more integer;')
  const other = new Client(fleet.url)
  await other.connect()
  await other.query('begin; lock table dyno.polls')
  const { body } = await ann.post('/runs', { tenants: ['dyno', 'echo'], concurrency: 1, lockTimeoutMs: 50 })
  expect((await ben.get(`/runs/${body.id}`)).body).toMatchObject({ state: 'running', where: 'here' })
  const refused = await ben.post('/runs', { anyway: true })
  expect(refused).toMatchObject({ status: 409, body: { code: 'MIGRATIONS_RUNNING', run: { id: body.id, by: { actor: 'ann' } } } })
  expect(refused.body.detail).toContain(`ann (${hostname()} ${process.pid}`)
  expect((await ben.post(`/runs/${body.id}/stop`, {}, 'operator')).status).toBe(202)
  expect((await ben.get(`/runs/${body.id}`)).body.isStopping ?? true).toBe(true)
  await overIs(body.id, 'failed')
  await other.query('rollback')
  await other.end()
  expect((await ben.post(`/runs/${body.id}/stop`)).body.code).toBe('RUN_NOT_STOPPABLE')
  expect((await ben.post('/runs', { resume: true })).body.id).toBe(body.id)
  await overIs(body.id, 'done')
})

test('a run that the application itself began is shown while it works, and cannot be stopped from a browser', async () => {
  await fleet.file('tenant/0004_again.sql', 'alter table polls add again integer;')
  const other = new Client(fleet.url)
  await other.connect()
  await other.query('begin; lock table acme.polls')
  const work = fleet.tenancy.migrations.run({ lockTimeoutMs: 50, retries: 100 })
  const { id } = await until(async () => {
    const { last } = (await ann.get('/')).body
    return last?.state === 'running' && last
  })
  expect((await ann.post(`/runs/${id}/stop`)).body.code).toBe('RUN_NOT_STOPPABLE')
  const seen = await until(async () => {
    const { body } = await ann.get(`/runs/${id}`)
    return body.counts.done >= 4 && body
  })
  expect(seen).toMatchObject({
    where: 'here',
    running: [{ target: 'acme', state: 'running', applied: ['0003_more', '0004_again'] }],
  })
  await other.query('rollback')
  await other.end()
  await work
  await overIs(id, 'done')
})

/** As if another process worked on the last run. */
async function pretend(origin: string): Promise<string> {
  const { rows } = await fleet.admin.query(
    `update partywall.migration_runs set state = 'running', ended_at = null, options = jsonb_set(options, '{by}', $1)
     where started_at = (select max(started_at) from partywall.migration_runs) returning id`,
    [JSON.stringify({ actor: '<img src=x onerror=alert(1)>', origin })],
  )
  return rows[0].id as string
}

describe('a run of another process', () => {
  beforeAll(async () => {
    await fleet.file('tenant/0005_last.sql', 'alter table polls add last integer;')
    const { body } = await ann.post('/runs')
    await overIs(body.id, 'done')
    await fleet.admin.query(
      `update partywall.migration_run_entries set state = 'pending' where run_id = $1 and target = 'acme'`,
      [body.id],
    )
    // As if this process had just begun: it knows nothing of that run.
    const { tenancy } = await import('partywall').then(({ createTenancy }) => ({
      tenancy: createTenancy({ database: fleet.url, root: fleet.root }),
    }))
    ann = asked(migrationsRoutes, { tenancy }, 'ann')
    return () => tenancy.close()
  })

  test('is shown as interrupted where its process is gone, and can be resumed', async () => {
    const id = await pretend(`${hostname()} 99999999 deploy.js`)
    expect((await ann.get(`/runs/${id}`)).body).toMatchObject({
      state: 'interrupted',
      mayResume: true,
      where: 'elsewhere',
      counts: { waiting: 1 },
    })
    expect((await ann.post('/runs', { resume: true })).body).toEqual({ id })
    await overIs(id, 'done')
  })

  test('holds up a new run, which says who works and where, until an operator knows better', async () => {
    const id = await pretend('web-9 12 deploy.js')
    expect((await ann.get(`/runs/${id}`)).body).toMatchObject({ state: 'running', where: 'elsewhere', mayResume: false })
    const refused = await ann.post('/runs')
    expect(refused.status).toBe(409)
    expect(refused.body.detail).toContain('<img src=x onerror=alert(1)> (web-9 12 deploy.js)')
    expect((await ann.post('/runs', { anyway: true, resume: true })).body).toEqual({ id })
    await overIs(id, 'done')
  })

  test('is followed until it ends', async () => {
    const id = await pretend('web-9 12 deploy.js')
    const events = []
    for await (const { event, data } of ann.events(`/runs/${id}/events`)) {
      events.push(data?.state ?? event)
      if (events.length === 1)
        await fleet.admin.query(`update partywall.migration_runs set state = 'failed', ended_at = now() where id = $1`, [id])
    }
    expect(events).toEqual(['running', 'failed', 'end'])
  })

  test('a schema that cannot be migrated is named with its problem', async () => {
    await fleet.file('tenant/0001_polls.sql', 'create table polls (id bigint primary key);')
    const { body } = await ann.get('/')
    expect(body.counts.failed).toBe(5)
    expect(body.problems[0]).toMatchObject({ target: 'acme', isTenant: true, code: 'MIGRATION_CHANGED' })
  })
})
