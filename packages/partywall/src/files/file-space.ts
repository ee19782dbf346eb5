/** The files of one owner at a time: the current tenant, or the shared side. */
import type { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { TenancyError } from '../errors.ts'
import { eachStored, type ByteRange, type FileStore, type StoredFacts } from '../file-store.ts'
import { assertKnownKeys } from '../known-keys.ts'
import { assertWholeNumber } from '../whole-number.ts'
import { checkedBody, type FileBody } from './body.ts'
import { contentTypeOf } from './content-type.ts'
import { filePath } from './file-path.ts'

/** A file, as its store has it. */
export interface FileFacts extends StoredFacts {
  readonly path: string
  /** By the end of its name. */
  readonly contentType: string
}

export interface FileContent extends FileFacts {
  /** Read it to its end, or destroy it. */
  readonly body: Readable
  text(): Promise<string>
  bytes(): Promise<Buffer>
}

export interface PutOptions {
  /** How long a stream will be: room for all of it is reserved at once, and another length is refused. @default unknown */
  size?: number
  /** Ends the upload at this many bytes. @default no limit but the quota */
  maxBytes?: number
  /** Ends the upload; nothing of it stays. */
  signal?: AbortSignal
}

export interface ListOptions {
  /** Only files in this folder and below it. @default all files */
  folder?: string
  /** From here on: `next` of the page before. */
  after?: string
  /** Most files of a page; from 1 to 1000. @default 100 */
  limit?: number
}

export interface FilePage {
  readonly files: readonly FileFacts[]
  /** For the next page. Absent: this is the last one. */
  readonly next?: string
}

/** What may be done with the files of one owner. Paths are checked: see docs/files.md. */
export interface FileSpace {
  /**
   * Stores a file, and replaces the one of this path, as a whole: a reader sees the old one or the new one. When the stream fails, nothing of it stays.
   * @example await files.put('logo.png', req)
   * @throws TenancyError NO_TENANT, INVALID_ARGUMENT, QUOTA_EXCEEDED, FILE_STORE_FAILED; the error of the stream
   */
  put(path: string, body: FileBody, options?: PutOptions): Promise<FileFacts>
  /** Undefined where there is no such file. @param range the first and the last byte @throws TenancyError NO_TENANT, INVALID_ARGUMENT, FILE_STORE_FAILED */
  get(path: string, range?: ByteRange): Promise<FileContent | undefined>
  /** The facts of a file, without its content; undefined where there is none. @throws as `get` */
  stat(path: string): Promise<FileFacts | undefined>
  /** @throws as `get` */
  exists(path: string): Promise<boolean>
  /** A page of files, in the order of their paths. @throws as `get` */
  list(options?: ListOptions): Promise<FilePage>
  /** All files, page by page. @throws as `get` */
  each(options?: Pick<ListOptions, 'folder'>): AsyncIterable<FileFacts>
  /** Returns whether there was one. @throws as `get` */
  delete(path: string): Promise<boolean>
  /** Replaces the file at `to`. Undefined where there is no file at `from`. @throws as `put` */
  copy(from: string, to: string): Promise<FileFacts | undefined>
  /** Replaces the file at `to`. Undefined where there is no file at `from`. @throws as `put` */
  move(from: string, to: string): Promise<FileFacts | undefined>
}

/** Whose files they are, asked when a method is called. */
export interface Owner {
  readonly folder: string
  /** Counts a change of a file. @param size of what is stored; undefined: not known @param work is given what must be called before each chunk */
  changing<T>(path: string, size: number | undefined, work: (grow: (total: number) => Promise<void>) => Promise<T>): Promise<T>
}

export function fileSpace(store: FileStore, owner: () => Owner): FileSpace {
  const space: FileSpace = {
    async put(given, body, options = {}) {
      assertKnownKeys('files.put', options, ['size', 'maxBytes', 'signal'])
      const { folder, changing } = owner()
      const path = filePath('files.put', given)
      const most = Math.min(limitOf('maxBytes', options.maxBytes), store.maxBytes ?? Infinity)
      if (options.size !== undefined) limitOf('size', options.size)
      const { size, chunks } = checkedBody('files.put', body, options.size, options.signal)
      if (size !== undefined && size > most) throw tooLarge(most)
      const stored = await changing(path, size, (grow) =>
        store.put(`${folder}/${path}`, measured(chunks, size, most, grow, options.signal), { contentType: contentTypeOf(path) }),
      )
      return facts(path, stored)
    },

    async get(given, range) {
      const { folder } = owner()
      const path = filePath('files.get', given)
      if (range !== undefined) assertRange(range)
      const found = await store.get(`${folder}/${path}`, range)
      if (found === undefined) return undefined
      const { body } = found
      return Object.freeze({
        ...facts(path, found),
        body,
        bytes: () => buffer(body),
        text: async () => (await buffer(body)).toString('utf8'),
      })
    },

    async stat(given) {
      const { folder } = owner()
      const path = filePath('files.stat', given)
      const found = await store.stat(`${folder}/${path}`)
      return found === undefined ? undefined : facts(path, found)
    },

    async exists(given) {
      const { folder } = owner()
      return (await store.stat(`${folder}/${filePath('files.exists', given)}`)) !== undefined
    },

    async list(options = {}) {
      assertKnownKeys('files.list', options, ['folder', 'after', 'limit'])
      const { folder: root } = owner()
      const { after, limit = 100 } = options
      assertWholeNumber('INVALID_ARGUMENT', '"limit" of files.list', 'limit', limit, { least: 1, most: 1000 })
      const folder = below(root, options.folder)
      const from = after === undefined ? undefined : `${root}/${filePath('files.list', after)}`
      // One more, to know whether there are more.
      const found = await store.list(folder, { after: from, limit: limit === 1000 ? limit : limit + 1 })
      const files = found.slice(0, limit).map((one) => facts(one.key.slice(root.length + 1), one))
      const isMore = limit === 1000 ? found.length === limit : found.length > limit
      return Object.freeze({ files, ...(isMore && { next: files.at(-1)!.path }) })
    },

    each(options = {}) {
      assertKnownKeys('files.each', options, ['folder'])
      // The owner is that of the call, and not that of the code which reads the pages.
      const { folder: root } = owner()
      const folder = below(root, options.folder)
      return (async function* () {
        for await (const one of eachStored(store, folder)) yield facts(one.key.slice(root.length + 1), one)
      })()
    },

    async delete(given) {
      const { folder, changing } = owner()
      const path = filePath('files.delete', given)
      return changing(path, 0, () => store.delete(`${folder}/${path}`))
    },

    async copy(givenFrom, givenTo) {
      const { folder, changing } = owner()
      const [from, to] = [filePath('files.copy', givenFrom), filePath('files.copy', givenTo)]
      const found = await store.stat(`${folder}/${from}`)
      if (found === undefined) return undefined
      if (from === to) return facts(to, found)
      const stored = await changing(to, found.size, () => store.copy(`${folder}/${from}`, `${folder}/${to}`))
      return stored === undefined ? undefined : facts(to, stored)
    },

    async move(givenFrom, givenTo) {
      const { folder, changing } = owner()
      const [from, to] = [filePath('files.move', givenFrom), filePath('files.move', givenTo)]
      if (from === to) return space.stat(from)
      const stored = await changing(to, 0, () => changing(from, 0, () => store.move(`${folder}/${from}`, `${folder}/${to}`)))
      return stored === undefined ? undefined : facts(to, stored)
    },
  }
  return Object.freeze(space)
}

function facts(path: string, { size, etag, modifiedAt }: StoredFacts): FileFacts {
  return Object.freeze({ path, size, etag, ...(modifiedAt !== undefined && { modifiedAt }), contentType: contentTypeOf(path) })
}

function below(root: string, folder: unknown): string {
  return folder === undefined ? root : `${root}/${filePath('files.list', folder)}`
}

/** The chunks, counted before the store gets them. */
async function* measured(
  chunks: AsyncIterable<Uint8Array>,
  size: number | undefined,
  most: number,
  grow: (total: number) => Promise<void>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  let total = 0
  for await (const chunk of chunks) {
    signal?.throwIfAborted()
    total += chunk.byteLength
    if (total > most) throw tooLarge(most)
    if (size !== undefined && total > size) throw otherSize(size, `at least ${total}`)
    await grow(total)
    yield chunk
  }
  signal?.throwIfAborted()
  if (size !== undefined && total !== size) throw otherSize(size, String(total))
}

function limitOf(option: string, value: unknown): number {
  if (value === undefined) return Infinity
  assertWholeNumber('INVALID_ARGUMENT', `"${option}" of files.put`, option, value, { least: 0 })
  return value
}

function assertRange({ start, end }: ByteRange): void {
  const option = 'range'
  assertWholeNumber('INVALID_ARGUMENT', '"start" of a range', option, start, { least: 0 })
  assertWholeNumber('INVALID_ARGUMENT', '"end" of a range', option, end, { least: start })
}

function tooLarge(most: number): TenancyError {
  return new TenancyError('INVALID_ARGUMENT', `The file is larger than ${most} bytes. Nothing of it was kept.`, {
    details: { what: 'files.put', option: 'maxBytes' },
  })
}

function otherSize(size: number, seen: string): TenancyError {
  return new TenancyError('INVALID_ARGUMENT', `The stream should have ${size} bytes, and had ${seen}. Nothing of it was kept.`, {
    details: { what: 'files.put', option: 'size' },
  })
}
