/** Tenants are compared with what their own histories give, and repaired where that loses nothing. */
import { createTenancy, type MigrationSource } from 'partywall'
import { Client } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { DriftEntry, DriftReport } from '../../src/lifecycle/drift/drift-report.ts'
import { structure } from '../blueprint/structure.ts'
import { testDatabase } from '../support/servers/database.ts'
import { driftEdits, editOf, expectedOf } from './drift-edits.ts'

const { url, directUrl } = await testDatabase()
const client = new Client({ connectionString: directUrl })
const sourceOf = (...texts: readonly string[]): MigrationSource => ({
  name: 'given',
  list: async () =>
    texts.map((text, index) => ({
      name: `000${index}`,
      file: `000${index}.sql`,
      checksum: text,
      up: { kind: 'sql', text, line: 1 },
    })),
})
const tenancy = createTenancy({ database: url, migrations: { shared: false, tenant: sourceOf(structure) } })
let major: number

beforeAll(async () => {
  await client.connect()
  await tenancy.tenants.create({ schema: 'untouched' })
  const { rows } = await client.query("select current_setting('server_version_num')::int / 10000 as major")
  major = rows[0].major
})
afterAll(async () => {
  await client.end()
  await tenancy.close()
})

const wordsOf = ({ differences }: DriftEntry): string[] =>
  differences.map(({ kind, name, property, change }) => `${kind} ${name}: ${property ?? change}`).toSorted()
const entryOf = ({ tenants }: DriftReport, schema: string): DriftEntry => tenants.find(({ target }) => target === schema)!

test('drift finds every silent edit of a tenant, each with its object, and nothing in a tenant that was not edited', async () => {
  const schemas = driftEdits.map((_, index) => `edited_${index}`)
  for (const [index, schema] of schemas.entries()) {
    await tenancy.tenants.create({ schema })
    await client.query(`set search_path = ${schema}`)
    for (const edit of driftEdits[index]!) await client.query(editOf(edit, schema))
  }
  await client.query('reset search_path')
  expect(driftEdits.flat().length).toBeGreaterThan(120)
  const report = await tenancy.drift()
  expect(report.ok).toBe(false)
  expect(entryOf(report, 'untouched')).toMatchObject({
    state: 'as expected',
    comparedWith: 'files',
    differences: [],
    repairs: [],
  })
  for (const [index, schema] of schemas.entries()) {
    expect([schema, wordsOf(entryOf(report, schema))]).toEqual([schema, expectedOf(driftEdits[index]!, major)])
  }
  const fixed = await tenancy.drift({ fix: true })
  for (const schema of schemas) {
    const before = entryOf(report, schema).repairs.filter(({ isAdditive }) => isAdditive)
    const after = entryOf(fixed, schema)
    expect([schema, after.fixed?.done.length ?? 0, after.fixed?.failed ?? []]).toEqual([schema, before.length, []])
    expect([schema, after.repairs.filter(({ isAdditive }) => isAdditive)]).toEqual([schema, []])
  }
  expect(fixed.tenants.flatMap((entry) => entry.fixed?.done ?? []).length).toBeGreaterThan(40)
  expect(entryOf(fixed, 'edited_3').differences.map(({ name }) => name)).toEqual(['open_orders', 'orders.orders_open'])
})
