/** Migrations that create so many objects that the server has no room for the locks of several tenants at a time. */
import { expect, test } from 'vitest'
import { ownServer } from '../../support/servers/own-server.ts'
import { folderForTest, registryForTest, writeFiles } from '../../support/tenants/registry.ts'

// Room for some 3000 locks, with the reserve of the server. Each table takes four.
const server = await ownServer({ max_locks_per_transaction: '10', max_connections: '40' })

function tables(count: number, start = 'a'): string {
  return Array.from({ length: count }, (_, index) => `create table ${start}${index} (id int primary key, note text);`).join('\n')
}

test('tenants that do not fit beside each other are created and migrated nevertheless, and one that is too big says why', async () => {
  const root = await folderForTest({ 'migrations/tenant/0001_tables.sql': tables(300) })
  const { create, migrations } = registryForTest(server.url, { root })
  const schemas = Array.from({ length: 3 }, (_, index) => `t${index + 1}`)
  await Promise.all(schemas.map((schema) => create({ schema })))
  await writeFiles(root, { 'migrations/tenant/0002_more.sql': tables(300, 'b') })
  expect((await migrations.run({ concurrency: 3 })).entries.flatMap(({ error }) => error ?? [])).toEqual([])
  await writeFiles(root, { 'migrations/tenant/0003_most.sql': tables(1100, 'c') })
  const [entry] = (await migrations.run({ tenants: 't1', retries: 1 })).entries
  expect(entry!.error).toMatchObject({
    code: 'MIGRATION_FAILED',
    message: expect.stringMatching(
      /max_locks_per_transaction is 10\. Nothing is wrong with the file.* PostgreSQL: You might need to increase/,
    ),
    details: { name: '0003_most', sqlState: '53200' },
  })
}, 120_000)
