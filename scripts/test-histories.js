// Compares random histories of migrations by psql's meaning and by partywall: npm run test:histories -- --seeds 1000 [--from 0]
// On DATABASE_URL, whose role must be allowed to create databases, or on an embedded server of its own.
import { spawnSync } from 'node:child_process'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'

const { values } = parseArgs({ options: { seeds: { type: 'string', default: '1000' }, from: { type: 'string', default: '0' } } })
const root = resolve(import.meta.dirname, '..')
const main = 'packages/partywall/test/support/migrations/try-histories.ts'
const { status } = spawnSync(process.execPath, [join(root, 'scripts/node.js'), main, values.from, values.seeds], {
  cwd: root,
  stdio: 'inherit',
})
process.exit(status ?? 1)
