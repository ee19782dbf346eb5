/** An index without a name, which could not be found again if PostgreSQL left it invalid. */
import { expect, test } from 'vitest'
import { writeFiles } from '../../support/tenants/registry.ts'
import { fleetOf, having, histories } from '../run/fleet.ts'

const marker = '-- partywall: no-transaction\n'
const refusal = (line: number) => ({
  code: 'INVALID_MIGRATION',
  message: expect.stringMatching(new RegExp(`0003_bad\\.sql .*line ${line}: CREATE INDEX CONCURRENTLY needs a name`)),
  details: { name: '0003_bad', file: expect.stringMatching(/0003_bad\.sql$/), line },
})

test.each([
  ['create index concurrently on polls (title);', 2],
  ['create index concurrently polls_title on polls (title);\n\ncreate unique index concurrently on polls ((title || title));', 4],
])('an unnamed concurrent index is refused before anything runs in any schema: %j', async (text, line) => {
  const fleet = await fleetOf(2)
  await writeFiles(fleet.root, {
    'migrations/shared/0001_plans.sql': 'create table plans ()',
    'migrations/tenant/0002_before.sql': 'create table before ()',
    'migrations/tenant/0003_bad.sql': marker + text,
  })
  for (const how of ['run', 'plan', 'status', 'check'] as const) {
    await expect(fleet.migrations[how]()).rejects.toMatchObject(refusal(line))
  }
  expect(await having(fleet, 'plans')).toEqual([])
  expect(await having(fleet, 'before')).toEqual([])
  expect(await fleet.rows('select id from partywall.migration_runs')).toEqual([])
  // What comes before it can be applied; and it can be recorded, once the index was created by hand.
  expect((await fleet.migrations.run({ tenants: true, to: '2' })).ok).toBe(true)
  expect((await fleet.migrations.fake({ tenants: true })).ok).toBe(true)
  expect(await histories(fleet)).toMatchObject({ t002: ['0001_polls', '0002_before', '0003_bad'] })
  expect((await fleet.migrations.run()).ok).toBe(true)
})

test('an unnamed concurrent index in a down migration is refused, too, with its line in the file', async () => {
  const fleet = await fleetOf(2, {
    'migrations/tenant/0002_drop.sql': 'create table other ();\n-- partywall: down\ndrop table other;',
    'migrations/tenant/0003_bad.sql': `${marker}select 1;\n-- partywall: down\n\ncreate index concurrently on polls (title);`,
  })
  await expect(fleet.migrations.run({ down: true, to: '1', tenants: true })).rejects.toMatchObject(refusal(5))
  expect(await having(fleet, 'other')).toEqual(['t001', 't002'])
  await writeFiles(fleet.root, { 'migrations/tenant/0004_one-way.sql': `${marker}vacuum polls` })
  await fleet.migrations.fake({ tenants: true })
  const { entries } = await fleet.migrations.run({ down: true, to: '1', tenants: true })
  expect(entries.map(({ error }) => (error as Error).message)).toEqual(
    fleet.schemas.map(() => expect.stringContaining('0004_one-way.sql has no down migration')),
  )
})

test('an unnamed concurrent index that every tenant has since it was created is accepted', async () => {
  const fleet = await fleetOf(2, { 'migrations/tenant/0003_bad.sql': `${marker}create index concurrently on polls (title);` })
  expect(await fleet.migrations.check()).toBe(true)
  await writeFiles(fleet.root, { 'migrations/tenant/0004_after.sql': 'create table after ()' })
  expect((await fleet.migrations.run()).ok).toBe(true)
  expect(await having(fleet, 'after')).toEqual(['t001', 't002'])
})
