/** A run that is aborted: schemas that have started end, no further schema starts, and the rest can be resumed. */
import { expect, test } from 'vitest'
import { assertFleetOk } from '../../../src/fleet/report.ts'
import { writeFiles } from '../../support/tenants/registry.ts'
import { fleetOf, having, histories } from './fleet.ts'

test('an aborted run ends the schemas that have started, skips the rest, and can be resumed', async () => {
  const fleet = await fleetOf(6)
  await fleet.rows(`insert into t003.polls (title) values ('twice'), ('twice')`)
  await writeFiles(fleet.root, {
    'migrations/shared/0001_plans.sql': 'create table plans ()',
    'migrations/tenant/0002_slow.sql': 'create table slow (); select pg_sleep(0.3); alter table polls add unique (title)',
    'migrations/tenant/0003_index.sql': '-- partywall: no-transaction\ncreate index concurrently slower on polls (title);',
  })
  const stop = new AbortController()
  const ends: string[] = []
  const report = await fleet.migrations.run({
    concurrency: 2,
    signal: stop.signal,
    onEntry: ({ target, state }) => {
      ends.push(`${target} ${state}`)
      // Another schema has started by then: the one beside it, or the one after it.
      if (target === 't001') stop.abort()
    },
  })
  const states = report.entries.map(({ state }) => state)
  expect(states.slice(0, 2)).toEqual(['done', 'done'])
  expect(states.slice(5)).toEqual(['skipped', 'skipped'])
  expect(report).toMatchObject({ ok: false, aborted: true, runId: expect.any(String) })
  expect(ends).toHaveLength(7)
  // All migrations of a schema that has started, also those in another transaction.
  expect((await histories(fleet))['t001']).toEqual(['0001_polls', '0002_slow', '0003_index'])
  expect(await having(fleet, 'slow')).toEqual(fleet.schemas.filter((_, index) => states[index + 1] === 'done'))
  expect(await fleet.rows('select state from partywall.migration_runs')).toEqual([{ state: 'failed' }])
  expect(() => assertFleetOk(report)).toThrow(expect.objectContaining({ code: 'FLEET_FAILED' }))

  await fleet.rows('delete from t003.polls')
  const resumed = await fleet.migrations.run({ resume: true })
  expect(resumed.runId).toBe(report.runId)
  expect(resumed).not.toHaveProperty('aborted')
  expect(resumed.entries.map(({ target }) => target)).toEqual(fleet.schemas.filter((_, index) => states[index + 1] !== 'done'))
  expect(await having(fleet, 'slower')).toEqual(fleet.schemas)
  expect(await fleet.migrations.check()).toBe(true)
})

test('an aborted run skips a tenant that waits for its next attempt', async () => {
  const fleet = await fleetOf(1)
  await writeFiles(fleet.root, { 'migrations/tenant/0002_titles.sql': 'alter table polls add column subtitle text' })
  await fleet.rows('begin; select * from t001.polls')
  const from = performance.now()
  const report = await fleet.migrations.run({
    lockTimeoutMs: 50,
    retries: 1000,
    signal: AbortSignal.timeout(700),
    tenants: true,
  })
  expect(performance.now() - from).toBeLessThan(5000)
  expect(report).toMatchObject({ aborted: true, entries: [{ state: 'skipped', note: expect.stringContaining('tried again') }] })
  await fleet.rows('commit')
  expect((await fleet.migrations.run({ resume: true })).entries).toMatchObject([{ target: 't001', state: 'done' }])
})

test('a run whose signal is aborted before it starts changes nothing, also with canaries, down and fake', async () => {
  const fleet = await fleetOf(3, { 'migrations/tenant/0002_a.sql': 'create table a ();\n-- partywall: down\ndrop table a;' })
  await writeFiles(fleet.root, { 'migrations/tenant/0003_b.sql': 'create table b ()' })
  const signal = AbortSignal.abort()
  const skipped = { aborted: true, entries: fleet.schemas.map((target) => ({ target, state: 'skipped', applied: [] })) }
  expect(await fleet.migrations.run({ signal, tenants: true, canary: 2 })).toMatchObject(skipped)
  expect(await fleet.migrations.fake({ signal, tenants: true })).toMatchObject(skipped)
  expect(await fleet.migrations.run({ signal, resume: true })).toMatchObject(skipped)
  expect(await fleet.migrations.run({ signal, down: true, to: '1', tenants: true })).toMatchObject(skipped)
  expect(new Set(Object.values(await histories(fleet)).map(String))).toEqual(new Set(['0001_polls,0002_a']))
  const resumed = await fleet.migrations.run({ resume: true })
  expect(resumed.entries.map(({ applied }) => applied)).toEqual([['0002_a'], ['0002_a'], ['0002_a']])
})

test('a run that is aborted after its last schema reports as usual', async () => {
  const fleet = await fleetOf(2)
  await writeFiles(fleet.root, { 'migrations/tenant/0002_a.sql': 'create table a ()' })
  const stop = new AbortController()
  const report = await fleet.migrations.run({
    signal: stop.signal,
    concurrency: 1,
    onEntry: ({ target }) => target === 't002' && stop.abort(),
  })
  expect(report.ok).toBe(true)
  expect(report).not.toHaveProperty('aborted')
  expect(await fleet.rows('select state from partywall.migration_runs')).toEqual([{ state: 'done' }])
})
