// Whether the npm registry can be reached: checks that install packages from it are skipped without it.
import { spawnSync } from 'node:child_process'

/** @param {string} specifier a package with its version, as in `next@16.4.6` */
export function isInRegistry(specifier) {
  return spawnSync('npm', ['view', '--fetch-retries=0', specifier, 'version'], { stdio: 'ignore' }).status === 0
}
