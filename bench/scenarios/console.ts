/**
 * The first page of the console's tenants with 10,000 tenants of two tables with an index each and a history: cold, in a process that has just begun, and warm; and the last page, a
 * search, a filter, and one tenant. Whole requests without a network, in milliseconds: medians of the rounds, but for `cold`. The fleet is made once, and kept.
 */
import { Hono } from 'hono'
import type { ConsoleEnv } from '../../packages/console/src/parts.ts'
import { tenantsRoutes } from '../../packages/console/src/tenants/routes.ts'
import { createTenancy, type Tenancy } from '../../packages/partywall/src/index.ts'
import { digestOf } from '../../packages/partywall/src/migrations/history/digest.ts'
import { commentText, createHistoryTexts, recordText } from '../../packages/partywall/src/migrations/history/history-sql.ts'
import type { Outcome } from '../measuring/outcome.ts'
import { median, rounded } from '../measuring/statistics.ts'
import { withClient } from '../migrations/fleet.ts'

const tenants = 10_000
const rounds = 20
const database = 'partywall_bench_console'
const tables = `
  create table projects (id serial primary key, title text not null);
  create table notes (id bigserial primary key, body text);`
const migration = {
  name: '0001_tables',
  file: '0001_tables',
  checksum: 'bench',
  up: { kind: 'sql', text: tables, line: 1 },
} as const

export async function consoleTenants(given: string): Promise<Outcome> {
  const url = Object.assign(new URL(given), { pathname: `/${database}` }).href
  await withClient(given, async (admin) => {
    const { rows } = await admin.query('select from pg_database where datname = $1', [database])
    if (rows.length === 0) await admin.query(`create database ${database}`)
  })
  {
    await using maker = open(url)
    await createTenants(maker, url)
  }
  await using tenancy = open(url)
  const app = new Hono<ConsoleEnv>()
  app.use(async (c, next) => {
    c.set('operator', { id: 'bench', role: 'owner' })
    await next()
  })
  app.route('/', tenantsRoutes({ tenancy }))
  const get = async (path: string): Promise<void> => {
    const response = await app.request(path)
    const text = await response.text()
    if (response.status !== 200) throw new Error(text)
  }
  const began = performance.now()
  await get('/')
  const cold = performance.now() - began
  const paths = {
    first: '/',
    last: '/?sort=-schema',
    newest: '/?sort=-createdAt',
    search: '/?search=9876',
    filter: '/?status=suspended',
    one: '/tenant_05000',
  }
  const milliseconds: Record<string, number> = { cold: rounded(cold) }
  for (const [name, path] of Object.entries(paths)) {
    const durations: number[] = []
    for (let round = 0; round < rounds; round++) {
      const from = performance.now()
      await get(path)
      durations.push(performance.now() - from)
    }
    milliseconds[name] = rounded(median(durations))
  }
  return { tenants, rounds, ratios: {}, spread: {}, figures: { milliseconds } }
}

function open(url: string): Tenancy {
  return createTenancy({ database: url, migrations: { shared: false, tenant: { name: 'bench', list: async () => [migration] } } })
}

/** Many in one transaction, without waiting for the disk: this is not measured. */
async function createTenants(tenancy: Tenancy, url: string): Promise<void> {
  await tenancy.ready()
  const existing = new Set((await Array.fromAsync(tenancy.tenants.each())).map(({ schema }) => schema))
  const names = Array.from({ length: tenants }, (_, number) => `tenant_${String(number).padStart(5, '0')}`)
  const missing = names.filter((schema) => !existing.has(schema))
  if (missing.length === 0) return
  process.stderr.write(`creating ${missing.length} tenants, once\n`)
  await withClient(url, async (client) => {
    await client.query('set synchronous_commit to off')
    for (let from = 0; from < missing.length; from += 250) {
      await client.query(
        missing
          .slice(from, from + 250)
          .map(tenantText)
          .join('\n'),
      )
      process.stderr.write(`${from} of ${missing.length}\r`)
    }
    await client.query('vacuum analyze pg_class, pg_depend, pg_namespace, pg_description, partywall.tenants')
  })
}

function tenantText(schema: string): string {
  const status = Number(schema.slice(-2)) === 7 ? 'suspended' : 'active'
  return [
    `insert into partywall.tenants (schema, name, status) values ('${schema}', 'Tenant ${schema}', '${status}');`,
    `create schema ${schema};`,
    `set local search_path to ${schema};`,
    tables,
    `${createHistoryTexts(schema).join(';\n')};`,
    `${recordText(schema, 1, [migration])};`,
    `${commentText(schema, digestOf([migration]))};`,
  ].join('\n')
}
