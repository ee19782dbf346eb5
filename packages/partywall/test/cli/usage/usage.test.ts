/** `partywall usage`, against what an application has counted. */
import { expect, test } from 'vitest'
import { createTenancy } from '../../../src/index.ts'
import { testDatabase } from '../../support/servers/database.ts'
import { expectFailure, project } from '../partywall.ts'

const { url } = await testDatabase()

test('the tenants that use the most come first, as text and as JSON', { timeout: 60_000 }, async () => {
  const { run } = await project(url)
  await run('migrate')
  expect((await run('usage')).stderr).toContain('Nothing was counted')
  const app = createTenancy({ database: url, migrations: { shared: false, tenant: false }, usage: true })
  for (const schema of ['acme', 'globex']) await app.tenants.create({ schema })
  await app.run('acme', () => app.pool.query('select 1'))
  await app.run('globex', async () => {
    for (let number = 0; number < 3; number++) await app.pool.query('select generate_series(1, 5)')
  })
  await app.close()
  const { json, code } = await run('usage --by rows --json')
  expect(code).toBe(0)
  expect(json).toMatchObject({
    tenants: [
      { schema: 'globex', statements: 3, rows: 15 },
      { schema: 'acme', statements: 1, rows: 1 },
    ],
    interrupted: [],
  })
  const { stdout } = await run('usage --limit 1 --by statements --since 1d')
  expect(stdout).toMatch(/^tenant +busy s +statements[^\n]*\nglobex +\d/)
  expect(stdout).not.toContain('acme')
  // The command itself counts nothing.
  await run(['sql', '--tenant', 'acme', 'select 1'])
  expect((await run('usage --json')).json.tenants.find(({ schema }: { schema: string }) => schema === 'acme').statements).toBe(1)
  expectFailure(await run('usage --by schema --json'), 2, 'USAGE')
  expectFailure(await run('usage --since yesterday --json'), 2, 'USAGE')
  expectFailure(await run('usage --limit 5000 --json'), 2, 'INVALID_ARGUMENT')
})
