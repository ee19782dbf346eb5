/** Files as whole values in a storage of unstorage: for small ones, where a key-value store is all there is. */
import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { TenancyError } from '../errors.ts'
import type { FileStore, StoredFacts, StoredKey } from '../file-store.ts'
import { assertKnownKeys } from '../known-keys.ts'
import { seen } from '../seen.ts'
import { warnIfUntested } from '../tested-versions.ts'
import { assertWholeNumber } from '../whole-number.ts'
import { storeFailed } from '../store-failed.ts'

/** What is used of a storage, the result of `createStorage()`. */
export interface UnstorageLike {
  hasItem(key: string): Promise<boolean>
  getItemRaw(key: string): Promise<any>
  setItemRaw(key: string, value: any): Promise<void>
  removeItem(key: string): Promise<void>
  getKeys(base?: string): Promise<string[]>
}

export interface UnstorageOptions {
  /** The largest file: each is in memory as a whole. @default 16 MiB */
  maxBytes?: number
}

/**
 * @example files: { store: unstorageStore(createStorage({ driver: fsDriver({ base: './data' }) })) }
 * @throws TenancyError INVALID_OPTION
 */
export function unstorageStore(storage: UnstorageLike, options: UnstorageOptions = {}): FileStore {
  assertKnownKeys('unstorageStore', options, ['maxBytes'], 'INVALID_OPTION')
  warnIfUntested('unstorage')
  const { maxBytes = 16 * 2 ** 20 } = options
  assertWholeNumber('INVALID_OPTION', '"maxBytes" of unstorageStore', 'maxBytes', maxBytes, { least: 1 })
  const missing = methods.find((method) => typeof (storage as Partial<UnstorageLike> | null | undefined)?.[method] !== 'function')
  if (missing !== undefined) {
    throw new TenancyError(
      'INVALID_OPTION',
      `unstorageStore takes a storage, the result of createStorage() of unstorage; it got ${seen(storage)}${typeof storage === 'object' && storage !== null ? ` without ${missing}` : ''}.`,
      { details: { what: 'unstorageStore', option: 'storage' } },
    )
  }
  return new UnstorageStore(storage, maxBytes)
}

const methods = ['hasItem', 'getItemRaw', 'setItemRaw', 'removeItem', 'getKeys'] as const

class UnstorageStore implements FileStore {
  readonly name = 'unstorage'
  readonly maxBytes: number
  readonly #storage: UnstorageLike

  constructor(storage: UnstorageLike, maxBytes: number) {
    this.#storage = storage
    this.maxBytes = maxBytes
  }

  async put(key: string, body: AsyncIterable<Uint8Array>): Promise<StoredFacts> {
    const chunks: Uint8Array[] = []
    for await (const chunk of body) chunks.push(chunk)
    const content = Buffer.concat(chunks)
    await this.#doing('store a file', () => this.#storage.setItemRaw(nameOf(key), content))
    return factsOf(content)
  }

  async get(key: string, range?: { readonly start: number; readonly end: number }): ReturnType<FileStore['get']> {
    const content = await this.#read(key)
    if (content === undefined) return undefined
    const part = range === undefined ? content : content.subarray(range.start, range.end + 1)
    return { ...factsOf(content), body: Readable.from(part.byteLength === 0 ? [] : [part], { objectMode: false }) }
  }

  async stat(key: string): Promise<StoredFacts | undefined> {
    const content = await this.#read(key)
    return content === undefined ? undefined : factsOf(content)
  }

  async list(folder: string, { after, limit }: { readonly after?: string | undefined; readonly limit: number }) {
    const names = await this.#doing('list files', () => this.#storage.getKeys(nameOf(folder)))
    const keys = names
      .map(keyOf)
      .filter((key) => key.startsWith(`${folder}/`) && (after === undefined || key > after))
      .toSorted((one, other) => (one < other ? -1 : 1))
    const found: StoredKey[] = []
    for (const key of keys) {
      const facts = await this.stat(key)
      if (facts !== undefined) found.push({ key, ...facts })
      if (found.length >= limit) break
    }
    return found
  }

  async delete(key: string): Promise<boolean> {
    return this.#doing('delete a file', async () => {
      const isThere = await this.#storage.hasItem(nameOf(key))
      if (isThere) await this.#storage.removeItem(nameOf(key))
      return isThere
    })
  }

  async copy(from: string, to: string): Promise<StoredFacts | undefined> {
    const content = await this.#read(from)
    if (content === undefined) return undefined
    await this.#doing('copy a file', () => this.#storage.setItemRaw(nameOf(to), content))
    return factsOf(content)
  }

  async move(from: string, to: string): Promise<StoredFacts | undefined> {
    const facts = await this.copy(from, to)
    if (facts !== undefined && from !== to) await this.delete(from)
    return facts
  }

  /** Drivers give bytes in different forms. */
  async #read(key: string): Promise<Buffer | undefined> {
    const value: unknown = await this.#doing('read a file', () => this.#storage.getItemRaw(nameOf(key)))
    if (value === null || value === undefined) return undefined
    if (value instanceof ArrayBuffer) return Buffer.from(value)
    if (ArrayBuffer.isView(value)) return Buffer.from(value.buffer, value.byteOffset, value.byteLength)
    if (typeof value === 'string') return Buffer.from(value)
    throw storeFailed(this.name, 'read a file', new TypeError(`the driver returned ${seen(value)} in place of bytes`))
  }

  async #doing<T>(what: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      throw storeFailed(this.name, what, error)
    }
  }
}

/** unstorage cuts a key at `?`, takes `/` and `\` for `:`, and keeps its own facts under names with `$`. */
function nameOf(key: string): string {
  return key.split('/').map(encodeName).join(':')
}

function encodeName(name: string): string {
  return encodeURIComponent(name).replaceAll(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)
}

function keyOf(name: string): string {
  try {
    return name.split(':').map(decodeURIComponent).join('/')
  } catch {
    // Another program has stored it.
    return ''
  }
}

function factsOf(content: Buffer): StoredFacts {
  return { size: content.byteLength, etag: createHash('sha256').update(content).digest('base64url').slice(0, 27) }
}
