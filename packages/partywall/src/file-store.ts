/**
 * A store of files, as the config names one: the disk, S3, or what unstorage reaches. A store knows keys only. Whose file a key is, partywall decides: each key begins
 * with the folder of its owner, and the rest was checked before.
 */
import type { Readable } from 'node:stream'
import { TenancyError } from './errors.ts'

/** What a store knows of one of its files. */
export interface StoredFacts {
  readonly size: number
  /** Differs when the content does, and between any two keys with other content. */
  readonly etag: string
  /** Absent where the store does not keep it. */
  readonly modifiedAt?: Date
}

export interface StoredKey extends StoredFacts {
  readonly key: string
}

/** The first and the last byte that are wanted. */
export interface ByteRange {
  readonly start: number
  readonly end: number
}

export interface StoreSignature {
  readonly method: 'GET' | 'PUT'
  readonly expiresInSeconds: number
  readonly contentType: string
  readonly disposition: string
  /** Of what is uploaded; only for PUT. */
  readonly size?: number | undefined
}

/** Write your own where none of the given ones fits. */
export interface FileStore {
  /** For messages, e.g. `disk`. */
  readonly name: string
  /** The largest file that it takes. @default no limit */
  readonly maxBytes?: number
  /** Replaces a file of this key as a whole. When `body` throws, nothing of it stays, and an older file stays as it is. */
  put(key: string, body: AsyncIterable<Uint8Array>, about: { readonly contentType: string }): Promise<StoredFacts>
  get(key: string, range?: ByteRange): Promise<(StoredFacts & { readonly body: Readable }) | undefined>
  stat(key: string): Promise<StoredFacts | undefined>
  /** Files in the folder and below it, in the order of their keys, from the first key that sorts behind `after`. Fewer than `limit`: there are no more. */
  list(folder: string, page: { readonly after?: string | undefined; readonly limit: number }): Promise<readonly StoredKey[]>
  /** Returns whether there was one. */
  delete(key: string): Promise<boolean>
  /** Returns undefined where there is no such file. */
  copy(from: string, to: string): Promise<StoredFacts | undefined>
  move(from: string, to: string): Promise<StoredFacts | undefined>
  /** An address at which the store itself serves or takes the file. Absent: partywall serves it. */
  signedUrl?(key: string, signature: StoreSignature): Promise<string>
}

/** Where the files of a tenant are: by its id, which never comes again. */
export function folderOfTenant(tenantId: string): string {
  return `tenants/${tenantId}`
}

/** Where the files are that belong to no tenant. */
export const sharedFolder = 'shared'

/** All files of a folder, page by page. Files that appear meanwhile may be missing. */
export async function* eachStored(store: FileStore, folder: string): AsyncGenerator<StoredKey> {
  let after: string | undefined
  for (;;) {
    const page = await store.list(folder, { after, limit: pageSize })
    yield* page
    if (page.length < pageSize) return
    after = page.at(-1)!.key
  }
}

const pageSize = 1000

/** Deletes all files of a tenant. After a kill, the next call deletes the rest. */
export async function deleteFilesOf(store: FileStore, tenantId: string): Promise<void> {
  for (;;) {
    const page = await store.list(folderOfTenant(tenantId), { limit: pageSize })
    if (page.length === 0) return
    let deleted = 0
    await aFewAtATime(page, async ({ key }) => {
      if (await store.delete(key)) deleted++
    })
    if (deleted === 0) throw notDeleted(store)
  }
}

/** Otherwise the same page would be listed without end. */
function notDeleted({ name }: FileStore): TenancyError {
  return new TenancyError(
    'FILE_STORE_FAILED',
    `The store of files (${name}) lists files of the tenant that it does not delete, so the deletion stopped. Another program may have stored them under names of its own: delete them there, and delete the tenant again.`,
    { details: { store: name, code: 'NOT_DELETED' } },
  )
}

/** Copies all files of a tenant to another one. What is there already, of the same size, is not copied a second time: so a second call continues the first. */
export async function copyFilesOf(store: FileStore, from: string, to: string, signal: AbortSignal): Promise<void> {
  const [source, target] = [folderOfTenant(from), folderOfTenant(to)]
  let after: string | undefined
  for (;;) {
    const page = await store.list(source, { after, limit: pageSize })
    await aFewAtATime(page, async ({ key, size }) => {
      signal.throwIfAborted()
      const copy = target + key.slice(source.length)
      if ((await store.stat(copy))?.size !== size) await store.copy(key, copy)
    })
    if (page.length < pageSize) return
    after = page.at(-1)!.key
  }
}

async function aFewAtATime<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
  const rest = items.values()
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      for (const item of rest) await work(item)
    }),
  )
}
