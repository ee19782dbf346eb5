/** How much room the files of a tenant may take: uploads side by side, failures, kills, and other programs that change files. */
import { mkdtemp, rm, unlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { Client } from 'pg'
import { afterAll, beforeEach, expect, test, vi } from 'vitest'
import { diskStore, tenantFiles } from '../../src/files/files.ts'
import { createTenancy, type Tenant } from '../../src/index.ts'
import { testDatabase } from '../support/servers/database.ts'
import { leastPrivilege } from '../support/tenants/least-privilege.ts'

const { url } = await testDatabase()
const root = await mkdtemp(join(tmpdir(), 'partywall-quota-'))
const store = diskStore(root)
const limits: Record<string, number | undefined> = {}
const tenancy = createTenancy({
  database: url,
  migrations: { shared: false, tenant: false },
  files: { store, quota: ({ schema }: Tenant) => limits[schema] },
})
const files = tenantFiles(tenancy)
afterAll(async () => {
  await tenancy.close()
  await rm(root, { recursive: true, force: true })
})

let number = 0
let acme: Tenant
beforeEach(async () => {
  acme = await tenancy.tenants.create({ schema: `acme${number++}` })
})

const inAcme = <T>(fn: () => Promise<T>): Promise<T> => tenancy.run(acme, fn) as Promise<T>
const usage = () => inAcme(() => files.usage())
const exceeded = { code: 'QUOTA_EXCEEDED' }
const codes = (results: readonly PromiseSettledResult<unknown>[]) =>
  results.map((result) =>
    result.status === 'fulfilled' ? 'done' : ((result.reason as { code?: string }).code ?? String(result.reason)),
  )

test.each([
  ['of a known size', () => Buffer.alloc(1000)],
  ['of an unknown size', () => Readable.from(Array.from({ length: 10 }, () => Buffer.alloc(100)))],
])('uploads side by side do not pass the limit together, %s', async (_, body) => {
  limits[acme.schema] = 5500
  // As applications do it: each sees that there is room, and then all of them store.
  let naive = 0
  const roomFor = async (size: number): Promise<boolean> => naive + size <= 5500
  await Promise.all(Array.from({ length: 20 }, async () => ((await roomFor(1000)) ? (naive += 1000) : 0)))
  expect(naive).toBeGreaterThan(5500)

  const results = await inAcme(() =>
    Promise.allSettled(Array.from({ length: 20 }, (_each, index) => files.put(`${index}.bin`, body()))),
  )
  const stored = await inAcme(() => Array.fromAsync(files.each()))
  expect(stored.length).toBe(codes(results).filter((code) => code === 'done').length)
  expect(stored.length).toBeGreaterThanOrEqual(1)
  expect(stored.length).toBeLessThanOrEqual(5)
  expect(codes(results).filter((code) => code !== 'done')).toEqual(Array(20 - stored.length).fill('QUOTA_EXCEEDED'))
  expect(await usage()).toEqual({ bytes: stored.length * 1000, files: stored.length, limit: 5500 })
  // What the refused ones had reserved is there again.
  for (let left = stored.length; left < 5; left++) await inAcme(() => files.put(`later-${left}.bin`, body()))
  await expect(inAcme(() => files.put('one-more.bin', body()))).rejects.toMatchObject(exceeded)
  await inAcme(() => files.put('small.bin', Buffer.alloc(500)))
  expect(await usage()).toEqual({ bytes: 5500, files: 6, limit: 5500 })
})

test('files that are replaced, copied, moved and deleted are counted as they are', async () => {
  limits[acme.schema] = 300
  await inAcme(async () => {
    await files.put('a', Buffer.alloc(100))
    await files.put('a', Buffer.alloc(50))
    expect(await files.usage()).toEqual({ bytes: 50, files: 1, limit: 300 })
    await files.copy('a', 'b')
    await files.move('a', 'c')
    expect(await files.usage()).toEqual({ bytes: 100, files: 2, limit: 300 })
    await files.move('c', 'b')
    expect(await files.usage()).toEqual({ bytes: 50, files: 1, limit: 300 })
    await files.put('d', Buffer.alloc(240))
    await expect(files.copy('d', 'e')).rejects.toMatchObject(exceeded)
    await files.delete('d')
    await files.delete('none')
    expect(await files.usage()).toEqual({ bytes: 50, files: 1, limit: 300 })
  })
  const other = await tenancy.tenants.create({ schema: `${acme.schema}other` })
  limits[other.schema] = 10
  await expect(tenancy.run(other, () => files.put('x', Buffer.alloc(11)))).rejects.toMatchObject(exceeded)
  expect(await usage()).toMatchObject({ bytes: 50 })
})

test('an upload that fails gives back what it had reserved', async () => {
  limits[acme.schema] = 2 ** 20
  const failing = Readable.from(
    (async function* () {
      yield Buffer.alloc(1000)
      throw new Error('gone')
    })(),
  )
  await expect(inAcme(() => files.put('a', failing))).rejects.toThrow('gone')
  await expect(inAcme(() => files.put('a', Readable.from([Buffer.alloc(10)]), { size: 20 }))).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
  })
  expect(await usage()).toMatchObject({ bytes: 0, files: 0 })
  const { rows } = await tenancy.sharedPool.query('select from partywall.file_reservations')
  expect(rows).toHaveLength(0)
})

