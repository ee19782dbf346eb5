/** Builds the client where it is missing or older than its sources, so that the start needs no other step. */
import { existsSync } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'

const root = join(import.meta.dirname, '../..')
export const clientFolder = join(root, 'dist/client')
const config = join(root, 'client/vite.config.ts')

export async function buildClient(): Promise<void> {
  if (!existsSync(config) || !(await isStale())) return
  const { build } = await import('vite')
  await build({ root: join(root, 'client'), configFile: config, logLevel: 'warn' })
}

async function isStale(): Promise<boolean> {
  const built = await stat(join(clientFolder, 'app.html')).catch(() => undefined)
  if (built === undefined) return true
  const folders = [join(root, 'client'), join(root, 'src/api/schemas'), join(root, '../../packages/ui/src')]
  const newest = await Promise.all(folders.map(newestIn))
  return Math.max(...newest) > built.mtimeMs
}

async function newestIn(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  const files = entries.filter((entry) => entry.isFile() && !entry.parentPath.includes('node_modules'))
  const times = await Promise.all(files.map(async (entry) => (await stat(join(entry.parentPath, entry.name))).mtimeMs))
  return times.reduce((a, b) => Math.max(a, b), 0)
}
