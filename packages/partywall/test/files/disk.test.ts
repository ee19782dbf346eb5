/** The disk: links that lead out, also when they are put there in the middle of a call; processes that are killed; a disk that is not there. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { lstatSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'
import { diskStore } from '../../src/files/files.ts'

const folder = await mkdtemp(join(tmpdir(), 'partywall-disk-'))
afterAll(() => rm(folder, { recursive: true, force: true }))

async function ground() {
  const root = await mkdtemp(join(folder, 'root-'))
  const outside = await mkdtemp(join(folder, 'outside-'))
  await writeFile(join(outside, 'secret.txt'), 'outside')
  await mkdir(join(root, 'tenants/one/sub'), { recursive: true })
  await writeFile(join(root, 'tenants/one/sub/secret.txt'), 'inside')
  return { root, outside, store: diskStore(root) }
}

const contentOf = async (store: ReturnType<typeof diskStore>, key: string): Promise<string | undefined> => {
  const found = await store.get(key)
  return found === undefined ? undefined : text(found.body)
}
const bodyOf = (content: string) => Readable.from([Buffer.from(content)])
const refused = { code: 'INVALID_ARGUMENT' }
const about = { contentType: 'text/plain' }

test('a link is not followed: not as a folder, not as a file, not by a list', async () => {
  const { root, outside, store } = await ground()
  await symlink(outside, join(root, 'tenants/one/link'))
  await symlink(join(outside, 'secret.txt'), join(root, 'tenants/one/file.txt'))
  await symlink('../two', join(root, 'tenants/one/neighbour'))
  await mkdir(join(root, 'tenants/two'))
  await writeFile(join(root, 'tenants/two/secret.txt'), 'of two')
  // The naive way reads it.
  expect(await readFile(join(root, 'tenants/one/link/secret.txt'), 'utf8')).toBe('outside')
  for (const key of ['tenants/one/link/secret.txt', 'tenants/one/file.txt', 'tenants/one/neighbour/secret.txt']) {
    await expect(store.get(key)).rejects.toMatchObject(refused)
    await expect(store.stat(key)).rejects.toMatchObject(refused)
    await expect(store.delete(key)).rejects.toMatchObject(refused)
    await expect(store.copy(key, 'tenants/one/copy.txt')).rejects.toMatchObject(refused)
    await expect(store.move(key, 'tenants/one/copy.txt')).rejects.toMatchObject(refused)
  }
  await expect(store.put('tenants/one/link/new.txt', bodyOf('x'), about)).rejects.toMatchObject(refused)
  await expect(store.move('tenants/one/sub/secret.txt', 'tenants/one/link/x.txt')).rejects.toMatchObject(refused)
  expect(await readdir(outside)).toEqual(['secret.txt'])
  expect((await store.list('tenants/one', { limit: 100 })).map(({ key }) => key)).toEqual(['tenants/one/sub/secret.txt'])
  // What is put in the place of a link replaces the link, and not what it names.
  await store.put('tenants/one/file.txt', bodyOf('mine'), about)
  expect(await readFile(join(outside, 'secret.txt'), 'utf8')).toBe('outside')
  expect(await contentOf(store, 'tenants/one/file.txt')).toBe('mine')
})

test('a folder that becomes a link in the middle of a call leads nowhere', async () => {
  const { root, outside, store } = await ground()
  const place = join(root, 'tenants/one/sub')
  const hidden = join(root, 'tenants/one/hidden')
  const swap = async (): Promise<void> => {
    await rename(place, hidden)
    // An upload may make the folder again at this moment.
    for (;;) {
      const isThere = await symlink(outside, place).then(
        () => true,
        () => false,
      )
      if (isThere) return
      await rm(place, { recursive: true, force: true })
    }
  }
  const back = async (): Promise<void> => {
    for (;;) {
      await rm(place, { recursive: true, force: true })
      const isBack = await rename(hidden, place).then(
        () => true,
        () => false,
      )
      if (isBack) return
    }
  }
  // A check, and then the file: between the two it is another one.
  const naive = async (): Promise<string> => {
    expect(lstatSync(place).isSymbolicLink()).toBe(false)
    await swap()
    return readFile(join(place, 'secret.txt'), 'utf8')
  }
  expect(await naive()).toBe('outside')
  await back()

  const ended = new AbortController()
  const swapping = (async () => {
    while (!ended.signal.aborted) {
      await swap()
      await back()
    }
  })()
  const seen = new Set<string>()
  for (let round = 0; round < 150; round++) {
    const [read] = await Promise.allSettled([
      contentOf(store, 'tenants/one/sub/secret.txt'),
      store.put(`tenants/one/sub/new-${round % 5}.txt`, bodyOf('new'), about),
    ])
    seen.add(read.status === 'fulfilled' ? String(read.value) : (read.reason as { code: string }).code)
  }
  ended.abort()
  await swapping
  expect([...seen].filter((one) => !['inside', 'undefined', 'INVALID_ARGUMENT'].includes(one))).toEqual([])
  expect(seen).toContain('inside')
  expect(await readdir(outside)).toEqual(['secret.txt'])
})

test('a process that is killed leaves no part of a file, and the next one clears up', async () => {
  const { root, store } = await ground()
  const program = fileURLToPath(new URL('endless-upload.ts', import.meta.url))
  const child = spawn(process.execPath, [...process.execArgv, program, root], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  child.kill('SIGKILL')
  await once(child, 'exit')
  expect(await contentOf(store, 'tenants/one/big.bin')).toBeUndefined()
  const [left, ...others] = await readdir(join(root, '.uploads'))
  expect(others).toEqual([])
  // A young one may belong to a process that goes on.
  await diskStore(root).put('tenants/one/a.txt', bodyOf('a'), about)
  expect(await readdir(join(root, '.uploads'))).toEqual([left])
  await utimes(join(root, '.uploads', left!), new Date(0), new Date(0))
  await diskStore(root).put('tenants/one/a.txt', bodyOf('a'), about)
  expect(await readdir(join(root, '.uploads'))).toEqual([])
})

test('folders go with their last file, and what stands in the way is said', async () => {
  const { root, store } = await ground()
  await store.put('tenants/one/x/y/z.txt', bodyOf('z'), about)
  expect(await store.delete('tenants/one/x/y/z.txt')).toBe(true)
  expect(await readdir(join(root, 'tenants/one'))).toEqual(['sub'])
  await expect(store.put('tenants/one/sub', bodyOf('x'), about)).rejects.toMatchObject(refused)
  await expect(store.put('tenants/one/sub/secret.txt/x', bodyOf('x'), about)).rejects.toMatchObject(refused)
  expect(await store.get('tenants/one/sub')).toBeUndefined()
  expect(await store.get('tenants/one/sub/secret.txt/x')).toBeUndefined()
  expect(await readdir(join(root, '.uploads'))).toEqual([])
})

test('a folder that does not exist is an error that names it, and is not created', async () => {
  const missing = diskStore(join(folder, 'not-mounted'))
  for (const work of [
    () => missing.put('tenants/one/a.txt', bodyOf('a'), about),
    () => missing.get('tenants/one/a.txt'),
    () => missing.list('tenants/one', { limit: 1 }),
  ])
    await expect(work()).rejects.toMatchObject({ code: 'FILE_STORE_FAILED', message: expect.stringContaining('not-mounted') })
  for (const root of ['', undefined, 7, 'a\0b'])
    expect(() => diskStore(root as never)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
})

test('a large file is stored in little memory', async () => {
  const { store } = await ground()
  const size = 96 * 2 ** 20
  let most = 0
  const before = process.memoryUsage().arrayBuffers
  const chunk = Buffer.alloc(2 ** 20, 1)
  const chunks = async function* (): AsyncGenerator<Uint8Array> {
    for (let sent = 0; sent < size; sent += 2 ** 20) {
      most = Math.max(most, process.memoryUsage().arrayBuffers - before)
      yield chunk
    }
  }
  expect(await store.put('tenants/one/large.bin', chunks(), about)).toMatchObject({ size })
  expect(most).toBeLessThan(32 * 2 ** 20)
  most = 0
  const kept: Uint8Array[] = []
  for await (const each of chunks()) kept.push(Buffer.from(each))
  expect(most).toBeGreaterThan(32 * 2 ** 20)
})
