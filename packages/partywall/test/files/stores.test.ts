/** Every store keeps the contract, with a quota and without one. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { S3Client } from '@aws-sdk/client-s3'
import { createStorage } from 'unstorage'
import fsDriver from 'unstorage/drivers/fs'
import { afterAll, describe, expect, test } from 'vitest'
import { diskStore, tenantFiles, unstorageStore } from '../../src/files/files.ts'
import { s3Store } from '../../src/files/s3-store.ts'
import { createTenancy, type FileStore } from '../../src/index.ts'
import { testDatabase } from '../support/servers/database.ts'
import { startS3 } from '../support/servers/s3.ts'
import { rules, type FilesSubject } from './contract.ts'

const { url } = await testDatabase()
const folder = await mkdtemp(join(tmpdir(), 'partywall-files-'))
const s3 = await startS3()
afterAll(() => rm(folder, { recursive: true, force: true }))

const quota = 2 ** 40
const stores: Record<string, { readonly store: FileStore; readonly quota?: number }> = {
  disk: { store: diskStore(folder) },
  'disk with a quota': { store: diskStore(await mkdtemp(join(folder, 'quota-'))), quota },
  s3: { store: s3Store({ client: s3.client, bucket: s3.bucket }) },
  's3 with a prefix and a quota': { store: s3Store({ client: s3.client, bucket: s3.bucket, prefix: 'live/files' }), quota },
  'unstorage in memory': { store: unstorageStore(createStorage()) },
  'unstorage on the disk': { store: unstorageStore(createStorage({ driver: fsDriver({ base: join(folder, 'unstorage') }) })) },
}

describe.each(Object.entries(stores))('%s', (name, options) => {
  const number = Object.keys(stores).indexOf(name)
  const tenancy = createTenancy({ database: url, migrations: { shared: false, tenant: false }, files: options })
  const tenants = [`acme${number}`, `globex${number}`] as const
  const files = tenantFiles(tenancy)
  const subject: FilesSubject = {
    files,
    tenants,
    idOf: async (tenant) => (await tenancy.tenants.get(tenant)).id,
    run: (tenant, fn) => tenancy.run(tenant, fn) as never,
    runShared: (fn) => tenancy.runShared(fn) as never,
  }
  afterAll(() => tenancy.close())

  test('two tenants', async () => {
    for (const schema of tenants) await tenancy.tenants.create({ schema })
  })

  test.each(rules)('$name', ({ check }) => check(subject))

  test('the count is what the store has, after all of that', async () => {
    for (const tenant of tenants) {
      const counted = await tenancy.run(tenant, () => files.usage())
      const listed = await tenancy.run(tenant, () => Array.fromAsync(files.each()))
      expect(counted).toMatchObject({ files: listed.length, bytes: listed.reduce((sum, { size }) => sum + size, 0) })
    }
    const reserved = await tenancy.sharedPool.query('select from partywall.file_reservations')
    expect(reserved.rows).toHaveLength(0)
  })
})

test('a large upload to S3 that fails leaves no parts, and one that does not is stored in parts', async () => {
  const store = s3Store({ client: s3.client, bucket: s3.bucket })
  const chunk = Buffer.alloc(2 ** 20, 1)
  const chunks = async function* (error?: Error): AsyncGenerator<Uint8Array> {
    for (let part = 0; part < 40; part++) yield chunk
    if (error !== undefined) throw error
  }
  const before = await s3.stored()
  const about = { contentType: 'application/octet-stream' }
  await expect(store.put('tenants/large.bin', chunks(new Error('gone')), about)).rejects.toThrow('gone')
  expect(await s3.stored()).toEqual(before)
  expect(await store.put('tenants/large.bin', chunks(), about)).toMatchObject({ size: 40 * 2 ** 20 })
  expect(await store.stat('tenants/large.bin')).toMatchObject({ size: 40 * 2 ** 20 })
})

test('a server that gives fewer files than it was asked for is asked again', async () => {
  const short = new S3Client({ ...s3.settings })
  short.middlewareStack.add(
    (next) => async (args) => {
      const input = args.input as { MaxKeys?: number }
      if (input.MaxKeys === undefined) return next(args)
      const answer = await next({ ...args, input: { ...input, MaxKeys: Math.min(2, input.MaxKeys) } as never })
      const output = answer.output as { Contents?: unknown[]; IsTruncated?: boolean }
      output.IsTruncated = output.Contents?.length === 2
      return answer
    },
    { step: 'initialize' },
  )
  const store = s3Store({ client: short, bucket: s3.bucket })
  for (let number = 0; number < 7; number++)
    await store.put(`tenants/short/${number}`, Readable.from([Buffer.from('x')]), { contentType: 'text/plain' })
  expect((await store.list('tenants/short', { limit: 6 })).map(({ key }) => key.at(-1))).toEqual(['0', '1', '2', '3', '4', '5'])
  expect(await store.list('tenants/short', { limit: 100 })).toHaveLength(7)
  expect(await store.list('tenants/short', { limit: 100, after: 'tenants/short/4' })).toHaveLength(2)
  short.destroy()
})
