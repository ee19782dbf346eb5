/** The package as it is published, as far as TypeScript sees it: package.json and the declarations of dist/, in a node_modules of its own. */
import { spawnSync } from 'node:child_process'
import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll } from 'vitest'

export const root = fileURLToPath(new URL('../../../../', import.meta.url))
export const tsc = join(root, 'node_modules/typescript/bin/tsc')

export interface PublishedPackage {
  /** Where files of a consumer belong. The packages of the repository are found from there. */
  readonly folder: string
  /** Of the package itself. */
  readonly home: string
}

/** Declares the removal of what it makes, so call it at the top of a test file. */
export async function publishedDeclarations(): Promise<PublishedPackage> {
  await mkdir(join(root, '.partywall'), { recursive: true })
  const folder = await mkdtemp(join(root, '.partywall', 'declarations-'))
  afterAll(() => rm(folder, { recursive: true, force: true }))
  const home = join(folder, 'node_modules/partywall')
  await mkdir(home, { recursive: true })
  await copyFile(join(root, 'packages/partywall/package.json'), join(home, 'package.json'))
  const project = join(root, 'packages/partywall')
  const emit = ['--emitDeclarationOnly', '--declarationMap', 'false', '--sourceMap', 'false']
  const { status, stdout } = spawnSync(process.execPath, [tsc, '-p', project, ...emit, '--outDir', join(home, 'dist')], {
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`tsc could not emit the declarations:\n${stdout}`)
  return { folder, home }
}
