/** The files of a tenant go with it, and a clone gets a copy of them; after failures and kills, too. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { diskStore, tenantFiles } from '../../src/files/files.ts'
import { deleteFilesOf } from '../../src/file-store.ts'
import { createTenancy, type FileStore } from '../../src/index.ts'
import { testDatabase } from '../support/servers/database.ts'

const { url } = await testDatabase()
const root = await mkdtemp(join(tmpdir(), 'partywall-life-'))
/** A disk that fails after some calls. */
let left = Infinity
const disk = diskStore(root)
const store = new Proxy(disk, {
  get(target, key) {
    const value: unknown = Reflect.get(target, key)
    if (typeof value !== 'function') return value
    return (...args: unknown[]): unknown => {
      if ((key === 'delete' || key === 'copy') && left-- <= 0) return Promise.reject(new Error('the disk is gone'))
      return Reflect.apply(value, target, args)
    }
  },
}) as FileStore
const tenancy = createTenancy({
  database: url,
  migrations: { shared: false, tenant: false },
  files: { store, quota: 10_000 },
})
const files = tenantFiles(tenancy)
afterAll(async () => {
  await tenancy.close()
  await rm(root, { recursive: true, force: true })
})

const halfWay = fileURLToPath(new URL('half-way.ts', import.meta.url))
let number = 0
let schema = ''
let id = ''
beforeEach(async () => {
  left = Infinity
  schema = `acme${number++}`
  id = (await tenancy.tenants.create({ schema })).id
  await tenancy.run(schema, async () => {
    for (let index = 0; index < 8; index++) await files.put(`deep/${index}.txt`, `file ${index}`)
    await files.put('logo.png', schema)
  })
})

const folderOf = (tenant: string) => readdir(join(root, 'tenants', tenant)).catch(() => [])
const pathsOf = async (tenant: string) => (await tenancy.run(tenant, () => Array.fromAsync(files.each()))).map(({ path }) => path)

test('a deleted tenant has no files, and its namesake begins without any', async () => {
  await tenancy.tenants.delete(schema, { confirm: schema })
  expect(await folderOf(id)).toEqual([])
  await tenancy.tenants.create({ schema })
  expect(await pathsOf(schema)).toEqual([])
  expect(await tenancy.run(schema, () => files.usage())).toMatchObject({ bytes: 0, files: 0 })
})

test('a deletion that fails among the files goes on where it was', async () => {
  left = 5
  await expect(tenancy.tenants.delete(schema, { confirm: schema })).rejects.toThrow('the disk is gone')
  expect((await folderOf(id)).length).toBeGreaterThan(0)
  await expect(tenancy.run({ id }, () => files.list())).rejects.toMatchObject({ code: 'TENANT_SUSPENDED' })
  left = Infinity
  await tenancy.tenants.delete(schema, { confirm: schema })
  expect(await folderOf(id)).toEqual([])
})

test('the files of an archived tenant stay until it is purged', async () => {
  await tenancy.tenants.archive(schema, { purgeAfterMs: 0 } as never).catch(() => tenancy.tenants.archive(schema))
  expect(await folderOf(id)).toContain('logo.png')
  await tenancy.tenants.restore({ id })
  expect(await pathsOf(schema)).toContain('logo.png')
  await tenancy.tenants.archive(schema)
  await tenancy.sharedPool.query(`update partywall.tenants set purge_at = now() - interval '1 day' where id = $1`, [id])
  const { entries } = await tenancy.tenants.purge({ archived: true })
  expect(entries).toMatchObject([{ tenantId: id, action: 'delete', state: 'done' }])
  expect(await folderOf(id)).toEqual([])
})

test('a rename changes no file', async () => {
  await tenancy.tenants.rename(schema, { schema: `${schema}-new` })
  expect(await tenancy.run(`${schema}-new`, () => files.exists('logo.png'))).toBe(true)
})

