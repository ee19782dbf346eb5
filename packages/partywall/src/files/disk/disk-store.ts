/** Files on the local disk, or on a volume that several machines share. A file appears by a rename when it is complete and on the disk. */
import { createHash, randomUUID } from 'node:crypto'
import { copyFile, open, readdir, rename, rmdir, stat, unlink, type FileHandle } from 'node:fs/promises'
import { constants, type BigIntStats } from 'node:fs'
import { isAbsolute, resolve } from 'node:path'
import { TenancyError } from '../../errors.ts'
import type { FileStore, StoredFacts, StoredKey } from '../../file-store.ts'
import { seen } from '../../seen.ts'
import { storeFailed } from '../../store-failed.ts'
import { type Folder, inFolder, openFile } from './folder.ts'

/** Where uploads are until they are complete: on the same disk, outside of every tenant. */
const uploads = '.uploads'

/**
 * @param root the folder, which must exist: a volume that is not mounted is no empty store. Relative paths begin at the working directory
 * @example files: { store: diskStore('/srv/uploads') }
 * @throws TenancyError INVALID_OPTION
 */
export function diskStore(root: string): FileStore {
  if (typeof root !== 'string' || root === '' || root.includes('\0')) {
    throw new TenancyError('INVALID_OPTION', `diskStore takes the path of a folder; it got ${seen(root)}.`, {
      details: { what: 'diskStore', option: 'root' },
    })
  }
  return new DiskStore(isAbsolute(root) ? root : resolve(root))
}

class DiskStore implements FileStore {
  readonly name = 'disk'
  readonly #root: string
  #swept: Promise<void> | undefined

  constructor(root: string) {
    this.#root = root
  }

  async put(key: string, body: AsyncIterable<Uint8Array>): Promise<StoredFacts> {
    return this.#doing('store a file', async () => {
      await (this.#swept ??= this.#sweep())
      return this.#writing(async (path, handle) => {
        for await (const chunk of body) await writeAll(handle, chunk)
        // What is renamed must be there after a loss of power.
        await handle.sync()
        const facts = factsOf(key, await handle.stat({ bigint: true }))
        await this.#moveInto(path, key)
        return facts
      })
    })
  }

  async get(key: string, range?: { readonly start: number; readonly end: number }): ReturnType<FileStore['get']> {
    return this.#doing('read a file', async () => {
      const handle = await this.#opened(key)
      if (handle === undefined) return undefined
      try {
        const facts = factsOf(key, await handle.stat({ bigint: true }))
        // The file stays as it is: who replaces it makes another one.
        return { ...facts, body: handle.createReadStream({ start: 0, ...range, autoClose: true }) }
      } catch (error) {
        await handle.close()
        throw error
      }
    })
  }

  async stat(key: string): Promise<StoredFacts | undefined> {
    return this.#doing('look at a file', async () => {
      const handle = await this.#opened(key)
      if (handle === undefined) return undefined
      try {
        return factsOf(key, await handle.stat({ bigint: true }))
      } finally {
        await handle.close()
      }
    })
  }

  async list(folder: string, { after, limit }: { readonly after?: string | undefined; readonly limit: number }) {
    return this.#doing('list files', async () => {
      const found: StoredKey[] = []
      for await (const key of keysIn(this.#root, folder.split('/'), after)) {
        const facts = await this.stat(key)
        // It may have been deleted meanwhile.
        if (facts !== undefined) found.push({ key, ...facts })
        if (found.length >= limit) break
      }
      return found
    })
  }

  async delete(key: string): Promise<boolean> {
    return this.#doing('delete a file', async () => {
      const isGone = await this.#in(key, false, async (folder, name) => {
        if (folder === undefined || (await isFile(folder, name)) === false) return false
        await unlink(folder.at(name))
        return true
      })
      if (isGone) await this.#prune(key)
      return isGone
    })
  }

  async copy(from: string, to: string): Promise<StoredFacts | undefined> {
    return this.#doing('copy a file', async () => {
      const handle = await this.#opened(from)
      if (handle === undefined) return undefined
      try {
        return await this.#writing(async (path, copied) => {
          // By its descriptor: the name may mean another file by now. A file system that can share the blocks does.
          if (process.platform === 'linux') await copyFile(`/proc/self/fd/${handle.fd}`, path, constants.COPYFILE_FICLONE)
          else
            for await (const chunk of handle.createReadStream({ autoClose: false })) await writeAll(copied, chunk as Uint8Array)
          await copied.sync()
          const facts = factsOf(to, await stat(path, { bigint: true }))
          await this.#moveInto(path, to)
          return facts
        })
      } finally {
        await handle.close()
      }
    })
  }

  async move(from: string, to: string): Promise<StoredFacts | undefined> {
    return this.#doing('move a file', async () => {
      const isMoved = await this.#in(from, false, async (folder, name) => {
        if (folder === undefined || (await isFile(folder, name)) === false) return false
        await this.#moveInto(folder.at(name), to)
        return true
      })
      if (!isMoved) return undefined
      await this.#prune(from)
      return this.stat(to)
    })
  }

  /** Gives `fn` a new file, which is deleted unless it was moved away. */
  async #writing<T>(fn: (path: string, handle: FileHandle) => Promise<T>): Promise<T> {
    return inFolder(this.#root, [uploads], true, async (folder) => {
      const path = folder!.at(randomUUID())
      const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW
      const handle = await open(path, flags, 0o640)
      try {
        return await fn(path, handle)
      } finally {
        await handle.close()
        await unlink(path).catch(unlessMissing)
      }
    })
  }

  /** The folder may be removed at the same moment, because its last file was deleted. */
  async #moveInto(path: string, key: string): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#in(key, true, async (folder, name) => {
          if (folder === undefined) throw blocked()
          await rename(path, folder.at(name))
        })
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException
        if (code === 'EISDIR' || code === 'ENOTEMPTY' || code === 'EEXIST') throw blocked()
        if (code !== 'ENOENT' || attempt >= 20) throw error
      }
    }
  }

  #in<T>(key: string, create: boolean, fn: (folder: Folder | undefined, name: string) => Promise<T>): Promise<T> {
    const names = key.split('/')
    return inFolder(this.#root, names.slice(0, -1), create, (folder) => fn(folder, names.at(-1)!))
  }

  #opened(key: string): Promise<FileHandle | undefined> {
    return this.#in(key, false, async (folder, name) => (folder === undefined ? undefined : openFile(folder, name)))
  }

  /** Removes folders that are empty now, up to that of the owner. */
  async #prune(key: string): Promise<void> {
    const names = key.split('/').slice(0, -1)
    for (let depth = names.length; depth > 1; depth--) {
      const isRemoved = await this.#in(names.slice(0, depth).join('/'), false, async (folder, name) => {
        if (folder === undefined) return false
        return rmdir(folder.at(name)).then(
          () => true,
          () => false,
        )
      })
      if (!isRemoved) return
    }
  }

  /** Uploads whose process was killed. One that goes on changes its file all the time. */
  async #sweep(): Promise<void> {
    await inFolder(this.#root, [uploads], true, async (folder) => {
      for (const name of await readdir(folder!.path)) {
        const found = await stat(folder!.at(name)).catch(() => undefined)
        if (found !== undefined && Date.now() - found.mtimeMs > staleMs) await unlink(folder!.at(name)).catch(unlessMissing)
      }
    })
  }

  async #doing<T>(what: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      if (error instanceof TenancyError || !isOfDisk(error)) throw error
      // Only the root can be missing here.
      if (error.code === 'ENOENT' && (await stat(this.#root).catch(() => undefined)) === undefined) {
        throw storeFailed(
          this.name,
          what,
          error,
          `The folder ${JSON.stringify(this.#root)} does not exist: create it, or mount its volume.`,
        )
      }
      throw storeFailed(this.name, what, error, diskAdvice[error.code ?? ''])
    }
  }
}

