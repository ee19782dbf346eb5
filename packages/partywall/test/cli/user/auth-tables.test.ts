/** Trap 14: Better Auth's own tool for tables runs outside of every tenant. It is for one of them by `partywall run`. */
import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { createTenancy } from '../../../src/index.ts'
import { testDatabase } from '../../support/servers/database.ts'
import { project } from '../partywall.ts'

/** What `npx auth migrate` does with the options of a project. */
const tool = (database: string): string => `
import { getMigrations } from '${import.meta.resolve('better-auth/db/migration')}'
import pg from '${import.meta.resolve('pg')}'
import { createTenancy } from 'partywall'
import config from './partywall.config.ts'
const tenancy = createTenancy(config)
await tenancy.ready()
const pool = ${database}
const { runMigrations } = await getMigrations({ emailAndPassword: { enabled: true }, database: pool, logger: { disabled: true } })
await runMigrations()
await tenancy.close()
if (pool !== tenancy.pool) await pool.end()
`
const byConfig = `
import { createTenancy, defineConfig } from '${import.meta.resolve('partywall')}'
export default defineConfig({ database: process.env.DATABASE_URL, migrations: { shared: false, tenant: false } })
`

test('trap 14, the tables of Better Auth: go to the shared schema by a plain pool, are refused without a tenant, and go to one by partywall run', async () => {
  const { url } = await testDatabase()
  const tenancy = createTenancy({ database: url, migrations: { shared: false, tenant: false } })
  for (const schema of ['acme', 'globex']) await tenancy.tenants.create({ schema })
  const schemas = async (): Promise<string[]> =>
    (
      await tenancy.sharedPool.query(
        `select table_schema as name from information_schema.tables where table_name = 'user' order by 1`,
      )
    ).rows.map(({ name }) => name)
  const files = { naive: tool('new pg.Pool({ connectionString: process.env.DATABASE_URL })'), ours: tool('tenancy.pool') }
  const { run, folder } = await project(url, {
    'partywall.config.ts': byConfig,
    'naive.ts': files.naive.replace("from 'partywall'", `from '${import.meta.resolve('partywall')}'`),
    'ours.ts': files.ours.replace("from 'partywall'", `from '${import.meta.resolve('partywall')}'`),
  })
  const node = `${process.execPath} ${process.execArgv.join(' ')}`
  const alone = spawnSync(process.execPath, [...process.execArgv, 'ours.ts'], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, DATABASE_URL: url },
  })
  expect([alone.status, alone.stderr]).toEqual([1, expect.stringContaining('NO_TENANT')])
  expect((await run(['run', '--', ...`${node} ours.ts`.split(' ')])).code).not.toBe(0)
  expect(await schemas()).toEqual([])
  const done = await run(['run', '--tenant', 'acme', '--', ...`${node} ours.ts`.split(' ')])
  expect([done.code, done.stderr]).toEqual([0, expect.not.stringContaining('rror')])
  expect(await schemas()).toEqual(['acme'])
  expect((await run(['run', '--tenant', 'globex', '--', ...`${node} naive.ts`.split(' ')])).code).toBe(0)
  expect(await schemas()).toEqual(['acme', 'public'])
  await tenancy.close()
}, 120_000)
