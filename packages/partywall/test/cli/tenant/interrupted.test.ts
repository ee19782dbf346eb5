/** Ctrl-C while a tenant is created or a domain is added: all of it is rolled back, wherever the command is at that moment. */
import { Client } from 'pg'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { testDatabase } from '../../support/servers/database.ts'
import { openRegistry } from '../../support/tenants/registry.ts'
import { ended, expectFailure, project } from '../partywall.ts'

const { url } = await testDatabase()
const admin = new Client(url)

beforeAll(async () => {
  await admin.connect()
  const { create, close } = openRegistry(url)
  await create({ schema: 'acme' })
  await close()
})

afterAll(() => admin.end())

test('a signal while a migration of a new tenant runs leaves no tenant and no schema', async () => {
  const { start } = await project(url, { 'migrations/tenant/0001_slow.sql': 'create table slow (); select pg_sleep(6)' })
  const child = start('tenant create bolt --domain bolt.example.com --json')
  const end = ended(child)
  await backends(`wait_event = 'PgSleep'`, 1)
  child.kill('SIGINT')
  const { message } = expectFailure(await end, 130, 'INTERRUPTED')
  expect(message).toBe('Interrupted by SIGINT. The statement that ran was cancelled and rolled back.')
  await expectOnlyAcme()
})

test('a signal while code of a migration waits between two statements leaves no tenant and no schema', async () => {
  const { start } = await project(url, {
    'migrations/tenant/0001_slow.ts': `export async function up({ client }) {
      await client.query('create table slow ()')
      await new Promise((resolve) => setTimeout(resolve, 6000))
    }`,
  })
  const child = start('tenant create bolt --domain bolt.example.com')
  const end = ended(child)
  await backends(`state = 'idle in transaction' and query like '%create table slow%'`, 1)
  child.kill('SIGTERM')
  expect(await end).toMatchObject({ code: 143, stdout: '', stderr: 'error INTERRUPTED: Interrupted by SIGTERM.\n' })
  await expectOnlyAcme()
})

test('a signal while domain add waits for another change of the tenant adds no domain', async () => {
  const other = new Client(url)
  await other.connect()
  await other.query(`begin; select from partywall.tenants where schema = 'acme' for update`)
  const { start } = await project(url)
  const child = start('domain add acme acme.example.com')
  const end = ended(child)
  await backends(`wait_event_type = 'Lock'`, 1)
  child.kill('SIGINT')
  expect(await end).toMatchObject({ code: 130, stdout: '' })
  await other.end()
  await expectOnlyAcme()
})

async function expectOnlyAcme(): Promise<void> {
  await backends(`backend_type = 'client backend'`, 0)
  const { rows } = await admin.query(`
    select schema as name from partywall.tenants
    union all select domain from partywall.domains
    union all select nspname from pg_namespace where nspname = 'bolt'`)
  expect(rows).toEqual([{ name: 'acme' }])
}

async function backends(what: string, count: number): Promise<void> {
  const text = `select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and ${what}`
  await vi.waitFor(async () => expect((await admin.query(text)).rowCount).toBe(count), { timeout: 10_000, interval: 20 })
}
