/** docs/audit.md names every column and every action, and its SQL does what it says. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Client } from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { actions } from '../../src/catalog/audit/actions.ts'
import { testDatabase } from '../support/servers/database.ts'
import { registryForTest } from '../support/tenants/registry.ts'
import { root } from './declarations.ts'
import { sqlOfPage } from './sql-of-page.ts'

const page = await readFile(join(root, 'docs/audit.md'), 'utf8')

test('the page has a row for each action, with its meaning, and no other', () => {
  expect(rowsOf('Actions').map(([action, when]) => [action, when])).toEqual(Object.entries(actions))
})

test('the SQL of the page reads the entries of a tenant and the runs that have not ended, and removes old entries', async () => {
  const { url } = await testDatabase()
  const { create, tenants } = registryForTest(url)
  await create({ schema: 'acme' })
  await create({ schema: 'globex' })
  await tenants.setStatus('acme', 'suspended')
  const admin = new Client(url)
  await admin.connect()
  onTestFinished(() => admin.end())
  const { rows } = await admin.query(
    `select attname as name from pg_catalog.pg_attribute where attrelid = 'partywall.audit'::regclass and attnum > 0 order by attnum`,
  )
  expect(rowsOf('What an entry holds').map(([column]) => column)).toEqual(rows.map(({ name }) => name))

  const [ofTenant, notEnded, removeOld, ...others] = await sqlOfPage('docs/audit.md')
  expect(others).toEqual([])
  expect((await admin.query(ofTenant!)).rows.map(({ action }) => action)).toEqual(['tenant.suspended', 'tenant.created'])
  await admin.query(`
    insert into partywall.audit (action, object, origin, at)
    values
      ('migrations.started', 'ended', '', now()),
      ('migrations.run', 'ended', '', now()),
      ('migrations.started', 'resumed', '', now()),
      ('migrations.down', 'resumed', '', now()),
      ('migrations.started', 'resumed', '', now()),
      ('tenant.created', 'old', '', now() - interval '3 years')`)
  expect((await admin.query(notEnded!)).rows.map(({ run_id }) => run_id)).toEqual(['resumed'])
  await admin.query(removeOld!)
  expect((await admin.query('select count(*)::int as entries from partywall.audit')).rows).toEqual([{ entries: 8 }])
  await expect(admin.query('delete from partywall.audit')).rejects.toMatchObject({ code: '42501' })
})

/** The first two cells of each row of the table in a section, without code quotes around a whole cell. */
function rowsOf(section: string): string[][] {
  const text = page.split(`\n## ${section}\n`)[1]!.split('\n## ')[0]!
  return [...text.matchAll(/^\| `([^`]+)` \| (.*?) \|/gm)].map(([, first, second]) => [first!, second!])
}
