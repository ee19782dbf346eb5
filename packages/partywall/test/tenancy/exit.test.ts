import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { testDatabase } from '../support/servers/database.ts'

test('a script that forgets to close its tenancy exits: the watch for changes does not keep its process alive', async () => {
  const { url } = await testDatabase()
  const script = fileURLToPath(new URL('forgotten-close.ts', import.meta.url))
  const started = performance.now()
  const { stdout } = await promisify(execFile)(process.execPath, [...process.execArgv, script, url], { timeout: 20_000 })
  expect(stdout).toBe('listen\n')
  expect(performance.now() - started).toBeLessThan(8000)
})
