/**
 * A package as it is installed where npm found no common version of pg: it uses another copy of pg than partywall does, and
 * the classes of the two are not the same.
 */
import { cp, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { expect, onTestFinished } from 'vitest'

const root = fileURLToPath(new URL('../../../../../', import.meta.url))
const here = createRequire(import.meta.url)

/** A `require` that finds this package with the other copy of pg, and that copy. Both are removed at the end of the test. */
export async function withSecondPg(name: string): Promise<NodeJS.Require> {
  await mkdir(join(root, '.partywall'), { recursive: true })
  const folder = await mkdtemp(join(root, '.partywall', 'second-pg-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const modules = join(folder, 'node_modules')
  await cp(join(root, 'node_modules', name), join(modules, name), { recursive: true, filter: isLoaded })
  // pg-promise brings a copy of its own.
  await symlink(dirname(createRequire(here.resolve('pg-promise')).resolve('pg/package.json')), join(modules, 'pg'))
  const require = createRequire(join(folder, 'index.js'))
  expect(require('pg').Pool, 'the point of this').not.toBe(pg.Pool)
  return require
}

/** Not declarations and source maps: they are two thirds of the files of a library, and no program loads them. */
function isLoaded(path: string): boolean {
  return !/\.d\.[cm]?ts$|\.map$/.test(path)
}
