// Builds the pages of the console into dist/client, unless they are there and newer than their sources. Not published.
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'

const folder = import.meta.dirname
const target = join(folder, 'dist/client')
const sources = ['client', 'src', '../ui/src'].map((name) => join(folder, name))

/** Two processes may do it at once: each builds in a folder of its own, and the last one to end stays. */
export async function buildClient({ force = false } = {}) {
  if (!force && existsSync(join(target, 'index.html')) && (await newest(sources)) < (await newest([target]))) return
  // In a process of its own: Vite sets NODE_ENV to production for the whole process, and this one is the application's.
  const vite = join(dirname(createRequire(import.meta.url).resolve('vite/package.json')), 'bin/vite.js')
  await mkdir(join(folder, 'dist'), { recursive: true })
  const made = await mkdtemp(join(folder, 'dist/.client-'))
  try {
    const options = ['--config', join(folder, 'vite.config.js'), '--outDir', made, '--emptyOutDir', '--logLevel', 'warn']
    await promisify(execFile)(process.execPath, [vite, 'build', ...options], {
      env: { ...process.env, NODE_ENV: 'production', PARTYWALL_VITE_CACHE: `${made}-cache` },
    })
    await chmod(made, 0o755)
    const old = `${made}-old`
    await rename(target, old).catch(() => {})
    await rename(made, target).catch(async (error) => {
      if (!existsSync(join(target, 'index.html'))) throw error
    })
    await rm(old, { recursive: true, force: true })
  } finally {
    await rm(`${made}-cache`, { recursive: true, force: true })
    await rm(made, { recursive: true, force: true })
  }
}

async function newest(folders) {
  let latest = 0
  for (const name of folders) {
    const entries = await readdir(name, { recursive: true, withFileTypes: true })
    for (const entry of entries) {
      if (!entry.isFile() || entry.name.endsWith('.test.ts')) continue
      latest = Math.max(latest, (await stat(join(entry.parentPath, entry.name))).mtimeMs)
    }
  }
  return latest
}
