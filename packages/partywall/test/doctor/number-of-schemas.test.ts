/** PW-108 on a live database: what it counts is there, also when PostgreSQL's statistics do not know of it yet. */
import { Client } from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { createTenancy } from '../../src/index.ts'
import { testDatabase } from '../support/servers/database.ts'

test('the doctor tells the number of tenants and of tables right after they were made', async () => {
  const { url } = await testDatabase()
  const tenancy = createTenancy({ database: url, migrations: { shared: false, tenant: false } })
  const admin = new Client(url)
  await admin.connect()
  onTestFinished(async () => {
    await tenancy.close()
    await admin.end()
  })
  await tenancy.tenants.create({ schema: 'acme' })
  expect((await numberOf(tenancy)).length).toBe(0)
  // Rows of the catalog alone: schemas would take long.
  await admin.query(`insert into partywall.tenants (id, schema, name, kind, status, placement, attributes)
    select gen_random_uuid(), 't' || number, 't', kind, status, placement, attributes from partywall.tenants, generate_series(1, 1000) as number`)
  await admin.query(
    `do $$ begin for number in 1..2000 loop execute 'create type acme.t' || number || ' as (a int)'; end loop; end $$`,
  )
  const { rows } = await admin.query<{ exact: number }>('select count(*)::int as exact from pg_class')
  const [seen] = await numberOf(tenancy)
  expect(seen).toMatch(/^The database has 1,001 tenants and /)
  const told = Number(/and ([\d,]+) tables/.exec(seen!)![1]!.replaceAll(',', ''))
  expect(Math.abs(told / rows[0]!.exact - 1)).toBeLessThan(0.35)
})

async function numberOf(tenancy: Pick<ReturnType<typeof createTenancy>, 'doctor'>): Promise<string[]> {
  return (await tenancy.doctor()).findings.filter(({ id }) => id === 'PW-108').map(({ seen }) => seen)
}
