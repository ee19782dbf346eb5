// Builds every package with plain tsc; what tsc leaves behind (.sql files) is copied beside it.
import { execFileSync } from 'node:child_process'
import { cpSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '..')
for (const name of ['partywall']) {
  const folder = join(root, 'packages', name)
  rmSync(join(folder, 'dist'), { recursive: true, force: true })
  execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', folder], { stdio: 'inherit' })
  cpSync(join(folder, 'src'), join(folder, 'dist'), { recursive: true, filter: (path) => !path.endsWith('.ts') })
}
