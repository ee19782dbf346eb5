// Builds the pages of the console into dist/client, unless they are there and newer than their sources. Not published.
import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'

const folder = import.meta.dirname
const target = join(folder, 'dist/client')
const sources = ['client', 'src', '../ui/src'].map((name) => join(folder, name))

/** Two processes may do it at once: each builds in a folder of its own, and the last one to end stays. */
export async function buildClient({ force = false } = {}) {
  if (!force && existsSync(join(target, 'index.html')) && (await newest(sources)) < (await newest([target]))) return
  const { build } = await import('vite')
  await mkdir(join(folder, 'dist'), { recursive: true })
  const made = await mkdtemp(join(folder, 'dist/.client-'))
  try {
    await build({ configFile: join(folder, 'vite.config.js'), build: { outDir: made, emptyOutDir: true }, logLevel: 'warn' })
    await chmod(made, 0o755)
    const old = `${made}-old`
    await rename(target, old).catch(() => {})
    await rename(made, target).catch(async (error) => {
      if (!existsSync(join(target, 'index.html'))) throw error
    })
    await rm(old, { recursive: true, force: true })
  } finally {
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
