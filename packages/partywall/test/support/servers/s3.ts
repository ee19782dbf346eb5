/** A server that speaks the language of S3, for the tests of a file: s3rver, on a free port, with its objects in a temporary folder. */
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3'
// @ts-expect-error -- it has no types
import S3rver from 's3rver'
import { atFileEnd } from '../run/file-end.ts'

export interface S3 {
  readonly client: S3Client
  /** To make another client. */
  readonly settings: S3ClientConfig
  readonly bucket: string
  /** What is in the folder of the server: objects, and parts of uploads. */
  stored(): Promise<string[]>
  stop(): Promise<void>
}

interface ListOptions {
  readonly startAfter?: string
  readonly maxKeys: number
}

export async function startS3(): Promise<S3> {
  const directory = await mkdtemp(join(tmpdir(), 'partywall-s3-'))
  const bucket = 'uploads'
  const server = new S3rver({ port: 0, address: '127.0.0.1', silent: true, directory, configureBuckets: [{ name: bucket }] })
  // It lists keys in the order of its folders, and for a list that goes on it makes a token with a cipher that OpenSSL 3 does not have. S3 sorts by the keys.
  const { store } = server
  const list = store.listObjects.bind(store) as (name: string, options: ListOptions) => Promise<{ objects: { key: string }[] }>
  store.listObjects = async (name: string, options: ListOptions) => {
    const all = await list(name, { ...options, startAfter: '', maxKeys: Infinity })
    const sorted = all.objects.toSorted((one, other) => (one.key < other.key ? -1 : 1))
    const { startAfter = '', maxKeys } = options
    return { ...all, objects: sorted.filter(({ key }) => key > startAfter).slice(0, maxKeys), isTruncated: false }
  }
  // It cannot abort an upload in parts, which S3 can.
  server.middleware.unshift(
    async (ctx: { method: string; query: { uploadId?: string }; status: number }, next: () => Promise<void>) => {
      if (ctx.method !== 'DELETE' || ctx.query.uploadId === undefined) return next()
      await rm(join(directory, bucket, '._S3rver_uploads', ctx.query.uploadId), { recursive: true })
      ctx.status = 204
    },
  )
  const { port } = (await server.run()) as { port: number }
  const settings: S3ClientConfig = {
    region: 'us-east-1',
    endpoint: `http://127.0.0.1:${port}`,
    forcePathStyle: true,
    credentials: { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' },
    // s3rver does not know the checksums that newer clients add to a stream.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    // It answers with 500 when an object is read that is being replaced.
    maxAttempts: 5,
  }
  const client = new S3Client(settings)
  let isStopped = false
  const stop = async (): Promise<void> => {
    if (isStopped) return
    isStopped = true
    await server.close()
  }
  atFileEnd(async () => {
    client.destroy()
    await stop()
    await rm(directory, { recursive: true, force: true })
  })
  return {
    client,
    settings,
    bucket,
    stop,
    async stored() {
      const entries = await readdir(directory, { recursive: true, withFileTypes: true })
      return entries
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
    },
  }
}
