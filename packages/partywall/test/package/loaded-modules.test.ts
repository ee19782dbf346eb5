/** What a program loads with partywall: each module costs start-up time, and those of development have no place in production. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { testDatabase } from '../support/servers/database.ts'
import { folderForTest } from '../support/tenants/registry.ts'

const workspace = fileURLToPath(new URL('../../', import.meta.url))

test('a program with a database loads no module of the embedded server', async () => {
  const { url } = await testDatabase()
  const loaded = await modulesOf({ database: url })
  expect(loaded).toContain('src/tenancy.ts')
  expect(loaded.filter((path) => path.startsWith('src/embedded/'))).toEqual([])
})

test('a program without a database loads the embedded server when it needs one', async () => {
  const loaded = await modulesOf({ root: await folderForTest({}) })
  expect(loaded).toContain('src/embedded/embedded.ts')
})

/** The modules of partywall that a process has loaded when its tenancy is ready, relative to the package. */
async function modulesOf(config: object): Promise<string[]> {
  const program = `
    import { registerHooks } from 'node:module'
    const loaded = []
    registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) })
    const { createTenancy } = await import('partywall')
    const tenancy = createTenancy(${JSON.stringify(config)})
    await tenancy.ready()
    await tenancy.close()
    console.log(JSON.stringify(loaded))`
  const node = [...process.execArgv, '--input-type=module', '--eval', program]
  const { stdout } = await promisify(execFile)(process.execPath, node, { cwd: workspace })
  const urls = JSON.parse(stdout) as string[]
  return urls
    .filter((url) => url.startsWith('file:'))
    .map((url) => fileURLToPath(url))
    .filter((path) => path.startsWith(workspace))
    .map((path) => path.slice(workspace.length))
}
