import { Client } from 'pg'
import { expect, test } from 'vitest'
import { testDatabase } from '../../support/servers/database.ts'
import { expectFailure, project } from '../partywall.ts'

const { url, directUrl } = await testDatabase()

test('drift shows tenants that drifted alike once, with the SQL that repairs them, and has exit code 1 until nothing is left', async () => {
  const { run } = await project(url, {
    'migrations/tenant/0001_notes.sql': 'create table notes (id integer, text text); create index notes_text on notes (text);',
  })
  for (const schema of ['acme', 'bolt', 'core']) await run(`tenant create ${schema}`)
  expect(await run('drift')).toMatchObject({ code: 0, stdout: '3 of 3 as expected\n' })
  const client = new Client({ connectionString: directUrl })
  await client.connect()
  await client.query('drop index acme.notes_text; drop index bolt.notes_text; alter table core.notes add column "\u001b[2J" text')
  await client.end()

  const { code, stdout } = await run('drift')
  expect(code).toBe(1)
  expect(stdout).toContain('acme, bolt: drifted\n  The index notes.notes_text is missing.\n')
  expect(stdout).toContain('set search_path = "acme", pg_catalog, pg_temp;\n    + CREATE INDEX CONCURRENTLY notes_text')
  expect(stdout).toMatch(/-- loses rows, locks the table\n/)
  expect(stdout).toMatch(/\n0 of 3 as expected; 3 drifted: acme, bolt, core\n$/)
  expect(stdout).not.toContain('\u001b[2J')

  const fixed = await run('drift --tenant acme --tenant bolt --fix --lock-timeout 1s --json')
  expect(fixed).toMatchObject({
    code: 0,
    json: { ok: true, tenants: [{ target: 'acme', fixed: { failed: [] } }, { target: 'bolt' }] },
  })
  expect((await run('drift --exclude notes --json')).json).toMatchObject({ ok: true })
  const left = await run('drift --json')
  expect(left).toMatchObject({
    code: 1,
    json: { ok: false, tenants: [{}, {}, { state: 'drifted', differences: [{ kind: 'column', change: 'extra' }] }] },
  })
  expect(left.json.tenants[2].differences[0]).not.toHaveProperty('actual')
  expectFailure(await run('drift --kind nokind --json'), 2, 'UNKNOWN_KIND')
  expectFailure(await run('drift --tenant nowhere --json'), 1, 'UNKNOWN_TENANT')
})