test('a clone has a copy of the files, which is its own', async () => {
  const clone = await tenancy.tenants.clone(schema, { schema: `${schema}-copy` })
  expect(clone.status).toBe('active')
  expect(await pathsOf(clone.schema)).toEqual(await pathsOf(schema))
  expect(await tenancy.run(clone, () => files.usage())).toEqual(await tenancy.run(schema, () => files.usage()))
  await tenancy.run(clone, () => files.put('logo.png', 'of the clone'))
  expect(await tenancy.run(schema, async () => (await files.get('logo.png'))!.text())).toBe(schema)
  const empty = await tenancy.tenants.clone(schema, { schema: `${schema}-empty`, files: false })
  expect(await pathsOf(empty.schema)).toEqual([])
  const bare = await tenancy.tenants.clone(schema, { schema: `${schema}-bare`, data: false })
  expect(await pathsOf(bare.schema)).toEqual([])
})

test('a clone whose files could not be copied is not served, and goes on where it was', async () => {
  left = 5
  const copy = `${schema}-copy`
  await expect(tenancy.tenants.clone(schema, { schema: copy })).rejects.toMatchObject({
    code: 'PROVISION_FAILED',
    details: { step: `hooks.copyFiles ${id}` },
  })
  await expect(tenancy.run(copy, () => files.list())).rejects.toMatchObject({ code: 'TENANT_SUSPENDED' })
  left = Infinity
  // Another process, with the same configuration.
  const other = createTenancy({ database: url, migrations: { shared: false, tenant: false }, files: { store, quota: 10_000 } })
  const resumed = await other.tenants.resume(copy)
  await other.close()
  expect(resumed.status).toBe('active')
  expect(await pathsOf(copy)).toEqual(await pathsOf(schema))
  expect(await tenancy.run(copy, () => files.usage())).toMatchObject({ files: 9 })
})

test('a process that is killed among the files leaves a clone that is resumed, and a deletion that goes on', async () => {
  const kill = async (call: 'clone' | 'delete'): Promise<void> => {
    const child = spawn(process.execPath, [...process.execArgv, halfWay, url, root, call, schema], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const exited = once(child, 'exit')
    await once(child.stdout, 'data')
    child.kill('SIGKILL')
    await exited
  }
  const paths = await pathsOf(schema)
  const copy = `${schema}-copy`
  await kill('clone')
  expect((await tenancy.tenants.list({ status: 'provisioning' })).map((tenant) => tenant.schema)).toEqual([copy])
  // The server notices after a moment that the process is gone, and lets its lock go.
  const resume = (): Promise<string> => tenancy.tenants.resume(copy).then(({ status }) => status, String)
  await expect.poll(resume, { timeout: 30_000 }).toBe('active')
  expect(await pathsOf(copy)).toEqual(paths)
  await kill('delete')
  expect((await folderOf(id)).length).toBeGreaterThan(0)
  await tenancy.tenants.delete(schema, { confirm: schema })
  expect(await folderOf(id)).toEqual([])
  expect(await pathsOf(copy)).toEqual(paths)
})

test('an upload that ends after its tenant was deleted leaves no file', async () => {
  for (const options of [{ store: disk }, { store: disk, quota: 10_000 }]) {
    const other = createTenancy({ database: url, migrations: { shared: false, tenant: false }, files: options })
    const tenant = await other.tenants.create({ schema: `late${number++}` })
    let go!: () => void
    const waiting = new Promise<void>((resolve) => (go = resolve))
    const slow = Readable.from(
      (async function* () {
        yield 'slow'
        await waiting
      })(),
    )
    const upload = other.run(tenant, () => tenantFiles(other).put('late.txt', slow))
    await other.tenants.delete(tenant.schema, { confirm: tenant.schema })
    go()
    await expect(upload).rejects.toMatchObject({ code: 'UNKNOWN_TENANT' })
    expect(await folderOf(tenant.id)).toEqual([])
    await other.close()
  }
})

test('a store that lists what it does not delete ends the deletion, in place of asking without end', async () => {
  const { id: tenantId } = await tenancy.tenants.get(schema)
  const stubborn = new Proxy(disk, {
    get: (target, key) =>
      key === 'delete'
        ? async () => false
        : ((Reflect.get(target, key) as (...args: unknown[]) => unknown).bind?.(target) ?? target.name),
  })
  await expect(deleteFilesOf(stubborn, tenantId)).rejects.toMatchObject({ code: 'FILE_STORE_FAILED' })
})
