/** Statements that PostgreSQL refuses inside of a transaction: the error names the file, the line, and the marker that helps. */
import { expect, test } from 'vitest'
import { writeFiles } from '../../support/tenants/registry.ts'
import { fleetOf } from '../run/fleet.ts'

test.each([
  ['create table a ();\n\ncreate index concurrently on polls (title);', 3, 'create index concurrently on polls (title)'],
  ['\nvacuum polls;', 2, 'vacuum polls'],
])('a file without the marker that needs it is named with its line: %j', async (text, line, statement) => {
  const { migrations, root } = await fleetOf(1)
  await writeFiles(root, { 'migrations/tenant/0002_first.sql': 'create table first ()', 'migrations/tenant/0003_bad.sql': text })
  const [, entry] = (await migrations.run()).entries
  expect(entry!.error).toMatchObject({
    code: 'MIGRATION_FAILED',
    message: expect.stringMatching(new RegExp(`0003_bad\\.sql failed in the schema "t001", line ${line}: .*no-transaction`)),
    details: { name: '0003_bad', line, statement, sqlState: '25001' },
  })
})

test('a migration in TypeScript with such a statement gets the same advice', async () => {
  const { migrations, root } = await fleetOf(1)
  await writeFiles(root, { 'migrations/tenant/0002_bad.ts': `export const up = ({ client }) => client.query('vacuum polls')` })
  const [, entry] = (await migrations.run()).entries
  expect(entry!.error).toMatchObject({ message: expect.stringContaining('`-- partywall: no-transaction`') })
})
