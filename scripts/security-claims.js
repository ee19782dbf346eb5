// Writes the part of SECURITY.md that is made of the list of attacks: npm run security-claims
import { spawnSync } from 'node:child_process'
import { join, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '..')
const main = join(root, 'packages/partywall/test/package/security-claims.ts')
const { status } = spawnSync(process.execPath, [join(root, 'scripts/node.js'), main], { cwd: root, stdio: 'inherit' })
process.exit(status ?? 1)
