/** Builds the client where it is missing or older than its sources, so that the start needs no other step. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'

const root = join(import.meta.dirname, '../..')
export const clientFolder = join(root, 'dist/client')
const config = join(root, 'client/vite.config.ts')

export async function buildClient(): Promise<void> {
  if (!existsSync(config) || !(await isStale())) return
  // In a process of its own: Vite sets NODE_ENV to production for the whole process, and this one starts a development server.
  const vite = join(dirname(createRequire(import.meta.url).resolve('vite/package.json')), 'bin/vite.js')
  await promisify(execFile)(process.execPath, [vite, 'build', '--config', config, '--logLevel', 'warn'], {
    env: { ...process.env, NODE_ENV: 'production' },
  })
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
