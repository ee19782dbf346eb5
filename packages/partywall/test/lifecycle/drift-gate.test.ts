/** The option `migrations.onDrift`, and rights that the boundary gives. */
import { createTenancy, type Config, type MigrationSource } from 'partywall'
import { Client } from 'pg'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { leastPrivilege } from '../support/tenants/least-privilege.ts'
import { testDatabase } from '../support/servers/database.ts'

const { url, directUrl } = await testDatabase()
const logins = await leastPrivilege(directUrl, url)
const client = new Client({ connectionString: directUrl })
beforeAll(() => client.connect())
afterAll(() => client.end())

const texts = ['create table notes (id integer primary key, text text)', 'create index notes_text on notes (text)']
const sourceOf = (count: number): MigrationSource => ({
  name: 'given',
  list: async () =>
    texts.slice(0, count).map((text, index) => ({
      name: `000${index}`,
      file: `000${index}.sql`,
      checksum: text,
      up: { kind: 'sql', text, line: 1 },
    })),
})
function tenancyWith(count: number, onDrift: 'warn' | 'refuse' | undefined, more: Config = {}) {
  const database = { connectionString: logins.app, deploy: logins.deploy }
  const tenancy = createTenancy({ database, ...more, migrations: { shared: false, tenant: sourceOf(count), onDrift } })
  onTestFinished(() => tenancy.close())
  return tenancy
}
async function warningsOf(fn: () => Promise<unknown>): Promise<string[]> {
  const heard: string[] = []
  const hear = (warning: Error & { code?: string }): void => void heard.push(`${warning.code}: ${warning.message}`)
  process.on('warning', hear)
  await fn()
  await new Promise((resolve) => setImmediate(resolve))
  process.off('warning', hear)
  return heard.filter((one) => one.startsWith('PARTYWALL_DRIFT'))
}

test('onDrift keeps a tenant that has drifted from being migrated and activated, and migrates the others', async () => {
  const before = tenancyWith(1, undefined)
  for (const schema of ['healthy', 'edited']) await before.tenants.create({ schema })
  await before.tenants.suspend('edited')
  await client.query('alter table edited.notes add column extra text')
  const refusing = tenancyWith(2, 'refuse')
  const report = await refusing.migrations.run()
  expect(report.entries.map(({ target, state, error }) => [target, state, (error as { code?: string })?.code])).toEqual([
    ['shared', 'done', undefined],
    ['edited', 'failed', 'DRIFT'],
    ['healthy', 'done', undefined],
  ])
  expect(report.entries[1]!.error).toMatchObject({ details: { schema: 'edited', differences: ['column notes.extra'] } })
  await expect(refusing.tenants.activate('edited')).rejects.toMatchObject({ code: 'DRIFT' })
  expect((await refusing.tenants.get('edited')).status).toBe('suspended')

  const warning = tenancyWith(2, 'warn')
  expect(await warningsOf(() => warning.tenants.activate('edited'))).toEqual([expect.stringContaining('"edited" is activated')])
  expect(await warningsOf(() => warning.migrations.run())).toEqual([expect.stringContaining('edited')])
  expect((await refusing.migrations.status()).map(({ pending }) => pending)).toEqual([[], [], []])
})

test('onDrift lets a tenant be emptied and migrated again, and activates one that has not drifted', async () => {
  const tenancy = tenancyWith(2, 'refuse')
  await tenancy.tenants.create({ schema: 'again' })
  await tenancy.tenants.suspend('again')
  expect((await tenancy.tenants.activate('again')).status).toBe('active')
  await client.query('drop index again.notes_text')
  expect((await tenancy.migrations.reset({ tenants: 'again' })).ok).toBe(true)
  expect((await tenancy.drift({ tenants: 'again' })).ok).toBe(true)
})

test('rights that the boundary gives are no drift, whatever boundary the tenants have; rights of others are', async () => {
  const path = tenancyWith(2, undefined)
  await path.tenants.create({ schema: 'by_path' })
  const role = tenancyWith(2, undefined, { boundary: { default: 'path', tenants: { by_role: 'role' } } })
  await role.boundary.upgrade()
  await role.tenants.create({ schema: 'by_role' })
  const tenants = ['by_path', 'by_role']
  expect(await path.drift({ tenants })).toMatchObject({ ok: true })
  expect(await role.drift({ tenants })).toMatchObject({ ok: true })
  await client.query('grant select on by_role.notes to pg_monitor; grant usage on schema by_path to pg_monitor')
  const { tenants: found } = await role.drift({ tenants })
  expect(found.map(({ differences }) => differences.map(({ sentence }) => sentence))).toEqual([
    ['The schema: of privileges, "USAGE to role pg_monitor" is not expected.'],
    ['The table notes: of privileges, "SELECT to role pg_monitor" is not expected.'],
  ])
})