test('what a killed process had reserved is free after an hour, and what it had stored is counted', async () => {
  limits[acme.schema] = 1000
  await inAcme(() => files.put('a', Buffer.alloc(100)))
  // As a process leaves it that is killed after the file was stored, and before that was written down.
  await store.put(`tenants/${acme.id}/late`, Readable.from([Buffer.alloc(300)]), { contentType: 'x/y' })
  const reserve = (path: string, bytes: number) =>
    tenancy.sharedPool.query(
      `insert into partywall.file_reservations (id, tenant_id, path, bytes, expires_at) values (gen_random_uuid(), $1, $2, $3, now() + interval '1 minute')`,
      [acme.id, path, bytes],
    )
  await reserve('late', 300)
  await reserve('never', 500)
  await expect(inAcme(() => files.put('b', Buffer.alloc(200)))).rejects.toMatchObject(exceeded)
  await tenancy.sharedPool.query(`update partywall.file_reservations set expires_at = now() - interval '1 minute'`)
  await inAcme(() => files.put('b', Buffer.alloc(200)))
  expect(await usage()).toMatchObject({ bytes: 600, files: 3 })
  await expect(inAcme(() => files.put('c', Buffer.alloc(401)))).rejects.toMatchObject(exceeded)
})

test('files that another program has changed are counted again', async () => {
  limits[acme.schema] = undefined
  await inAcme(() => files.put('a', Buffer.alloc(100)))
  await inAcme(() => files.put('b', Buffer.alloc(100)))
  await writeFile(join(root, 'tenants', acme.id, 'a'), Buffer.alloc(7))
  await writeFile(join(root, 'tenants', acme.id, 'new'), Buffer.alloc(5))
  await unlink(join(root, 'tenants', acme.id, 'b'))
  await tenancy.sharedPool.query('update partywall.file_usage set bytes = 999999 where tenant_id = $1', [acme.id])
  expect(await usage()).toMatchObject({ bytes: 999999 })
  expect(await files.recount(acme.schema)).toEqual({ bytes: 12, files: 2 })
  // Also while files are being stored.
  await Promise.all([
    ...Array.from({ length: 10 }, (_, index) => inAcme(() => files.put(`n${index}`, Buffer.alloc(10)))),
    files.recount(acme.schema),
    files.recount(acme.schema),
  ])
  expect(await files.recount(acme.schema)).toEqual({ bytes: 112, files: 12 })
  expect(await usage()).toEqual({ bytes: 112, files: 12 })
})

test('connections that are cut in the middle of an upload cost no file and no room', async () => {
  limits[acme.schema] = 10 * 2 ** 20
  const admin = new Client(url)
  await admin.connect()
  const cutting = Readable.from(
    (async function* () {
      yield Buffer.alloc(2 ** 20)
      await admin.query(
        'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
      )
      yield Buffer.alloc(2 ** 20)
    })(),
  )
  const stored = await inAcme(() => files.put('a', cutting)).catch((error: { code?: string }) => error)
  await admin.end()
  // Whether the upload passed or not: what is counted is what is there. A connection that was cut may be met once more.
  await vi.waitFor(
    async () => {
      await tenancy.sharedPool.query(`update partywall.file_reservations set expires_at = now() - interval '1 minute'`)
      const there = await inAcme(() => files.stat('a'))
      expect([undefined, 2 * 2 ** 20]).toContain(there?.size)
      expect(stored instanceof Error || there !== undefined).toBe(true)
      const counted = await files.recount(acme.schema)
      expect(counted).toMatchObject({ bytes: there?.size ?? 0, files: there === undefined ? 0 : 1 })
    },
    { timeout: 30_000, interval: 50 },
  )
  await inAcme(() => files.put('b', Buffer.alloc(8 * 2 ** 20)))
})

test('an application that owns nothing counts files', async () => {
  const database = await testDatabase()
  const { app, deploy } = await leastPrivilege(database.directUrl, database.url, true)
  const own = createTenancy({
    database: { connectionString: app, deploy },
    boundary: 'role',
    migrations: { shared: false, tenant: false },
    files: { store, quota: 100 },
  })
  const { id } = await own.tenants.create({ schema: 'acme' })
  const ofOwn = tenantFiles(own)
  await own.run('acme', async () => {
    await ofOwn.put('a', Buffer.alloc(60))
    await expect(ofOwn.put('b', Buffer.alloc(60))).rejects.toMatchObject(exceeded)
    // The code of a tenant cannot give itself room.
    await expect(own.pool.query('update partywall.file_usage set bytes = 0')).rejects.toMatchObject({ code: '42501' })
  })
  await own.tenants.clone('acme', { schema: 'copy' })
  expect(await own.run('copy', () => ofOwn.usage())).toEqual({ bytes: 60, files: 1, limit: 100 })
  for (const schema of ['copy', 'acme']) await own.tenants.delete(schema, { confirm: schema })
  expect(await store.list(`tenants/${id}`, { limit: 1 })).toEqual([])
  await own.close()
})

test('a limit that is no number, and a quota that is none, are refused', async () => {
  limits[acme.schema] = 'much' as never
  await expect(inAcme(() => files.put('a', 'x'))).rejects.toMatchObject({ code: 'INVALID_OPTION' })
  for (const quota of [-1, 1.5, '1 GB', {}, null, Number.NaN])
    expect(() => createTenancy({ database: url, files: { store, quota: quota as never } })).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION' }),
    )
  for (const wrong of [{}, { store: {} }, { store: null }, { store, quotas: 1 }, 7])
    expect(() => createTenancy({ database: url, files: wrong as never })).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION' }),
    )
  const without = createTenancy({ database: url, migrations: { shared: false, tenant: false } })
  expect(() => tenantFiles(without)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
  await without.close()
})
