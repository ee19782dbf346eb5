/** The metrics in a registry of prom-client: what they count, how few there are, and that a scrape never fails because of the database. */
import { channel } from 'node:diagnostics_channel'
import { readFile } from 'node:fs/promises'
import { Registry } from 'prom-client'
import { afterAll, expect, onTestFinished, test } from 'vitest'
import { createTenancy, type StatementEnded } from '../../src/index.ts'
import { tenancyMetrics } from '../../src/observe/prometheus/prometheus.ts'
import { relayForTest } from '../support/servers/relay.ts'
import { heardOn, twoObserved } from './two.ts'

const { url, tenancy, acme, globex } = await twoObserved()
const register = new Registry()
const stop = tenancyMetrics(tenancy, { register, tenants: ['acme'] })
afterAll(stop)

/** The value of one series; undefined where it is absent. */
async function value(name: string, labels: Record<string, string> = {}, of = register): Promise<number | undefined> {
  const metric = await of.getSingleMetric(`partywall_${name.replace(/_(count|sum)$/, '')}`)!.get()
  const full = `partywall_${name}`
  return metric.values.find(
    (one) =>
      ((one as { metricName?: string }).metricName ?? metric.name) === full &&
      Object.entries(labels).every(([key, wanted]) => one.labels[key as never] === wanted),
  )?.value
}

test('scopes, statements, rows, refusals and lookups are counted by kind, and by tenant only for those that are chosen', async () => {
  const before = (await value('statements_total', { scope: 'tenant', status: 'ok' })) ?? 0
  await tenancy.run(acme, () => tenancy.pool.query('select * from items'))
  await tenancy.run(globex, () => tenancy.pool.query('select * from items'))
  await tenancy.run(globex, () => tenancy.pool.query('select * from absent')).catch(() => {})
  await tenancy.pool.query('select 1').catch(() => {})
  expect(await value('statements_total', { scope: 'tenant', kind: 'default', status: 'ok' })).toBe(before + 2)
  expect(await value('statements_total', { scope: 'tenant', status: 'failed' })).toBe(1)
  expect(await value('statement_rows_total', { scope: 'tenant', kind: 'default' })).toBe(6)
  expect(await value('statement_duration_seconds_count', { scope: 'tenant' })).toBe(before + 3)
  expect(await value('scope_entries_total', { scope: 'tenant', kind: 'default' })).toBe(3)
  expect(await value('statements_refused_total', { code: 'NO_TENANT' })).toBe(1)
  expect(await value('pool_wait_seconds_count', { pool: 'tenants' })).toBe(3)
  await tenancy.tenants.find('acme')
  expect(
    ((await value('lookups_total', { result: 'hit' })) ?? 0) + ((await value('lookups_total', { result: 'miss' })) ?? 0),
  ).toBeGreaterThan(0)
  expect(await value('tenant_statements_total', { tenant: 'acme' })).toBe(1)
  expect(await value('tenant_statements_total', { tenant: 'globex' })).toBeUndefined()
  const text = await register.metrics()
  for (const secret of [acme.id, globex.id, 'globex', 'items']) expect(text).not.toContain(secret)
})

test('alarms begin with 0 and are counted; caches of other rooms are, too', async () => {
  expect(await value('alarms_total', { alarm: 'connection.tampered' })).toBe(0)
  channel('partywall:cache').publish({ hit: true })
  channel('partywall:cache').publish({ hit: false, tenancy: tenancy.options })
  channel('partywall:cache').publish({ hit: true, tenancy: {} })
  channel('partywall:cache').publish(null)
  expect(await value('cache_requests_total', { result: 'hit' })).toBe(1)
  expect(await value('cache_requests_total', { result: 'miss' })).toBe(1)
})

