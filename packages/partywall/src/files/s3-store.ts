/**
 * partywall/files-s3: files in a bucket of S3, or of a server that speaks its language. Content goes through this process as a stream; parts of an upload that fails are
 * removed.
 */
import '../node-version.ts'
import type { Readable } from 'node:stream'
import { Readable as NodeReadable } from 'node:stream'
import {
  CopyObjectCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  type ListObjectsV2CommandOutput,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3'
import { Upload } from '@aws-sdk/lib-storage'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { TenancyError } from '../errors.ts'
import type { ByteRange, FileStore, StoredFacts, StoredKey, StoreSignature } from '../file-store.ts'
import { assertKnownKeys } from '../known-keys.ts'
import { seen } from '../seen.ts'
import { warnIfUntested } from '../tested-versions.ts'
import { contentTypeOf } from './content-type.ts'
import { pathProblem } from './file-path.ts'
import { storeFailed } from '../store-failed.ts'

export type { ByteRange, FileStore, StoredFacts, StoredKey, StoreSignature } from '../file-store.ts'

export interface S3StoreOptions {
  /** With your region, credentials and endpoint. */
  client: S3Client
  bucket: string
  /** A folder in the bucket, where it holds other things, too. @default none */
  prefix?: string
}

/**
 * @example files: { store: s3Store({ client: new S3Client({ region: 'eu-central-1' }), bucket: 'acme-uploads' }) }
 * @throws TenancyError INVALID_OPTION
 */
export function s3Store(options: S3StoreOptions): FileStore {
  assertKnownKeys('s3Store', options, ['client', 'bucket', 'prefix'], 'INVALID_OPTION')
  warnIfUntested('@aws-sdk/client-s3')
  const { client, bucket, prefix } = options
  if (typeof (client as Partial<S3Client> | undefined)?.send !== 'function')
    throw invalid('client', `must be a client of @aws-sdk/client-s3: new S3Client({ … }); it is ${seen(client)}`)
  if (typeof bucket !== 'string' || bucket === '') throw invalid('bucket', `must be the name of a bucket; it is ${seen(bucket)}`)
  if (prefix !== undefined && pathProblem(prefix) !== undefined)
    throw invalid('prefix', 'must be a folder without a slash at its begin or end, such as uploads/live')
  return new S3Store(client, bucket, prefix === undefined ? '' : `${prefix}/`)
}

/** More is copied in parts, which S3 does not do by itself. */
const mostToCopy = 5 * 2 ** 30
/** S3 takes 10,000 parts: with these, files up to 156 GiB. */
const partSize = 16 * 2 ** 20

class S3Store implements FileStore {
  readonly name = 's3'
  readonly #client: S3Client
  readonly #bucket: string
  readonly #prefix: string

  constructor(client: S3Client, bucket: string, prefix: string) {
    this.#client = client
    this.#bucket = bucket
    this.#prefix = prefix
  }

  async put(
    key: string,
    body: AsyncIterable<Uint8Array>,
    { contentType }: { readonly contentType: string },
  ): Promise<StoredFacts> {
    let size = 0
    let ofCaller: unknown
    const counted = async function* (): AsyncGenerator<Uint8Array> {
      try {
        for await (const chunk of body) {
          size += chunk.byteLength
          yield chunk
        }
      } catch (error) {
        ofCaller = error
        throw error
      }
    }
    try {
      const stream = NodeReadable.from(counted(), { objectMode: false })
      const params = { ...this.#at(key), Body: stream, ContentType: contentType }
      const { ETag } = await new Upload({ client: this.#client, params, partSize, queueSize: 2, leavePartsOnError: false }).done()
      return { size, etag: plain(ETag), modifiedAt: new Date() }
    } catch (error) {
      throw ofCaller ?? storeFailed(this.name, 'store a file', error)
    }
  }

  async get(key: string, range?: ByteRange): ReturnType<FileStore['get']> {
    const wanted = range === undefined ? {} : { Range: `bytes=${range.start}-${range.end}` }
    const found = await this.#unlessMissing('read a file', () =>
      this.#client.send(new GetObjectCommand({ ...this.#at(key), ...wanted })),
    )
    if (found === undefined) return undefined
    const size = /\/(\d+)$/.exec(found.ContentRange ?? '')?.[1] ?? found.ContentLength ?? 0
    return { ...factsOf({ ...found, ContentLength: Number(size) }), body: found.Body as unknown as Readable }
  }

  async stat(key: string): Promise<StoredFacts | undefined> {
    const found = await this.#unlessMissing('look at a file', () => this.#client.send(new HeadObjectCommand(this.#at(key))))
    return found === undefined ? undefined : factsOf(found)
  }

  async list(folder: string, { after, limit }: { readonly after?: string | undefined; readonly limit: number }) {
    const found: StoredKey[] = []
    let last = after
    for (;;) {
      const { Contents = [], IsTruncated } = await this.#page(folder, last, limit - found.length)
      for (const { Key, Size, ETag, LastModified } of Contents) {
        last = Key!.slice(this.#prefix.length)
        found.push({ key: last, ...factsOf({ ContentLength: Size, ETag, LastModified }) })
      }
      // A server may give fewer than it was asked for, although there are more.
      if (IsTruncated !== true || Contents.length === 0 || found.length >= limit) return found
    }
  }

  #page(folder: string, after: string | undefined, limit: number): Promise<ListObjectsV2CommandOutput> {
    return this.#doing('list files', () =>
      this.#client.send(
        new ListObjectsV2Command({
          Bucket: this.#bucket,
          Prefix: `${this.#prefix}${folder}/`,
          MaxKeys: limit,
          ...(after !== undefined && { StartAfter: this.#prefix + after }),
        }),
      ),
    )
  }

  async delete(key: string): Promise<boolean> {
    if ((await this.stat(key)) === undefined) return false
    await this.#doing('delete a file', () => this.#client.send(new DeleteObjectCommand(this.#at(key))))
    return true
  }

  async copy(from: string, to: string): Promise<StoredFacts | undefined> {
    const found = await this.stat(from)
    if (found === undefined || from === to) return found
    if (found.size > mostToCopy) {
      const content = await this.get(from)
      return content === undefined ? undefined : this.put(to, content.body, { contentType: contentTypeOf(to) })
    }
    const source = `${this.#bucket}/${this.#prefix}${from}`.split('/').map(encodeURIComponent).join('/')
    const about = { CopySource: source, ContentType: contentTypeOf(to), MetadataDirective: 'REPLACE' } as const
    const copied = await this.#unlessMissing('copy a file', () =>
      this.#client.send(new CopyObjectCommand({ ...this.#at(to), ...about })),
    )
    return copied === undefined ? undefined : this.stat(to)
  }

  /** Not one step in S3: a kill between the two leaves both. */
  async move(from: string, to: string): Promise<StoredFacts | undefined> {
    const facts = await this.copy(from, to)
    if (facts !== undefined && from !== to) await this.delete(from)
    return facts
  }

  async signedUrl(key: string, { method, expiresInSeconds, contentType, disposition, size }: StoreSignature): Promise<string> {
    const options = { expiresIn: expiresInSeconds }
    return this.#doing('sign an address', () =>
      method === 'GET'
        ? getSignedUrl(
            this.#client,
            new GetObjectCommand({ ...this.#at(key), ResponseContentDisposition: disposition, ResponseContentType: contentType }),
            options,
          )
        : getSignedUrl(this.#client, new PutObjectCommand({ ...this.#at(key), ContentType: contentType, ContentLength: size }), {
            ...options,
            // Else they would be in the address, where the client may leave them out.
            signableHeaders: new Set(['content-length', 'content-type']),
          }),
    )
  }

  #at(key: string): { readonly Bucket: string; readonly Key: string } {
    return { Bucket: this.#bucket, Key: this.#prefix + key }
  }

  async #unlessMissing<T>(what: string, work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work()
    } catch (error) {
      const { name } = error as { name?: string }
      if (name === 'NoSuchKey' || name === 'NotFound') return undefined
      throw storeFailed(this.name, what, error)
    }
  }

  async #doing<T>(what: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      throw storeFailed(this.name, what, error)
    }
  }
}

function factsOf(found: {
  readonly ContentLength?: number | undefined
  readonly ETag?: string | undefined
  readonly LastModified?: Date | undefined
}): StoredFacts {
  const { ContentLength: size = 0, ETag, LastModified } = found
  return { size, etag: plain(ETag), ...(LastModified !== undefined && { modifiedAt: LastModified }) }
}

function plain(etag: string | undefined): string {
  return (etag ?? '').replaceAll('"', '')
}

function invalid(option: string, problem: string): TenancyError {
  return new TenancyError('INVALID_OPTION', `"${option}" of s3Store ${problem}.`, { details: { what: 's3Store', option } })
}
