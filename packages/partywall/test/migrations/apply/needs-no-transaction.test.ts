/** Statements that PostgreSQL refuses inside of a transaction: the error names the file, the line, and the marker that helps. */
import { expect, test } from 'vitest'
import { writeFiles } from '../../support/tenants/registry.ts'
import { fleetOf } from '../run/fleet.ts'

test('a migration in TypeScript with such a statement gets the same advice', async () => {
  const { migrations, root } = await fleetOf(1)
  await writeFiles(root, { 'migrations/tenant/0002_bad.ts': `export const up = ({ client }) => client.query('vacuum polls')` })
  const [, entry] = (await migrations.run()).entries
  expect(entry!.error).toMatchObject({ message: expect.stringContaining('`-- partywall: no-transaction`') })
})
