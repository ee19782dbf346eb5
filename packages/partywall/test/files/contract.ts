/** What holds for every store of files. A naive store breaks rules of it: naive.test.ts shows which. */
import { createReadStream } from 'node:fs'
import { Readable } from 'node:stream'
import { ReadableStream } from 'node:stream/web'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import type { FileSpace, TenantFiles } from '../../src/files/files.ts'
import { badPaths, goodPaths } from './bad-paths.ts'

export interface FilesSubject {
  readonly files: FileSpace & Partial<Pick<TenantFiles, 'shared' | 'usage'>>
  /** Two tenants, by their schemas. */
  readonly tenants: readonly [string, string]
  idOf(tenant: string): Promise<string>
  run<T>(tenant: string, fn: () => Promise<T>): Promise<T>
  runShared<T>(fn: () => Promise<T>): Promise<T>
}

export interface Rule {
  readonly name: string
  check(subject: FilesSubject): Promise<void>
}

const textOf = async ({ files, run }: FilesSubject, tenant: string, path: string): Promise<string | undefined> =>
  run(tenant, async () => (await files.get(path))?.text())

export const rules: readonly Rule[] = [
  {
    name: 'two tenants that store logo.png have two files',
    async check(subject) {
      const { files, run, tenants } = subject
      for (const tenant of tenants) await run(tenant, () => files.put('logo.png', `the logo of ${tenant}`))
      for (const tenant of tenants) expect(await textOf(subject, tenant, 'logo.png')).toBe(`the logo of ${tenant}`)
      const facts = await run(tenants[0], () => files.stat('logo.png'))
      expect(facts).toMatchObject({
        path: 'logo.png',
        size: Buffer.byteLength(`the logo of ${tenants[0]}`),
        contentType: 'image/png',
      })
      const other = await run(tenants[1], () => files.stat('logo.png'))
      expect(facts!.etag).not.toBe(other!.etag)
    },
  },
  {
    name: 'a path with folders stays below the folder of the tenant',
    async check(subject) {
      const { files, run, tenants } = subject
      const [one, other] = tenants
      await run(one, () => files.put('deep/er/a.txt', 'deep'))
      expect(await textOf(subject, one, 'deep/er/a.txt')).toBe('deep')
      expect(await textOf(subject, other, 'deep/er/a.txt')).toBeUndefined()
      expect(await run(other, () => files.exists('deep/er/a.txt'))).toBe(false)
    },
  },
  {
    name: 'a path that leads out of the folder is refused, whatever is done with it',
    async check({ files, run, tenants: [one, other], idOf }) {
      await run(other, () => files.put('secret.txt', 'a secret'))
      const id = await idOf(other)
      const crossing = [
        `../${id}/secret.txt`,
        `a/../../${id}/secret.txt`,
        `..%2f${id}%2fsecret.txt`,
        `../../tenants/${id}/secret.txt`,
      ]
      await run(one, async () => {
        const accepted: string[] = []
        for (const path of [...badPaths, ...crossing, 7 as never, null as never, {} as never, ['a'] as never]) {
          const works: Record<string, () => Promise<unknown>> = {
            put: () => files.put(path, 'x'),
            get: () => files.get(path),
            stat: () => files.stat(path),
            exists: () => files.exists(path),
            delete: () => files.delete(path),
            'copy from': () => files.copy(path, 'x'),
            'copy to': () => files.copy('x', path),
            'move from': () => files.move(path, 'x'),
            'move to': () => files.move('x', path),
            list: () => files.list({ folder: path }),
          }
          for (const [name, work] of Object.entries(works)) {
            const code = await work().then(
              () => 'done',
              (error: { code?: string }) => error.code,
            )
            if (code !== 'INVALID_ARGUMENT') accepted.push(`${name} ${JSON.stringify(path)}: ${code}`)
          }
        }
        expect(accepted).toEqual([])
      })
      expect(await run(other, async () => (await files.get('secret.txt'))!.text())).toBe('a secret')
    },
  },
  {
    name: 'unusual names are kept as they are, and each is found in the list',
    async check(subject) {
      const { files, run, tenants } = subject
      const [one] = tenants
      for (const path of goodPaths) await run(one, () => files.put(`names/${path}`, `in ${path}`))
      for (const path of goodPaths) expect(await textOf(subject, one, `names/${path}`)).toBe(`in ${path}`)
      const listed = await run(one, () => Array.fromAsync(files.each({ folder: 'names' })))
      expect(listed.map(({ path }) => path).toSorted()).toEqual(goodPaths.map((path) => `names/${path}`).toSorted())
      // Two ways to write one name are one file.
      await run(one, () => files.put('caf\u00e9.txt', 'composed'))
      await run(one, () => files.put('cafe\u0301.txt', 'decomposed'))
      expect(await textOf(subject, one, 'caf\u00e9.txt')).toBe('decomposed')
    },
  },
  {
    name: 'without a tenant nothing is done, and the shared files are another place',
    async check({ files, run, runShared, tenants: [one] }) {
      const body = Readable.from(['x'])
      const works: readonly (() => Promise<unknown>)[] = [
        () => files.put('a.txt', body),
        () => files.get('a.txt'),
        () => files.stat('a.txt'),
        () => files.exists('a.txt'),
        () => files.list(),
        () => files.delete('a.txt'),
        () => files.copy('a.txt', 'b.txt'),
        () => files.move('a.txt', 'b.txt'),
        async () => files.each(),
      ]
      for (const work of works) {
        await expect(work()).rejects.toMatchObject({ code: 'NO_TENANT' })
        await expect(runShared(work)).rejects.toMatchObject({ code: 'NO_TENANT' })
      }
      expect(body.destroyed).toBe(false)
      await files.shared!.put('terms.pdf', 'for all')
      expect(await run(one, () => files.exists('terms.pdf'))).toBe(false)
      expect(await run(one, async () => (await files.shared!.get('terms.pdf'))!.text())).toBe('for all')
      expect((await files.shared!.list()).files.map(({ path }) => path)).toEqual(['terms.pdf'])
    },
  },
  {
    name: 'the list has the files of one tenant alone, page by page, in one order',
    async check({ files, run, tenants: [one, other] }) {
      const names = ['a-b/1.txt', 'a.txt', 'a/1.txt', 'a/2/3.txt', 'a0.txt', 'b.txt']
      for (const name of names) await run(one, () => files.put(`list/${name}`, name))
      await run(other, () => files.put('list/of-other.txt', 'x'))
      await run(one, async () => {
        const seen: string[] = []
        let after: string | undefined
        do {
          const page = await files.list({ folder: 'list', limit: 2, ...(after !== undefined && { after }) })
          expect(page.files.length).toBeLessThanOrEqual(2)
          seen.push(...page.files.map(({ path }) => path))
          after = page.next
        } while (after !== undefined)
        expect(seen).toEqual(names.map((name) => `list/${name}`))
        expect((await files.list({ folder: 'list/a' })).files.map(({ path }) => path)).toEqual(['list/a/1.txt', 'list/a/2/3.txt'])
        expect((await files.list({ folder: 'no-such' })).files).toEqual([])
        for (const limit of [0, 1001, 1.5, Number.NaN])
          await expect(files.list({ limit })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
      })
    },
  },
  {
    name: 'a file is deleted, copied and moved within its tenant alone',
    async check(subject) {
      const { files, run, tenants } = subject
      const [one, other] = tenants
      for (const tenant of tenants) await run(tenant, () => files.put('work/a.txt', tenant))
      await run(one, async () => {
        expect(await files.copy('work/a.txt', 'work/copy/b.txt')).toMatchObject({ path: 'work/copy/b.txt' })
        expect(await files.move('work/a.txt', 'work/c.txt')).toMatchObject({ path: 'work/c.txt' })
        expect(await files.move('work/none.txt', 'work/d.txt')).toBeUndefined()
        expect(await files.copy('work/none.txt', 'work/d.txt')).toBeUndefined()
        expect(await files.exists('work/a.txt')).toBe(false)
        expect(await files.move('work/c.txt', 'work/c.txt')).toMatchObject({ path: 'work/c.txt' })
        expect(await files.delete('work/c.txt')).toBe(true)
        expect(await files.delete('work/c.txt')).toBe(false)
      })
      expect(await textOf(subject, one, 'work/copy/b.txt')).toBe(one)
      expect(await textOf(subject, other, 'work/a.txt')).toBe(other)
      expect(await textOf(subject, other, 'work/copy/b.txt')).toBeUndefined()
    },
  },
  {
    name: 'every kind of body is stored as it is',
    async check({ files, run, tenants: [one] }) {
      const here = fileURLToPath(import.meta.url)
      const bodies: Record<string, () => [body: Parameters<FileSpace['put']>[1], size: number]> = {
        text: () => ['häuser', 7],
        'empty text': () => ['', 0],
        Buffer: () => [Buffer.from([0, 255, 10]), 3],
        ArrayBuffer: () => [new Uint8Array([1, 2, 3]).buffer, 3],
        Blob: () => [new Blob(['of a form']), 9],
        'web stream': () => [webStream(['one', 'two']) as never, 6],
        'stream of text': () => [Readable.from(['one', 'zwölf']), 9],
        'empty stream': () => [Readable.from([]), 0],
        'stream of a file': () => [createReadStream(here, { end: 99 }), 100],
      }
      await run(one, async () => {
        for (const [name, make] of Object.entries(bodies)) {
          const [body, size] = make()
          expect({ name, ...(await files.put(`bodies/${name}`, body)) }).toMatchObject({ name, size })
          expect({ name, size: (await (await files.get(`bodies/${name}`))!.bytes()).byteLength }).toEqual({ name, size })
        }
        expect(await (await files.get('bodies/Buffer'))!.bytes()).toEqual(Buffer.from([0, 255, 10]))
        expect(await (await files.get('bodies/text', { start: 3, end: 5 }))!.text()).toBe('use')
        for (const body of [undefined, null, 7, {}, ['x']])
          await expect(files.put('bodies/no', body as never)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
        await expect(files.put('bodies/no', Readable.from([{ an: 'object' }]))).rejects.toMatchObject({
          code: 'INVALID_ARGUMENT',
        })
        const used = Readable.from(['x'])
        await used.toArray()
        await expect(files.put('bodies/no', used)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
        expect(await files.exists('bodies/no')).toBe(false)
      })
    },
  },
  {
    name: 'an upload that fails leaves nothing, and the older file stays',
    async check(subject) {
      const { files, run, tenants } = subject
      const [one] = tenants
      await run(one, () => files.put('kept.txt', 'the older one'))
      const aborted = new AbortController()
      aborted.abort(new Error('stop'))
      await run(one, async () => {
        for (const path of ['kept.txt', 'new.txt']) {
          await expect(files.put(path, failing())).rejects.toThrow('the client has gone')
          await expect(files.put(path, Readable.from(['ab', 'cd']), { maxBytes: 3 })).rejects.toMatchObject({
            code: 'INVALID_ARGUMENT',
          })
          await expect(files.put(path, Readable.from(['ab', 'cd']), { size: 5 })).rejects.toMatchObject({
            code: 'INVALID_ARGUMENT',
          })
          await expect(files.put(path, Readable.from(['ab', 'cd']), { size: 3 })).rejects.toMatchObject({
            code: 'INVALID_ARGUMENT',
          })
          await expect(files.put(path, Readable.from(['ab']), { signal: aborted.signal })).rejects.toThrow(/abort|stop/)
          await expect(files.put(path, 'ab', { siez: 2 } as never)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
        }
      })
      expect(await textOf(subject, one, 'kept.txt')).toBe('the older one')
      expect(await textOf(subject, one, 'new.txt')).toBeUndefined()
    },
  },
  {
    name: 'an upload belongs to the tenant in whose scope it began',
    async check(subject) {
      const { files, run, tenants } = subject
      const [one, other] = tenants
      let go!: () => void
      const waiting = new Promise<void>((resolve) => (go = resolve))
      const slow = (async function* () {
        yield 'of '
        await waiting
        yield one
      })()
      const upload = run(one, () => files.put('slow.txt', Readable.from(slow)))
      await run(other, async () => {
        await files.put('other.txt', 'x')
        go()
        await upload
      })
      expect(await textOf(subject, one, 'slow.txt')).toBe(`of ${one}`)
      expect(await textOf(subject, other, 'slow.txt')).toBeUndefined()
      const pages = await run(one, async () => files.each({ folder: 'deep' }))
      expect((await run(other, () => Array.fromAsync(pages))).map(({ path }) => path)).toEqual(['deep/er/a.txt'])
    },
  },
  {
    name: 'uploads to one path at the same time leave one of them, whole',
    async check(subject) {
      const { files, run, tenants } = subject
      const bodies = Array.from({ length: 6 }, (_, number) => String(number).repeat(50_000))
      await Promise.all(bodies.map((body) => run(tenants[0], () => files.put('race/one.txt', Readable.from([body])))))
      expect(bodies).toContain(await textOf(subject, tenants[0], 'race/one.txt'))
      await run(tenants[0], async () => {
        const both = ['race/deep/x.txt', 'race/deep/y.txt']
        for (let round = 0; round < 10; round++)
          await Promise.all([files.put(both[0]!, 'x'), files.put(both[1]!, 'y').then(() => files.delete(both[1]!))])
        expect(await files.exists(both[0]!)).toBe(true)
      })
    },
  },
]

function failing(): Readable {
  return Readable.from(
    (async function* () {
      for (let part = 0; part < 60; part++) yield Buffer.alloc(2 ** 18, part)
      throw new Error('the client has gone')
    })(),
  )
}

function webStream(parts: readonly string[]): ReadableStream {
  return new ReadableStream({
    start(controller) {
      for (const part of parts) controller.enqueue(new TextEncoder().encode(part))
      controller.close()
    },
  })
}
