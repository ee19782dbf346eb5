// Packs the package as npm would publish it, and asks publint and attw whether others can use it.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '..')
const workspace = join(root, 'packages/partywall')
const scratch = mkdtempSync(join(tmpdir(), 'partywall-pack-'))
const run = (bin, ...args) => execFileSync(join(root, 'node_modules/.bin', bin), args, { cwd: root, stdio: 'inherit' })

try {
  const packed = execFileSync('npm', ['pack', '--json', '--pack-destination', scratch], { cwd: workspace, encoding: 'utf8' })
  const { filename, files } = [JSON.parse(packed)]
    .flat(2)
    .flatMap((entry) => (entry.filename ? [entry] : Object.values(entry)))[0]
  const unwanted = files.map((file) => file.path).filter((path) => /\.test\.|\.partywall|\.env/.test(path))
  if (unwanted.length > 0) throw new Error(`the package would hold ${unwanted.join(', ')}`)
  const tarball = join(scratch, filename)
  run('publint', 'run', tarball, '--strict')
  // ESM only, by design: `require` of it works on Node 22 and newer.
  run('attw', tarball, '--profile', 'esm-only')
} finally {
  rmSync(scratch, { recursive: true, force: true })
}
