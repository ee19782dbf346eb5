import { beforeEach, describe, expect, test } from 'vitest'
import { assertFleetOk } from '../../../src/fleet/report.ts'
import { testDatabase } from '../../support/servers/database.ts'
import { writeFiles } from '../../support/tenants/registry.ts'
import { tablesIn, tenantsWithPolls } from '../run/one-database.ts'

let url: string
beforeEach(async () => {
  ;({ url } = await testDatabase())
})

describe('the error of a failed migration', () => {
  test.each<[string, string, object, RegExp]>([
    [
      'a syntax error',
      'create table x ();\n\ncreate tabel y ();\n\n\nselect 1;\n',
      { line: 3, sqlState: '42601' },
      /line 3: .*tabel/,
    ],
    ['one statement', '-- ä😀\n\nselect * from nowhere', { line: 3, sqlState: '42P01' }, /line 3: .*nowhere/],
    [
      'data',
      "create table x (a int);\ninsert into x values ('my-secret'::text::int)",
      { sqlState: '22P02' },
      /SQLSTATE 22P02 \(see the cause\)/,
    ],
  ])('names place and cause of a failure by %s', async (_, text, details, message) => {
    const { migrations, root } = await tenantsWithPolls(url, ['a'])
    await writeFiles(root, { 'migrations/tenant/0002_bad.sql': text })
    const [entry] = (await migrations.run({ tenants: true })).entries
    expect(entry).toMatchObject({
      state: 'failed',
      error: { code: 'MIGRATION_FAILED', details: { name: '0002_bad', schema: 'a', ...details } },
    })
    const error = entry!.error as Error
    expect(error.message).toMatch(message)
    expect(error.message).not.toContain('my-secret')
    expect(error.cause).toBeInstanceOf(Error)
    expect(await tablesIn(url, 'a')).toEqual(['partywall_migrations', 'polls'])
    expect(() => assertFleetOk({ ok: false, entries: [entry!], durationMs: 0 })).toThrow(error)
  })
})
