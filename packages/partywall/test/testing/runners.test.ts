/** Real test runners in projects of their own: Vitest with two workers, and node:test; a clean suite passes, and each leak fails its test with the reason. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { asAdmin, serverUrl } from '../support/servers/database.ts'
import { project, repository } from './project.ts'

const vitestConfig = `
import { defineConfig } from 'vitest/config'
const conditions = ['@partywall/source']
const resolve = { conditions: [...conditions, 'module', 'node', 'development|production'] }
export default defineConfig({
  resolve,
  ssr: { resolve: { ...resolve, externalConditions: [...conditions, 'node', 'module-sync'] } },
  test: { include: ['*.spec.ts'], pool: 'forks', maxWorkers: 2, execArgv: ['--conditions=@partywall/source'], testTimeout: 60_000, hookTimeout: 60_000 },
})
`

const fixtures = (mode: string): string => `
import { test as base } from 'vitest'
import type { Tenancy } from 'partywall'
import { tenantFixtures, type TenantFixtures } from 'partywall/testing'
import { createApp } from './app.ts'
import { open } from './config.ts'
export const test = base.extend<TenantFixtures<Tenancy>>(tenantFixtures({ open, app: createApp, mode: '${mode}' }))
`

/** Two tests that would see each other's rows, if rows stayed. */
const clean = (name: string): string => `
import { expect } from 'vitest'
import { test } from './${name}.ts'
for (const time of [1, 2]) {
  test('${name} ' + time, async ({ client, tenancy, tenant, database }) => {
    console.log('${name}: database ' + new URL(database.url).pathname.slice(1) + ' schema ' + tenant.schema)
    expect((await client.get('/projects')).json()).toEqual([])
    expect(await client.post('/projects', { title: 'A wall' })).toMatchObject({ status: 201 })
    await tenancy.run(tenant, () => tenancy.pool.query("update settings set value = 'light' where value = 'dark'"))
    expect((await client.get('/projects')).json()).toEqual([{ title: 'A wall' }])
    expect((await tenancy.run(tenant, () => tenancy.pool.query("select from settings where value = 'light'"))).rowCount).toBe(1)
  })
}
test('${name}: a test that asks for nothing', () => {})
`

const leaking = `
import { test } from './transaction.ts'
test('leaves a client', async ({ tenancy, tenant }) => {
  await tenancy.run(tenant, function leavesAClient() { return tenancy.pool.connect() })
})
test('leaves a transaction', async ({ tenancy, tenant }) => {
  const client = await tenancy.run(tenant, () => tenancy.pool.connect())
  await client.query('begin')
})
test('leaves work', async ({ tenancy, tenant }) => {
  void tenancy.run(tenant, function leavesWork() { return new Promise((resolve) => setTimeout(resolve, 1500)) })
})
test('leaves nothing', async ({ client }) => {
  if ((await client.get('/projects')).text !== '[]') throw new Error('rows of another test')
})
`

interface Ended {
  readonly code: number | null
  readonly output: string
}

function run(folder: string, args: readonly string[]): Promise<Ended> {
  const child = spawn(process.execPath, ['--conditions=@partywall/source', ...args], {
    cwd: folder,
    env: {
      ...process.env,
      TEST_DATABASE_URL: serverUrl(),
      NO_COLOR: '1',
      FORCE_COLOR: '0',
      VITEST: undefined,
      VITEST_POOL_ID: undefined,
      NODE_TEST_CONTEXT: undefined,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (output += text))
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, output })))
}

const vitest = (folder: string, ...files: string[]): Promise<Ended> =>
  run(folder, [join(repository, 'node_modules/vitest/vitest.mjs'), 'run', '--root', folder, ...files])

/** The databases that the tests had, and which of them are still there. */
async function databasesIn(output: string): Promise<{ readonly had: number; readonly left: string[] }> {
  const names = [...new Set([...output.matchAll(/database (partywall_test_\w+)/g)].map(([, name]) => name!))]
  const left = await asAdmin(
    async (admin) => (await admin.query('select datname from pg_database where datname = any ($1)', [names])).rows,
  )
  return { had: names.length, left: left.map(({ datname }) => datname) }
}

test('Vitest: two workers at once, tests that find nothing of each other in each mode, and leaks that fail their tests', async () => {
  const modes = ['transaction', 'tenant', 'reuse']
  const folder = await project({
    'vitest.config.ts': vitestConfig,
    ...Object.fromEntries(
      modes.flatMap((mode) => [
        [`${mode}.ts`, fixtures(mode)],
        [`${mode}.spec.ts`, clean(mode)],
      ]),
    ),
    'again.spec.ts': clean('transaction'),
    'leaks.spec.ts': leaking,
  })
  const { code, output } = await vitest(folder)
  expect({ code, output }).toMatchObject({ code: 1 })
  // Those of leaks.spec.ts, and no other.
  expect(output).toMatch(/Test Files\s+1 failed \| 4 passed/)
  expect(output).toMatch(/Tests\s+3 failed \| 13 passed/)
  expect(output).toContain('was not released. It was checked out here:')
  expect(output).toContain('leavesAClient')
  expect(output).toContain('was not released, with an open transaction')
  expect(output).toContain('was not awaited, and still runs')
  expect(await databasesIn(output)).toEqual({ had: 4, left: [] })
  const tenants = (mode: string) =>
    new Set([...output.matchAll(new RegExp(`${mode}: database \\w+ schema (\\w+)`, 'g'))].map(([, name]) => name)).size
  expect(modes.map(tenants)).toEqual([2, 2, 1])
})

const nodeTests = (mode: string): string => `
import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import { useTenants } from 'partywall/testing'
import { createApp } from './app.ts'
import { open } from './config.ts'
const t = useTenants({ open, app: createApp, mode: '${mode}' }, { before, after, beforeEach, afterEach })
for (const time of [1, 2]) {
  test('time ' + time, async () => {
    console.log('database ' + new URL(t.database.url).pathname.slice(1))
    assert.deepEqual((await t.client().get('/projects')).json(), [])
    assert.equal((await t.client().post('/projects', { title: 'A wall' })).status, 201)
    assert.deepEqual((await t.client().get('/projects')).json(), [{ title: 'A wall' }])
    if (process.env.LEAK) await t.tenancy.run(t.tenant, function leavesAClient() { return t.tenancy.pool.connect() })
  })
}
assert.throws(() => t.tenant, { code: 'INVALID_ARGUMENT' })
`

test('node:test: two files at once; and a leak', async () => {
  const folder = await project({
    'a.test.ts': nodeTests('transaction'),
    'b.test.ts': nodeTests('tenant'),
    'c.leak.ts': nodeTests('transaction').replace('process.env.LEAK', 'true'),
  })
  const { code, output } = await run(folder, ['--test', '--test-reporter=tap', 'a.test.ts', 'b.test.ts'])
  expect({ code, output }).toMatchObject({ code: 0 })
  expect(output).toMatch(/# pass 4/)
  expect(await databasesIn(output)).toEqual({ had: 2, left: [] })
  const leak = await run(folder, ['--test', '--test-reporter=tap', 'c.leak.ts'])
  expect(leak).toMatchObject({ code: 1 })
  expect(leak.output).toContain('leavesAClient')
  expect(leak.output).toContain('TEST_LEAK')
  expect(leak.output).toMatch(/# fail 2/)
})
