/** The commands of a tenant's life, against a real database. */
import { expect, test } from 'vitest'
import { testDatabase } from '../../support/servers/database.ts'
import { expectFailure, project } from '../partywall.ts'

const { url } = await testDatabase()
const migration = { 'migrations/tenant/0001_polls.sql': 'create table polls (id int primary key)' }

test('a tenant is updated, renamed, archived, restored and deleted from the command line', { timeout: 120_000 }, async () => {
  const { run } = await project(url, migration)
  const json = async (call: string): Promise<any> => {
    const ended = await run(`${call} --json`)
    expect([call, ended.stderr, ended.code]).toEqual([call, expect.not.stringContaining('error'), 0])
    return ended.json
  }
  const { id } = await json('tenant create acme --domain acme.example.com --expires 30d')
  expect(await json('tenant update acme --set plan=pro --expires never --name Acme')).toMatchObject({
    name: 'Acme',
    attributes: { plan: 'pro' },
  })
  expect((await json('tenant update acme --unset plan --expires 2020-01-01')).expiresAt).toBe('2020-01-01T00:00:00.000Z')
  expect(await json('tenant rename acme acme-inc')).toMatchObject({ id, schema: 'acme-inc' })
  expect(await json('tenant purge --expired --archive --dry-run')).toEqual({
    ok: true,
    entries: [{ schema: 'acme-inc', tenantId: id, action: 'archive', state: 'planned' }],
  })
  expectFailure(await run('tenant purge --expired --archive --json'), 2, 'MISSING_ANSWER')
  expect((await json('tenant archive acme-inc --purge-after 90d')).archivedSchema).toBe('acme-inc')
  const failure = expectFailure(await run(`tenant activate ${id} --json`), 1, 'INVALID_TENANT_MOVE')
  expect(failure.message).toContain('`partywall tenant restore`')

  const newer = await project(url, { ...migration, 'migrations/tenant/0002_more.sql': 'create table more ()' })
  const restored = await newer.run('tenant restore acme-inc')
  expect(restored).toMatchObject({ code: 0, stdout: expect.stringMatching(/status +maintenance/) })
  expect(restored.stderr).toContain('partywall migrate --tenant acme-inc. Then: partywall tenant activate acme-inc')
  await run('tenant archive acme-inc')
  expect((await newer.run('tenant restore acme-inc --migrate --json')).json).toMatchObject({
    tenant: { id, status: 'active' },
    domains: [{ domain: 'acme.example.com' }],
    takenDomains: [],
    pending: [],
    migrations: { ok: true },
  })

  expect(await json('tenant delete acme-inc --dry-run')).toMatchObject({
    schema: 'acme-inc',
    tenantId: id,
    tables: 3,
    references: [],
  })
  expectFailure(await run('tenant delete acme-inc --json'), 2, 'MISSING_ANSWER')
  expectFailure(await run('tenant delete acme-inc --confirm acme --json'), 2, 'INVALID_ARGUMENT')
  expect(await run('tenant delete acme-inc --confirm acme-inc')).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/deleted +acme-inc\n/),
  })
  expect(await json('tenant purge --expired --yes')).toEqual({ ok: true, entries: [] })
})
