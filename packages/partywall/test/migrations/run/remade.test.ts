/** A tenant that is deleted and made again under its name, between the plan of a run and its turn. */
import { expect, onTestFinished, test } from 'vitest'
import { testDatabase } from '../../support/servers/database.ts'
import { folderForTest, registryForTest, writeFiles } from '../../support/tenants/registry.ts'
import { createTenancy } from '../../../src/index.ts'

const databases = [await testDatabase(), await testDatabase()]

const first = { 'migrations/tenant/0001_seen.sql': 'create table seen (tenant text)' }
/** The turn of the first tenant lasts until the second one is made again. */
const code = (options: string): string => `
  ${options}
  export async function up({ client, tenant, sql }) {
    await globalThis.partywallTurn?.(tenant)
    await client.query(sql\`insert into seen values (\${tenant.id})\`)
  }`

test.each([
  ['in a transaction', '', databases[0]!],
  ['outside of one', 'export const transaction = false', databases[1]!],
])('code that runs %s is never given the tenant that had the name before', async (_, options, { url }) => {
  const root = await folderForTest(first)
  const { create, migrations } = registryForTest(url, { root })
  const [one, two] = ['acme', 'globex']
  await create({ schema: one })
  const before = await create({ schema: two })
  // Another deploy, whose files are older: the tenant that it makes has the history that the plan was made from.
  const older = createTenancy({ database: url, root: await folderForTest(first), tenantCacheMs: 0 })
  onTestFinished(() => older.close())
  await writeFiles(root, { 'migrations/tenant/0002_code.ts': code(options) })
  const seen: string[] = []
  const turn = async ({ id, schema }: { id: string; schema: string }): Promise<void> => {
    seen.push(id)
    if (schema !== one) return
    await older.tenants.delete(before.id, { confirm: two })
    await older.tenants.create({ schema: two })
  }
  Object.assign(globalThis, { partywallTurn: turn })
  onTestFinished(() => void Reflect.deleteProperty(globalThis, 'partywallTurn'))
  const report = await migrations.run({ concurrency: 1, tenants: [one, two] })
  expect(report.entries.map(({ target, state, note }) => [target, state, note])).toEqual([
    [one, 'done', undefined],
    [two, 'done', 'the tenant was deleted during the run'],
  ])
  expect(seen).not.toContain(before.id)
  // The new one is a tenant that the run was not for.
  await migrations.run({ tenants: [two] })
  const heir = await older.tenants.get(two)
  const rows = await older.run(heir, async () => (await older.pool.query('select tenant from seen')).rows)
  expect(rows).toEqual([{ tenant: heir.id }])
})
