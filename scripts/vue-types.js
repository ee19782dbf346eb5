// Checks the types of what is written for Vue, and of the site. vue-tsc 3.3 and typedoc do not run on TypeScript 7.0, so these folders have TypeScript 6.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'

const folders = ['packages/ui', 'packages/console/client', 'examples/crm/client', 'site']
const { resolve } = createRequire(import.meta.url)
const check = `require(${JSON.stringify(resolve('vue-tsc'))}).run(${JSON.stringify(resolve('typescript-v6/lib/tsc'))})`
let failed = false
for (const folder of folders.filter((name) => existsSync(`${name}/tsconfig.json`))) {
  const { status } = spawnSync(process.execPath, ['-e', check, '--', '--noEmit', '-p', folder], { stdio: 'inherit' })
  failed ||= status !== 0
}
process.exitCode = failed ? 1 : 0
