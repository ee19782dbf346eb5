/** The folders that the real tools have generated, in test/migrations/fixtures, and copies of them that a test may change. */
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import { writeFiles } from '../tenants/registry.ts'

const fixtures = fileURLToPath(new URL('../../migrations/fixtures/', import.meta.url))
const root = fileURLToPath(new URL('../../../../../', import.meta.url))

/** @param path e.g. `knex-3.3.0/migrations` */
export function fixture(path: string): string {
  return join(fixtures, path)
}

/** A copy inside of the repository, so that Node.js finds what its files import. Removed when the test is over. */
export async function copyOfFixture(path: string): Promise<string> {
  const folder = await ownFolder()
  const [tool] = path.split('/') as [string]
  await cp(join(fixtures, 'package.json'), join(folder, 'package.json'))
  await cp(join(fixtures, tool), join(folder, tool), { recursive: true })
  return join(folder, path)
}

/** A folder with these files inside of the repository, in a package without "type", as most packages are. */
export async function toolFolder(files: Record<string, string>): Promise<string> {
  const folder = await ownFolder()
  await writeFiles(folder, { 'package.json': '{}', 'migrations/.keep': '' })
  await writeFiles(join(folder, 'migrations'), files)
  return join(folder, 'migrations')
}

async function ownFolder(): Promise<string> {
  await mkdir(join(root, '.partywall'), { recursive: true })
  const folder = await mkdtemp(join(root, '.partywall', 'fixture-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}