test('the pools, the tenants, the schemas and the migrations are shown', async () => {
  expect(await value('up')).toBe(1)
  expect(await value('tenants', { kind: 'default', status: 'active' })).toBe(2)
  expect(await value('schemas')).toBeGreaterThanOrEqual(4)
  expect(await value('catalog_bytes', { catalog: 'partywall' })).toBeGreaterThan(8192)
  expect(await value('catalog_bytes', { catalog: 'postgres' })).toBeGreaterThan(1_000_000)
  expect(await value('migration_schemas', { state: 'behind' })).toBe(0)
  expect(await value('pool_connections_max', { pool: 'tenants' })).toBe(10)
  expect(await value('pool_connections', { pool: 'tenants' })).toBeGreaterThan(0)
  expect(await value('pool_waiting', { pool: 'shared' })).toBe(0)
})

test('the database is asked once in an interval, whatever the number of scrapes', async () => {
  const ended = heardOn<StatementEnded>('statement.ended')
  const fresh = new Registry()
  onTestFinished(tenancyMetrics(tenancy, { register: fresh }))
  await Promise.all(Array.from({ length: 20 }, () => fresh.metrics()))
  await fresh.metrics()
  expect(ended.filter(({ text }) => text.includes('postgres_bytes'))).toHaveLength(1)
})

test('without the database a scrape has no numbers of it, and does not fail or wait', async () => {
  const relay = await relayForTest(url)
  const away = createTenancy({ database: relay.url, migrations: { shared: false, tenant: false } })
  onTestFinished(() => away.close())
  await away.ready()
  const fresh = new Registry()
  onTestFinished(tenancyMetrics(away, { register: fresh, timeoutMs: 300, everyMs: 1000 }))
  relay.silence = 'at once'
  const text = await fresh.metrics()
  expect(text).toContain('partywall_up 0')
  expect(text).toContain('partywall_pool_connections{pool="tenants"}')
  for (const absent of ['partywall_schemas ', 'partywall_tenants{', 'partywall_catalog_bytes{', 'partywall_migration_schemas{'])
    expect(text).not.toContain(`\n${absent}`)
  relay.silence = 'never'
  await expect.poll(() => value('up', {}, fresh), { timeout: 10_000 }).toBe(1)
  expect(await value('schemas', {}, fresh)).toBeGreaterThan(0)
})

test('two tenancies of a process do not count each other, and need a prefix each in one registry', async () => {
  const other = createTenancy({ database: url, migrations: { shared: false, tenant: false } })
  onTestFinished(() => other.close())
  expect(() => tenancyMetrics(other, { register })).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
  const end = tenancyMetrics(other, { register, prefix: 'other_' })
  const before = await value('scope_entries_total', { scope: 'tenant' })
  await other.run('acme', () => other.pool.query('select 1'))
  expect(await value('scope_entries_total', { scope: 'tenant' })).toBe(before)
  expect(await register.metrics()).toContain('other_scope_entries_total{scope="tenant",kind="default"} 1')
  end()
  expect(await register.metrics()).not.toContain('other_')
})

test.each([
  [{}, 'register'],
  [{ register: {} }, 'register'],
  [{ register: new Registry(), prefix: 'a b' }, 'prefix'],
  [{ register: new Registry(), tenants: Array.from({ length: 101 }, String) }, 'tenants'],
  [{ register: new Registry(), everyMs: 10 }, 'everyMs'],
  [{ register: new Registry(), every: 10 }, 'every'],
])('the options %# are refused by name', (options, option) => {
  expect(() => tenancyMetrics(tenancy, options as never)).toThrow(
    expect.objectContaining({ code: 'INVALID_OPTION', details: expect.objectContaining({ option }) }),
  )
})

test('each metric of the dashboard exists, and each metric is on it', async () => {
  const dashboard = await readFile(new URL('../../dashboards/grafana.json', import.meta.url), 'utf8')
  const shown = new Set([...dashboard.matchAll(/partywall_\w+/g)].map(([name]) => name.replace(/_(bucket|count|sum)$/, '')))
  const registered = register.getMetricsAsArray().map(({ name }) => name)
  expect([...shown].toSorted()).toEqual(registered.toSorted())
})
