import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import { afterAll, expect, test, vi } from 'vitest'
import { identifier } from '../../../src/names/identifier.ts'
import { fixedRole } from '../../../src/names/role-name.ts'
import { testDatabase } from '../../support/servers/database.ts'
import { leastPrivilege } from '../../support/tenants/least-privilege.ts'
import { ended, project } from '../partywall.ts'

// A test has up to two runs, with more than a hundred attacks each, and a busy machine needs half a minute for one.
vi.setConfig({ testTimeout: 120_000 })
const { url, directUrl, name } = await testDatabase()
const admin = new Client(directUrl)
await admin.connect()
afterAll(() => admin.end())

test('attack says what was not promised and what would hold it, and ends with 0 when every promise holds', async () => {
  const { run } = await project(url)
  const { code, stdout } = await run('attack')
  expect(stdout).toMatch(/^Not held, and not promised:\nattack +what would hold\n/)
  expect(stdout).toMatch(/read a table of another tenant by its qualified name +boundary: 'role'/)
  expect(stdout).toMatch(/\nNot tried:\n/)
  expect(stdout).toMatch(/that the boundary 'path' promises to hold, none succeeded(?:, and \d+ could not be tried)?\.\n$/)
  expect(stdout).not.toMatch(/\nHeld:/)
  expect(code).toBe(0)
})

test('attack ends with 1 when a promise does not hold, and names it first', async () => {
  const { app, deploy } = await leastPrivilege(directUrl, url)
  const config = `
    import { defineConfig } from 'partywall'
    export default defineConfig({ database: { connectionString: ${JSON.stringify(app)}, deploy: ${JSON.stringify(deploy)} }, boundary: 'role' })`
  // The first test has made the catalog as another role.
  await admin.query('drop schema partywall cascade')
  const { run } = await project(url, { 'partywall.config.ts': config })
  const { json, code: codeBefore } = await run('attack --json')
  expect(codeBefore).toBe(0)
  // The fields that the page of the command line lists.
  expect(Object.keys(json)).toEqual(['ok', 'kind', 'boundary', 'otherBoundaries', 'revoked', 'attacks', 'durationMs'])
  await admin.query(`grant pg_read_all_data to ${identifier(fixedRole('tenants', name))}`)
  const { code, stdout } = await run('attack --verbose')
  expect(stdout).toMatch(/^NOT HELD, although the boundary 'role' promises it:\n/)
  expect(stdout).toContain('qualified-names/select')
  expect(stdout).toMatch(/\nHeld:\n/)
  expect(code).toBe(1)
})

test('attack --kind tries the boundary of that kind, and names kinds and tenants whose boundary was not tried', async () => {
  const other = await testDatabase()
  // PostgreSQL 14 lets everyone create there, which attack tells.
  const inOther = new Client(other.directUrl)
  await inOther.connect()
  await inOther.query('revoke create on schema public from public')
  await inOther.end()
  const config = `
    import { defineConfig } from 'partywall'
    export default defineConfig({
      database: ${JSON.stringify(other.directUrl)},
      migrations: { shared: false, tenant: { default: false, big: 'migrations/big' } },
      boundary: { default: 'path', kinds: { big: 'role' }, tenants: { acme: 'role', globex: 'path' } },
    })`
  const files = { 'partywall.config.ts': config, 'migrations/big/0001_notes.sql': 'create table own (id integer)' }
  const { run } = await project(other.url, files)
  const { json } = await run('attack --kind big --json')
  expect(json).toMatchObject({
    ok: true,
    kind: 'big',
    boundary: 'role',
    otherBoundaries: { kinds: ['default'], tenants: ['globex'] },
  })
  expect(json.attacks.filter(({ state }: { state: string }) => state === 'held').length).toBeGreaterThan(100)
  const { code, stdout } = await run('attack')
  expect(code).toBe(0)
  expect(stdout).toContain('between tenants of the kind default.\nOther kinds have another boundary, which was not tried: big.')
  expect(stdout).toContain('Run: npx partywall attack --kind big\n')
  expect(stdout).toMatch(/Tenants of the option "boundary.tenants" have another boundary, which was not tried: acme\.\n$/)
  expect(await run('attack --kind bgi --json')).toMatchObject({ code: 2, json: { error: { code: 'UNKNOWN_KIND' } } })
})

test('Ctrl-C during attack removes the throw-away tenants', async () => {
  const child = (await project(directUrl)).start('attack')
  child.stdin!.end()
  const end = ended(child)
  while ((await throwAways()) === 0) await sleep(5)
  child.kill('SIGINT')
  const { code } = await end
  expect(code).toBe(130)
  expect(await throwAways()).toBe(0)
})

async function throwAways(): Promise<number> {
  const { rows } = await admin.query<{ count: number }>(
    `select count(*)::integer as count from pg_namespace where nspname like 'partywall_attack_%'`,
  )
  return rows[0]!.count
}
