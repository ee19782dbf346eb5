/** The tenants of the scenarios with queries: one schema each, one table with eight indexes and fifty rows. Created once and kept. */
import { Client } from 'pg'
import { createTenancy, type Tenancy, type Tenant } from 'partywall'

export const pointQuery = 'select id, name, price from items where id <= $1 limit 10'

export const schemaOf = (number: number): string => `bench_${String(number).padStart(5, '0')}`

/** Creates the schemas that are missing, and their tenants. */
export async function createFleet(url: string, count: number): Promise<void> {
  const admin = new Client(url)
  await admin.connect()
  const { rows } = await admin.query(`select count(*)::int as existing from pg_namespace where nspname like 'bench\\_%'`)
  for (let number = rows[0].existing as number; number < count; number++) {
    await admin.query(`begin; ${tables(schemaOf(number))}; commit`)
    if (number % 100 === 0) process.stderr.write(`creating tenant ${number} of ${count}\r`)
  }
  await admin.query('vacuum analyze pg_class, pg_attribute, pg_index, pg_namespace')
  await admin.end()
  await register(url, count)
}

/** The tenants in the order of their numbers, looked up once: a scenario that uses them measures the pool, not the lookup. */
export async function tenantsOf(tenancy: Tenancy<any>, count: number): Promise<Tenant[]> {
  const bySchema = new Map<string, Tenant>()
  for await (const tenant of tenancy.tenants.each()) bySchema.set(tenant.schema, tenant)
  return Array.from({ length: count }, (_, number) => bySchema.get(schemaOf(number))!)
}

async function register(url: string, count: number): Promise<void> {
  const tenancy = createTenancy({ database: url })
  await tenancy.ready()
  await tenancy.sharedPool.query(
    `insert into partywall.tenants (schema, name)
     select schema, schema from unnest($1::text[]) as schema
     on conflict (schema) do nothing`,
    [Array.from({ length: count }, (_, number) => schemaOf(number))],
  )
  await tenancy.close()
}

function tables(schema: string): string {
  const columns = ['name', 'price', 'colour', 'size', 'owner', 'made_at', 'sold_at']
  return `
    create schema ${schema};
    create table ${schema}.items (
      id int primary key, name text, price numeric, colour text, size int, owner text, made_at timestamptz, sold_at timestamptz
    );
    ${columns.map((column) => `create index on ${schema}.items (${column});`).join('\n')}
    insert into ${schema}.items
    select n, 'item ' || n, n * 1.5, 'red', n % 7, 'ada', now(), null from generate_series(1, 50) as n`
}

/** Picks tenants evenly, or so that a few are picked most of the time (Zipf, exponent 1). */
export function picker(count: number, how: 'uniform' | 'zipf'): () => number {
  if (how === 'uniform') return () => Math.floor(Math.random() * count)
  const cumulated: number[] = []
  let total = 0
  for (let rank = 1; rank <= count; rank++) cumulated.push((total += 1 / rank))
  return () => {
    const target = Math.random() * total
    let low = 0
    let high = count - 1
    while (low < high) {
      const middle = (low + high) >> 1
      if (cumulated[middle]! < target) low = middle + 1
      else high = middle
    }
    return low
  }
}
