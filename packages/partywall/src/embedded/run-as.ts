/**
 * PostgreSQL refuses to run as root. Started by root (containers, CI), it runs as the user `postgres`, or `nobody` where there is
 * no such user; nothing on the system is changed for that. This user may have no access to the project, such as /root/app: only then
 * it gets the one capability that it lacks, from util-linux's setpriv.
 */
import { execFile } from 'node:child_process'
import { stat } from 'node:fs/promises'
import { promisify } from 'node:util'
import { TenancyError } from '../errors.ts'
import type { Binaries } from './binaries.ts'
import type { EmbeddedPaths } from './paths.ts'

interface User {
  readonly uid: number
  readonly gid: number
}

export interface RunAs {
  /** The user that the data must belong to; undefined for the user of this process. */
  readonly owner: User | undefined
  /** What to spawn for a program: the program itself, or setpriv with the program. */
  command(file: string, args: string[]): { file: string; args: string[]; uid?: number; gid?: number }
}

export async function chooseRunAs(paths: EmbeddedPaths, binaries: Binaries): Promise<RunAs> {
  if (process.getuid?.() !== 0) return { owner: undefined, command: (file, args) => ({ file, args }) }
  const user = (await ownerOf(paths.data)) ?? (await unprivilegedUser())
  if (await canReach(user, paths.home, binaries)) return { owner: user, command: (file, args) => ({ file, args, ...user }) }
  const capability = '+dac_override'
  const setpriv = [
    '--reuid',
    `${user.uid}`,
    '--regid',
    `${user.gid}`,
    '--clear-groups',
    '--inh-caps',
    capability,
    '--ambient-caps',
    capability,
    // Without this, access(2), by which initdb looks for its other programs, ignores the capabilities of a user who is not root.
    '--securebits',
    '+no_setuid_fixup',
  ]
  await promisify(execFile)('setpriv', [...setpriv, binaries.postgres, '--version']).catch((cause: unknown) => {
    throw refuseRoot(user, paths, cause)
  })
  return { owner: user, command: (file, args) => ({ file: 'setpriv', args: [...setpriv, file, ...args] }) }
}

/** Data of an earlier start keeps its owner, e.g. the developer in whose project root ran a command once. */
async function ownerOf(data: string): Promise<User | undefined> {
  const found = await stat(data).catch(() => undefined)
  return found === undefined || found.uid === 0 ? undefined : { uid: found.uid, gid: found.gid }
}

/** initdb requires a user with a name, so an unused number is not enough. */
async function unprivilegedUser(): Promise<User> {
  for (const name of ['postgres', 'nobody']) {
    try {
      const ask = async (flag: string) => Number((await promisify(execFile)('id', [flag, name])).stdout)
      return { uid: await ask('-u'), gid: await ask('-g') }
    } catch {
      // no such user here
    }
  }
  throw new TenancyError(
    'EMBEDDED_FAILED',
    'PostgreSQL refuses to run as root, and this system has neither a user `postgres` nor a user `nobody` to run it as. ' +
      'Run as an ordinary user, create one (useradd --system postgres), or set `database` (DATABASE_URL) to a server of your own.',
  )
}

/** Asks the system by trying, because modes, access lists and mounts all matter. */
async function canReach(user: User, home: string, binaries: Binaries): Promise<boolean> {
  const question = 'test -x "$0" && test -x "$1" && test -x "$2" && test -r "$3"'
  const args = ['-c', question, home, binaries.initdb, binaries.postgres, binaries.library]
  try {
    await promisify(execFile)('/bin/sh', args, { ...user, cwd: '/' })
    return true
  } catch {
    return false
  }
}

function refuseRoot(user: User, paths: EmbeddedPaths, cause: unknown): TenancyError {
  const why = (cause as NodeJS.ErrnoException).code === 'ENOENT' ? 'setpriv is not installed' : (cause as Error).message.trim()
  return new TenancyError(
    'EMBEDDED_FAILED',
    `PostgreSQL refuses to run as root, and the user it would run as (uid ${user.uid}) cannot enter ${paths.home} or read ` +
      `node_modules; giving it that right failed: ${why}. Install util-linux (it has setpriv), or run as an ordinary user, ` +
      'or move the project out of the private directory, or set `database` (DATABASE_URL) to a server of your own.',
    { details: { directory: paths.home, uid: user.uid }, cause },
  )
}
