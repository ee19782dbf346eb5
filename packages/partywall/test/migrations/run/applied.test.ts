/** `applied` of a report is what the run did in a schema, also when it took several attempts, or failed in the end. */
import { expect, test } from 'vitest'
import { registryForTest, writeFiles } from '../../support/tenants/registry.ts'
import { relayForTest } from '../../support/servers/relay.ts'
import { fleetOf, histories } from './fleet.ts'

/** Committed before the next file starts. */
const outside = '-- partywall: no-transaction\ncreate index concurrently polls_title on polls (title);\n'

test('a report lists what an earlier attempt has committed', async () => {
  const fleet = await fleetOf(2)
  await writeFiles(fleet.root, {
    'migrations/tenant/0002_index.sql': outside,
    'migrations/tenant/0003_column.sql': 'alter table polls add column subtitle text',
  })
  // Not in the way of the index, which is made alone, but of the column.
  await fleet.rows('begin; lock table t001.polls in access share mode')
  const run = fleet.migrations.run({ lockTimeoutMs: 30, concurrency: 1, onEntry: () => void fleet.rows('commit') })
  expect((await run).entries.slice(1).map(({ target, state, applied }) => [target, state, ...applied])).toEqual([
    ['t001', 'done', '0002_index', '0003_column'],
    ['t002', 'done', '0002_index', '0003_column'],
  ])
})

test('a report lists what was committed in a schema that failed, and an aborted run what it left', async () => {
  const fleet = await fleetOf(1)
  await writeFiles(fleet.root, {
    'migrations/tenant/0002_index.sql': outside,
    'migrations/tenant/0003_broken.sql': 'alter table poles add column subtitle text',
  })
  const failed = await fleet.migrations.run()
  expect(failed.entries[1]).toMatchObject({ state: 'failed', applied: ['0002_index'] })
  await writeFiles(fleet.root, {
    'migrations/tenant/0003_broken.sql': outside.replace('polls_title', 'polls_again'),
    'migrations/tenant/0004_column.sql': 'alter table polls add column subtitle text',
  })
  await fleet.rows('begin; lock table t001.polls in access share mode')
  const aborted = await fleet.migrations.run({ lockTimeoutMs: 20, signal: AbortSignal.timeout(300), retries: 1000 })
  expect(aborted.entries[1]).toMatchObject({ state: 'skipped', applied: ['0003_broken'] })
  await fleet.rows('commit')
})

test('a report lists what was rolled back by an earlier attempt', async () => {
  const fleet = await fleetOf(1)
  await writeFiles(fleet.root, {
    'migrations/tenant/0002_others.sql': 'create table others ();\n-- partywall: down\ndrop table others',
    'migrations/tenant/0003_index.sql': `${outside}-- partywall: down\ndrop index concurrently polls_title`,
  })
  await fleet.migrations.run()
  await fleet.rows('begin; lock table t001.others in access share mode')
  const run = fleet.migrations.run({ down: true, tenants: 't001', to: '0001_polls', lockTimeoutMs: 20 })
  await expect.poll(async () => (await histories(fleet))['t001']).toEqual(['0001_polls', '0002_others'])
  await fleet.rows('commit')
  expect((await run).entries).toMatchObject([{ state: 'done', applied: ['0003_index', '0002_others'] }])
})

test('a report lists what was committed when the answer of the server was lost', async () => {
  const fleet = await fleetOf(1)
  const relay = await relayForTest(fleet.url)
  const { migrations } = registryForTest(relay.url, { root: fleet.root })
  await writeFiles(fleet.root, {
    'migrations/tenant/0002_cut.sql': `create table cut (); do $$ begin raise notice 'the line is cut'; end $$`,
  })
  relay.cutAfter = 'the line is cut'
  const report = await migrations.run()
  expect(relay.cutAfter).toBeUndefined()
  expect(report.entries[1]).toMatchObject({ state: 'done', applied: ['0002_cut'] })
})

test('what ran outside of transactions is not in the way of what follows, although its server process ends later', async () => {
  const fleet = await fleetOf(1)
  // A server process that drops temporary tables at its end keeps its locks until then.
  const temporary = Array.from({ length: 400 }, (_, at) => `create temporary table t${at} (id serial primary key);`).join('\n')
  await writeFiles(fleet.root, {
    'migrations/tenant/0002_index.sql': `${outside}${temporary}`,
    'migrations/tenant/0003_after.sql': 'create table after ()',
    'migrations/tenant/0004_index.sql': outside.replace('polls_title', 'polls_again'),
  })
  expect(await fleet.migrations.run({ retries: 0 })).toMatchObject({ ok: true })
})
