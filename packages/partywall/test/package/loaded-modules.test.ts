/** What a program loads with partywall: each module costs start-up time, and those of development have no place in production. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { testDatabase } from '../support/servers/database.ts'
import { folderForTest } from '../support/tenants/registry.ts'

const workspace = fileURLToPath(new URL('../../', import.meta.url))

test('a program with a database loads no module of the embedded server, and no attack', async () => {
  const { url } = await testDatabase()
  const loaded = await modulesOf({ database: url })
  expect(loaded).toContain('src/tenancy.ts')
  expect(loaded.filter((path) => path.startsWith('src/embedded/') || path.startsWith('src/attack/'))).toEqual([])
})

test('a program that only queries does not load the grammar for the review of migrations', async () => {
  const { url } = await testDatabase()
  const query = `tenancy.sharedPool.query('select 1')`
  expect((await urlsOf({ database: url }, query)).filter((loaded) => loaded.includes('libpg-query'))).toEqual([])
  const { createTenancy } = await import('../../src/index.ts')
  const root = await folderForTest({ 'migrations/tenant/0001_a.sql': 'create table a (id int)', 'migrations/shared/.keep': '' })
  const tenancy = createTenancy({ database: url, root })
  await tenancy.tenants.create({ schema: 'acme' })
  await tenancy.close()
  expect(
    (await urlsOf({ database: url, root }, 'tenancy.migrations.run()')).filter((loaded) => loaded.includes('libpg-query')),
  ).toEqual([])
  const create = `tenancy.tenants.create({ schema: 'globex' })`
  expect((await urlsOf({ database: url, root }, create)).some((loaded) => loaded.includes('libpg-query'))).toBe(true)
})

test('a program without a database loads the embedded server when it needs one', async () => {
  const loaded = await modulesOf({ root: await folderForTest({}) })
  expect(loaded).toContain('src/embedded/embedded.ts')
})

/** The modules of partywall that a process has loaded when its tenancy is ready, relative to the package. */
async function modulesOf(config: object): Promise<string[]> {
  return (await urlsOf(config))
    .filter((url) => url.startsWith('file:'))
    .map((url) => fileURLToPath(url))
    .filter((path) => path.startsWith(workspace))
    .map((path) => path.slice(workspace.length))
}

/** @param work an expression that the program awaits when the tenancy is ready */
async function urlsOf(config: object, work = ''): Promise<string[]> {
  const program = `
    import { registerHooks } from 'node:module'
    const loaded = []
    registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) })
    const { createTenancy } = await import('partywall')
    const tenancy = createTenancy(${JSON.stringify(config)})
    await tenancy.ready()
    await (${work || 'undefined'})
    await tenancy.close()
    console.log(JSON.stringify(loaded))`
  const node = [...process.execArgv, '--input-type=module', '--eval', program]
  const { stdout } = await promisify(execFile)(process.execPath, node, { cwd: workspace })
  return JSON.parse(stdout) as string[]
}