const staleMs = 24 * 3600_000

const diskAdvice: Readonly<Record<string, string>> = {
  ENOSPC: 'The disk is full. Nothing of the file was kept.',
  EDQUOT: 'The quota of the disk is used up. Nothing of the file was kept.',
  EACCES: 'The user of the process may not write there.',
  EPERM: 'The user of the process may not write there.',
  EROFS: 'The disk is read-only.',
}

/** An error of the system, and not one of the stream that is being stored. */
function isOfDisk(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && typeof (error as NodeJS.ErrnoException).syscall === 'string' && 'errno' in error
}

function blocked(): TenancyError {
  return new TenancyError('INVALID_ARGUMENT', 'A part of the path is a file, or the path is a folder. Choose another path.', {
    details: { option: 'path' },
  })
}

async function isFile(folder: Folder, name: string): Promise<boolean> {
  const handle = await openFile(folder, name)
  await handle?.close()
  return handle !== undefined
}

async function writeAll(handle: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let written = 0; written < chunk.byteLength;)
    written += (await handle.write(chunk, written, chunk.byteLength - written)).bytesWritten
}

/** With the key: files of two tenants may have one size and one time, and must not stand for each other in a cache. */
function factsOf(key: string, { size, mtimeNs, ino }: BigIntStats): StoredFacts {
  const etag = createHash('sha256').update(`${key} ${ino} ${size} ${mtimeNs}`).digest('base64url').slice(0, 27)
  return { size: Number(size), etag, modifiedAt: new Date(Number(mtimeNs / 1_000_000n)) }
}

/** In the order of the whole keys: `a-b` comes before `a/b`. Links and what is no file are passed over. */
async function* keysIn(root: string, names: readonly string[], after: string | undefined): AsyncGenerator<string> {
  const entries = await inFolder(root, names, false, async (folder) =>
    folder === undefined ? [] : readdir(folder.path, { withFileTypes: true }),
  )
  const sorted = entries
    .filter((entry) => entry.isFile() || entry.isDirectory())
    .map((entry) => ({
      name: entry.name,
      sort: entry.isDirectory() ? `${entry.name}/` : entry.name,
      isFolder: entry.isDirectory(),
    }))
    .toSorted((one, other) => (one.sort < other.sort ? -1 : 1))
  const folder = names.join('/')
  for (const { name, sort, isFolder } of sorted) {
    const key = `${folder}/${sort}`
    if (after !== undefined && key <= after && !(isFolder && after.startsWith(key))) continue
    if (isFolder) yield* keysIn(root, [...names, name], after)
    else yield key
  }
}

function unlessMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error
}
