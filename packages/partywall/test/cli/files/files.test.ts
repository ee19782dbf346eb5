/** `partywall files`, and what other commands do with files, by the real command line. */
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { diskStore, tenantFiles } from '../../../src/files/files.ts'
import { createTenancy } from '../../../src/index.ts'
import { testDatabase } from '../../support/servers/database.ts'
import { project, type Project } from '../partywall.ts'

const { url } = await testDatabase()
const config = `
import { join } from 'node:path'
import { defineConfig } from 'partywall'
import { diskStore } from 'partywall/files'
export default defineConfig({
  database: process.env.DATABASE_URL,
  files: { store: diskStore(join(import.meta.dirname, 'uploads')), quota: 1000 },
})
`
let run: Project['run']
let folder: string
beforeAll(async () => {
  ;({ run, folder } = await project(url, { 'partywall.config.ts': config, 'uploads/.keep': '' }))
  await run('tenant create acme')
  await run('tenant create globex')
  // As the application does it, with the same config.
  await using tenancy = createTenancy({
    database: url,
    migrations: { shared: false, tenant: false },
    files: { store: diskStore(join(folder, 'uploads')), quota: 1000 },
  })
  await tenancy.run('acme', () => tenantFiles(tenancy).put('a/b.txt', 'twelve bytes'))
})

test('usage shows each tenant with its limit', async () => {
  const { code, json } = await run('files usage --json')
  expect(code).toBe(0)
  expect(json).toMatchObject([
    { schema: 'acme', bytes: 12, files: 1, limit: 1000 },
    { schema: 'globex', bytes: 0, files: 0, limit: 1000 },
  ])
  const { stdout } = await run('files usage acme')
  expect(stdout).toMatch(/^tenant +files +bytes +limit/)
  expect(stdout).toMatch(/^acme +1 +12 +1000/m)
  expect((await run('files usage none')).code).not.toBe(0)
})

test('recount finds what another program has stored', async () => {
  const [{ id }] = (await run('files usage acme --json')).json as [{ id: string }]
  await writeFile(join(folder, 'uploads/tenants', id, 'new.txt'), '12345')
  expect((await run('files recount acme --json')).json).toMatchObject([{ schema: 'acme', bytes: 17, files: 2 }])
})

test('a clone on the command line copies the files, and a deletion removes them', async () => {
  expect((await run('tenant clone acme copy')).code).toBe(0)
  expect((await run('tenant clone acme bare --no-files')).code).toBe(0)
  expect((await run('files usage --json')).json).toMatchObject([
    { schema: 'acme', files: 2 },
    { schema: 'bare', files: 0 },
    { schema: 'copy', files: 2, bytes: 17 },
    { schema: 'globex', files: 0 },
  ])
  expect((await readdir(join(folder, 'uploads/tenants'))).length).toBe(2)
  expect((await run('tenant delete copy --confirm copy')).code).toBe(0)
  expect((await readdir(join(folder, 'uploads/tenants'))).length).toBe(1)
})

test('without the option files there is nothing to count', async () => {
  const other = await project(url)
  const { code, stderr } = await other.run('files usage')
  expect(code).not.toBe(0)
  expect(stderr).toContain('files')
})
