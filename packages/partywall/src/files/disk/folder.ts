/**
 * Folders that are entered without following a link, also when a link is put there meanwhile. On Linux a folder is reached by its descriptor (`/proc/self/fd/7/name`), so its path
 * is resolved once, name by name. Elsewhere the real path is compared before a file is used, and again afterwards.
 */
import { existsSync } from 'node:fs'
import { constants, lstat, mkdir, open, realpath, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { TenancyError } from '../../errors.ts'

const hasDescriptors = process.platform === 'linux' && existsSync('/proc/self/fd')
const asFolder = constants.O_RDONLY | constants.O_DIRECTORY

export class Folder {
  readonly #handle: FileHandle
  /** What its path is, as long as it is not moved. */
  readonly real: string

  private constructor(handle: FileHandle, real: string) {
    this.#handle = handle
    this.real = real
  }

  /** The root may itself be a link: the operator has chosen it. */
  static async root(path: string): Promise<Folder> {
    return new Folder(await open(path, asFolder), await realpath(path))
  }

  /** The path of an entry, for a call that does not follow a link at its end. */
  at(name: string): string {
    return hasDescriptors ? `/proc/self/fd/${this.#handle.fd}/${name}` : join(this.real, name)
  }

  /** Its own path, for readdir. */
  get path(): string {
    return hasDescriptors ? `/proc/self/fd/${this.#handle.fd}` : this.real
  }

  /**
   * The folder of this name in it; undefined where there is none.
   * @throws TenancyError INVALID_ARGUMENT for a link
   */
  async enter(name: string, create = false): Promise<Folder | undefined> {
    try {
      return new Folder(await open(this.at(name), asFolder | constants.O_NOFOLLOW), join(this.real, name))
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'ELOOP' || code === 'ENOTDIR') {
        await assertNoLink(this.at(name))
        return undefined
      }
      if (code !== 'ENOENT') throw error
      if (!create) return undefined
      await mkdir(this.at(name)).catch((failure: NodeJS.ErrnoException) => {
        if (failure.code !== 'EEXIST') throw failure
      })
      return this.enter(name)
    }
  }

  /** Where the path of a folder is not resolved by descriptors, it is compared with what it should be. @throws TenancyError INVALID_ARGUMENT */
  async assertReal(): Promise<void> {
    if (!hasDescriptors && (await realpath(this.real)) !== this.real) throw leadsOut()
  }

  close(): Promise<void> {
    return this.#handle.close()
  }
}

/** Runs `fn` in the folder at the end of these names; with undefined where there is none. */
export async function inFolder<T>(
  root: string,
  names: readonly string[],
  create: boolean,
  fn: (folder: Folder | undefined) => Promise<T>,
): Promise<T> {
  let folder: Folder | undefined = await Folder.root(root)
  try {
    for (const name of names) {
      const next: Folder | undefined = await folder.enter(name, create)
      await folder.close()
      folder = next
      if (folder === undefined) return await fn(undefined)
    }
    await folder.assertReal()
    const result = await fn(folder)
    await folder.assertReal()
    return result
  } finally {
    await folder?.close()
  }
}

/** A file of a folder, opened for reading; undefined where there is none. A link, a folder and a device are none. @throws TenancyError INVALID_ARGUMENT for a link */
export async function openFile(folder: Folder, name: string): Promise<FileHandle | undefined> {
  let handle: FileHandle
  try {
    // O_NONBLOCK: to open a pipe would wait for its other end.
    handle = await open(folder.at(name), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ELOOP') throw leadsOut()
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ENXIO') return undefined
    throw error
  }
  if ((await handle.stat()).isFile()) return handle
  await handle.close()
  return undefined
}

async function assertNoLink(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined)
  if (found?.isSymbolicLink() === true) throw leadsOut()
}

function leadsOut(): TenancyError {
  return new TenancyError(
    'INVALID_ARGUMENT',
    'The path leads through a symbolic link, which may lead out of the folder of the tenant. Links are not followed: put the files themselves there.',
    { details: { option: 'path' } },
  )
}
