// A package as npm would publish it. It must be built before.
import { execFileSync } from 'node:child_process'
import { join, resolve } from 'node:path'

const packages = resolve(import.meta.dirname, '../packages')

/**
 * Packs a package into a folder.
 * @param {string} folder
 * @param {string} name of its folder in packages/
 * @returns {{ tarball: string, packed: { filename: string, files: { path: string }[], size: number, unpackedSize: number } }} the path of
 *   the tarball, and what `npm pack --json` tells about it
 */
export function packPackage(folder, name = 'partywall') {
  const output = execFileSync('npm', ['pack', '--json', '--pack-destination', folder], {
    cwd: join(packages, name),
    encoding: 'utf8',
  })
  const parsed = JSON.parse(output)
  // npm 11 prints an array, npm 12 an object by name.
  const packed = Array.isArray(parsed) ? parsed[0] : Object.values(parsed)[0]
  return { tarball: join(folder, packed.filename), packed }
}
