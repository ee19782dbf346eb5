/** The digests of many schemas are read by another query than the digests of a few; both must give the same for each schema. */
import { expect, test } from 'vitest'
import { digestsSql } from '../../../src/migrations/history/history-sql.ts'
import { fleetOf } from './fleet.ts'

test('digestsSql gives the same for many schemas as for a few, also for schemas without a history or that do not exist', async () => {
  const fleet = await fleetOf(3)
  await fleet.rows('drop table t002.partywall_migrations; comment on table t003.partywall_migrations is null; create schema bare')
  const asked = ['t001', 't002', 't003', 'bare', 'gone']
  const digests = async (schemas: readonly string[]): Promise<object> => {
    const { text, values } = digestsSql(schemas)
    const { rows } = await fleet.admin.query(text, values as unknown[])
    return Object.fromEntries(rows.filter(({ schema }) => asked.includes(schema)).map(({ schema, ...head }) => [schema, head]))
  }
  const few = await digests(asked)
  expect(few).toEqual({
    t001: { hasHistory: true, digest: expect.stringMatching(/^partywall 1: 1 applied [0-9a-f]{64}$/) },
    t002: { hasHistory: false, digest: null },
    t003: { hasHistory: true, digest: null },
    bare: { hasHistory: false, digest: null },
  })
  const many = [...asked, ...Array.from({ length: 1000 }, (_, index) => `none_${index}`)]
  expect(digestsSql(many).text).not.toBe(digestsSql(asked).text)
  expect(await digests(many)).toEqual(few)
})

test('migrations.status plans hundreds of tenants', async () => {
  const fleet = await fleetOf(2)
  await fleet.rows(`
    insert into partywall.tenants (schema, name) select 'gone_' || number, 'gone' from generate_series(1, 400) as number`)
  const status = await fleet.migrations.status()
  expect(status.filter(({ problem }) => problem === undefined).map(({ target }) => target)).toEqual(['shared', 't001', 't002'])
  expect(status.filter(({ problem }) => (problem as { code?: string })?.code === 'SCHEMA_MISSING')).toHaveLength(400)
})
