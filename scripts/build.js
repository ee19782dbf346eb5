// Builds the package partywall with plain tsc, into its dist or another folder: node scripts/build.js [folder]
import { execFileSync } from 'node:child_process'
import { cpSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '..')
const folder = join(root, 'packages/partywall')
const output = resolve(process.argv[2] ?? join(folder, 'dist'))
rmSync(output, { recursive: true, force: true })
execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', folder, '--outDir', output], {
  stdio: 'inherit',
})
// Copies the files that tsc does not: those written in JavaScript.
cpSync(join(folder, 'src'), output, { recursive: true, filter: (path) => !path.endsWith('.ts') })
