// Other versions of Node.js than the one that runs: their binaries come from npm when they are first needed, and stay in .partywall/node.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '..')
const home = join(root, '.partywall', 'node')
/** The oldest Node.js that partywall supports. */
export const oldestNode = '22.18.0'

/**
 * @param {string} version
 * @returns {string | undefined} the path of the program `node` of this version, or undefined without a registry
 */
export function fetchNode(version) {
  if (process.versions.node === version) return process.execPath
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`
  const program = process.platform === 'win32' ? 'node.exe' : 'node'
  const folder = join(home, version)
  const path = join(folder, 'node_modules', name, 'bin', program)
  if (existsSync(path)) return path
  // Two checks may fetch the same version at the same time.
  const partial = `${folder}.${process.pid}`
  mkdirSync(partial, { recursive: true })
  writeFileSync(join(partial, 'package.json'), '{ "private": true }\n')
  const flags = ['--silent', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline']
  const { status } = spawnSync('npm', ['install', ...flags, `${name}@${version}`], { cwd: partial, stdio: 'ignore' })
  if (status === 0 && !existsSync(folder)) renameSync(partial, folder)
  rmSync(partial, { recursive: true, force: true })
  return existsSync(path) ? path : undefined
}
