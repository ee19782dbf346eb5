/** The command line works on behalf of the user of the operating system, and records that SQL was run, without its text. */
import { userInfo } from 'node:os'
import { Client } from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { auditOf, lastEntry } from '../../support/tenants/audit.ts'
import { testDatabase } from '../../support/servers/database.ts'
import { expectFailure, project } from '../partywall.ts'

test('commands have entries with the operator as the actor, and SQL has one in each tenant, without its text', async () => {
  const { url, name } = await testDatabase()
  const admin = new Client(url)
  await admin.connect()
  onTestFinished(() => admin.end())
  const { run } = await project(url, { 'migrations/tenant/0001_notes.sql': 'create table notes (text text)' })
  for (const call of ['tenant create acme', 'tenant create bolt', 'tenant suspend bolt', 'domain add acme acme.example.org']) {
    expect((await run(call)).code).toBe(0)
  }
  await run(['sql', '--tenant', 'bolt', `select 'sesame'`])
  await run(['sql', '--all', `select 'sesame'`])
  await run(['sql', '--shared', `select 'sesame'`])
  await run('migrate redo --tenant acme --no-input')
  const entries = await auditOf(admin)
  expect(entries.map(({ action, object }) => `${action} ${action.startsWith('migr') ? '' : object}`)).toEqual([
    'tenant.created acme',
    'tenant.created bolt',
    'tenant.suspended bolt',
    'domain.added acme.example.org',
    'sql.run bolt',
    'sql.run acme',
    'sql.run shared',
    expect.stringContaining('migrations.'),
    expect.stringContaining('migrations.'),
  ])
  for (const { actor, origin } of entries) {
    expect(actor).toBe(`cli:${userInfo().username}`)
    expect(origin).toMatch(/ \d+ partywall(\.js)?$/)
  }
  expect(JSON.stringify(entries)).not.toContain('sesame')

  // A role that may read everything cannot leave an entry, so it does not get to run SQL here.
  const role = `pwt_reader_${crypto.randomUUID().slice(0, 8)}`
  await admin.query(`
    create role ${role} login password 'secret';
    grant connect on database "${name}" to ${role};
    grant usage on schema partywall, acme to ${role};
    grant select on all tables in schema partywall, acme to ${role}`)
  onTestFinished(async () => void (await admin.query(`drop owned by ${role}; drop role ${role}`)))
  const since = await lastEntry(admin)
  const asRole = Object.assign(new URL(url), { username: role, password: 'secret' }).href
  const refused = await run('sql --tenant acme --json select\t1', { env: { DATABASE_URL: asRole } })
  expect(expectFailure(refused, 1, 'NOT_PERMITTED').message).toContain('grant insert')
  expect(await auditOf(admin, since)).toEqual([])
})
