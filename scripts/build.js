// Builds the packages partywall, create-partywall and @partywall/console with plain tsc, and the pages of the console; with a folder, partywall alone into it: node scripts/build.js [folder]
import { execFileSync } from 'node:child_process'
import { cpSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '..')
const folder = join(root, 'packages/partywall')
const output = resolve(process.argv[2] ?? join(folder, 'dist'))
compile(folder, output)
// Copies the files that tsc does not: those written in JavaScript.
cpSync(join(folder, 'src'), output, { recursive: true, filter: (path) => !path.endsWith('.ts') })
if (process.argv[2] === undefined) {
  compile(join(root, 'packages/create-partywall'), join(root, 'packages/create-partywall/dist'))
  // Its types are those of the build above.
  compile(join(root, 'packages/console'), join(root, 'packages/console/dist'))
  const { buildClient } = await import('../packages/console/build-client.js')
  await buildClient({ force: true })
  await import('./client-size.js')
}

function compile(project, into) {
  rmSync(into, { recursive: true, force: true })
  execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', project, '--outDir', into], {
    stdio: 'inherit',
  })
}
