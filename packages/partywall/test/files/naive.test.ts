/** Stores as applications write them. Each breaks a rule of the contract, so the contract would see such a mistake in ours. */
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { TenancyError } from '../../src/errors.ts'
import { Scope } from '../../src/scope/scope.ts'
import type { FileSpace } from '../../src/files/files.ts'
import { plainTenant } from '../support/tenants/plain-tenant.ts'
import { rules, type FilesSubject } from './contract.ts'

const folder = await mkdtemp(join(tmpdir(), 'partywall-naive-'))
afterAll(() => rm(folder, { recursive: true, force: true }))

const two = 'two tenants that store logo.png have two files'
const out = 'a path that leads out of the folder is refused, whatever is done with it'
const half = 'an upload that fails leaves nothing, and the older file stays'

test.each<[string, (root: string, id: string, path: string) => string, readonly string[]]>([
  ['one folder for all tenants', (root, _id, path) => join(root, path), [two, out, half]],
  ['the folder of the tenant, joined with the path', (root, id, path) => join(root, id, path), [out, half]],
  [
    'a path that is compared with the root of all tenants',
    (root, id, path) => {
      const file = resolve(root, id, path)
      if (!file.startsWith(root)) throw new TenancyError('INVALID_ARGUMENT', 'out')
      return file
    },
    [out, half],
  ],
  [
    'a path that is compared with the folder of the tenant',
    (root, id, path) => {
      const file = resolve(root, id, String(path))
      if (!file.startsWith(join(root, id))) throw new TenancyError('INVALID_ARGUMENT', 'out')
      return file
    },
    [out, half],
  ],
])('%s', async (_, place, broken) => {
  const subject = naive(place)
  const outcomes = await Promise.allSettled(rules.map((rule) => rule.check(subject)))
  const found = rules.filter((_rule, index) => outcomes[index]!.status === 'rejected').map(({ name }) => name)
  expect(found).toEqual(expect.arrayContaining([...broken]))
})

function naive(place: (root: string, id: string, path: string) => string): FilesSubject {
  const scope = new Scope()
  const tenants = ['acme', 'globex'] as const
  const of = (tenant: string) => plainTenant(tenants.indexOf(tenant as never), tenant)
  const root = join(folder, String(Math.random()))
  const at = (path: string): string => place(root, scope.current().id, path)
  const facts = async (path: string) => {
    const { size, mtimeMs } = await stat(at(path))
    return { path, size, etag: `${size}-${mtimeMs}`, contentType: 'image/png' }
  }
  const files = {
    async put(path: string, body: string | AsyncIterable<Uint8Array>) {
      await mkdir(dirname(at(path)), { recursive: true })
      await writeFile(at(path), body)
      return facts(path)
    },
    get: async (path: string) => ({ text: () => readFile(at(path), 'utf8') }),
    stat: facts,
    exists: async (path: string) => (await readdir(dirname(at(path)))).length > 0,
  } as unknown as FileSpace
  return {
    files,
    tenants,
    idOf: async (tenant) => of(tenant).id,
    run: (tenant, fn) => scope.run(of(tenant), fn),
    runShared: (fn) => scope.runShared(fn),
  }
}
