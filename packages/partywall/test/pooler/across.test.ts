/** Behind a pooler a batch is one transaction, so all of its parts reach one server session; nothing is prepared, and nothing stays. */
import { createTenancy, sql } from 'partywall'
import { Client } from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { testDatabase } from '../support/servers/database.ts'

const { url, directUrl } = await testDatabase()
const schemas = ['acme', 'globex', 'initech']

test('one SELECT in all tenants, and work with a key, while others use the only server session', async () => {
  const tenancy = createTenancy({ database: url, migrations: { tenant: false, shared: false } })
  const admin = new Client(directUrl)
  await admin.connect()
  onTestFinished(async () => {
    await tenancy.close()
    await admin.end()
  })
  for (const schema of schemas) {
    await tenancy.tenants.create({ schema })
    await admin.query(`create table ${schema}.notes (owner text); insert into ${schema}.notes values ('${schema}')`)
  }
  const read = async (): Promise<void> => {
    const { rows } = await tenancy.across(sql`select owner, current_schema() as here from notes`, { batch: 2 }).all()
    expect(rows.map(({ tenant, row }) => [row['owner'], row['here'], tenant.schema]).toSorted()).toEqual(
      schemas.map((schema) => [schema, schema, schema]),
    )
  }
  const query = (schema: string) => tenancy.run(schema, () => tenancy.pool.query<{ owner: string }>('select owner from notes'))
  const others = Array.from({ length: 30 }, async (_, number) => {
    const schema = schemas[number % 3]!
    expect((await query(schema)).rows).toEqual([{ owner: schema }])
  })
  await Promise.all([...Array.from({ length: 5 }, read), ...others])

  const turns: string[] = []
  const work = () => tenancy.forEach(({ schema }) => void turns.push(schema), { resume: 'pooled' })
  expect([(await work()).ok, (await work()).ok]).toEqual([true, true])
  expect(turns.toSorted()).toEqual(schemas)
})
