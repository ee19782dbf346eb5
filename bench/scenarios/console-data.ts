/**
 * Pages of the console's data room on a table of 100,000 rows: 50 rows by key, by a column with and without an index, deep in the list, with a filter, and one row with
 * what refers to it. `milliseconds` are medians of whole requests without a network. The floor is a plain select of the same 50 rows on one connection.
 */
import { Hono } from 'hono'
import { dataRoutes } from '../../packages/console/src/data/routes.ts'
import type { ConsoleEnv } from '../../packages/console/src/parts.ts'
import { createTenancy } from '../../packages/partywall/src/index.ts'
import type { Outcome } from '../measuring/outcome.ts'
import { median, rounded } from '../measuring/statistics.ts'
import { withClient } from '../migrations/fleet.ts'

const rows = 100_000
const rounds = 30
const schema = 'bench_console_data'

export async function consoleData(url: string): Promise<Outcome> {
  const tenancy = createTenancy({ database: url, migrations: { shared: false, tenant: false } })
  const app = new Hono<ConsoleEnv>()
  app.use(async (c, next) => {
    c.set('operator', { id: 'bench', role: 'owner' })
    await next()
  })
  app.route('/', dataRoutes({ tenancy }))
  app.onError((error) => {
    throw error
  })
  const get = async (path: string): Promise<{ next?: string; rows: unknown[] }> => {
    const response = await app.request(`/${schema}/tables/${path}`)
    const body = (await response.json()) as { next?: string; rows: unknown[] }
    if (response.status !== 200) throw new Error(JSON.stringify(body))
    return body
  }
  try {
    await tenancy.tenants.create({ schema })
    await withClient(url, (client) => client.query(tables))
    const deep = Buffer.from(JSON.stringify(['a', false, null, [String(rows - 100)]])).toString('base64url')
    const filter = encodeURIComponent(JSON.stringify([['title', 'contains', `project ${rows - 1}`]]))
    const paths = {
      first: 'projects/rows',
      deep: `projects/rows?cursor=${deep}`,
      byIndexedColumn: 'projects/rows?sort=~-due',
      byColumnWithoutIndex: 'projects/rows?sort=budget',
      filterWithoutIndex: `projects/rows?filters=${filter}`,
      row: 'customers/rows/7',
      references: 'customers/rows/7/references',
    }
    const milliseconds: Record<string, number> = {}
    for (const [name, path] of Object.entries(paths)) milliseconds[name] = await medianOf(() => get(path))
    const plain = await withClient(url, (client) =>
      medianOf(() => client.query(`select * from ${schema}.projects order by id limit 50`)),
    )
    const pages = ['first', 'deep', 'byIndexedColumn', 'byColumnWithoutIndex', 'filterWithoutIndex'].map(
      (name) => milliseconds[name]!,
    )
    return {
      tenants: 1,
      rounds,
      ratios: { pageToPlainSelect: rounded(milliseconds['first']! / plain) },
      spread: {},
      figures: { rows, milliseconds, plainSelect: plain, slowestPage: Math.max(...pages), target: 100 },
    }
  } finally {
    await tenancy.tenants.delete(schema, { confirm: schema }).catch(() => {})
    await tenancy.close()
  }
}

async function medianOf(work: () => Promise<unknown>): Promise<number> {
  const times: number[] = []
  for (let round = 0; round < rounds; round++) {
    const begin = performance.now()
    await work()
    times.push(performance.now() - begin)
  }
  return rounded(median(times))
}

const tables = `
  create table ${schema}.customers (id bigint generated always as identity primary key, name text not null);
  insert into ${schema}.customers (name) select 'customer ' || n from generate_series(1, 1000) n;
  create table ${schema}.projects (
    id bigint generated always as identity primary key, title text not null, customer_id bigint not null references ${schema}.customers,
    budget numeric(12, 2), due date, done boolean not null default false, meta jsonb not null default '{"labels": []}', created_at timestamptz not null default now()
  );
  create index on ${schema}.projects (customer_id);
  create index on ${schema}.projects (due);
  insert into ${schema}.projects (title, customer_id, budget, due)
    select 'project ' || n, 1 + n % 1000, n % 977, date '2026-01-01' + n % 400 from generate_series(1, ${rows}) n;
  analyze ${schema}.customers, ${schema}.projects;`
