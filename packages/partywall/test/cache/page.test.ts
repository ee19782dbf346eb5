/** The example of docs/cache.md prints what the page says. */
import { spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { testDatabase } from '../support/servers/database.ts'

const root = fileURLToPath(new URL('../../../../', import.meta.url))

test('the first example of the page', async () => {
  const { url } = await testDatabase()
  const page = await readFile(join(root, 'docs/cache.md'), 'utf8')
  const [, example, printed] = /```ts\n(\/\/ report\.ts\n[^]*?)```[^]*?```\n([^]*?)```/.exec(page)!
  await mkdir(join(root, '.partywall'), { recursive: true })
  // Inside of the repository, so that `import 'partywall'` is found.
  const folder = await mkdtemp(join(root, '.partywall', 'cache-page-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  await writeFile(join(folder, 'report.ts'), example!)
  const { stdout, stderr } = spawnSync(process.execPath, [...process.execArgv, join(folder, 'report.ts')], {
    encoding: 'utf8',
    env: { ...process.env, DATABASE_URL: url },
  })
  expect(stdout + stderr).toBe(printed)
})
