/** The example of docs/files.md, as it stands there, on a real server: uploads, downloads, signed addresses, and an upload that is too large. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import express from 'express'
import { afterAll, expect, test, vi } from 'vitest'
import { diskStore } from '../../src/files/files.ts'
import { tenancyErrors, tenantScope } from '../../src/http/express.ts'
import { byHost, createTenancy } from '../../src/index.ts'
import { listen } from '../http/listen.ts'
import { examplePage } from '../http/page-example.ts'
import { testDatabase } from '../support/servers/database.ts'

const { url } = await testDatabase()
const root = await mkdtemp(join(tmpdir(), 'partywall-doc-'))
const tenancy = createTenancy({
  database: url,
  migrations: { shared: false, tenant: false },
  resolve: [byHost({ base: 'example.com' })],
  files: { store: diskStore(root), quota: 2 ** 20 },
})
afterAll(async () => {
  vi.unstubAllGlobals()
  vi.unstubAllEnvs()
  await tenancy.close()
  await rm(root, { recursive: true, force: true })
})

const at = (tenant: string, path: string) => ({ host: `${tenant}.example.com`, path })

test('the example keeps the files of two tenants apart, and answers an upload that is too large with 413', async () => {
  for (const schema of ['acme', 'globex']) await tenancy.tenants.create({ schema })
  const app = express().use(tenantScope(tenancy))
  vi.stubGlobal('tenancy', tenancy)
  vi.stubGlobal('app', app)
  vi.stubEnv('FILES_SECRET', 'a secret of thirty-two characters!')
  const { exampleWith } = await examplePage('docs/files.md')
  await exampleWith('// upload.ts')
  app.use(tenancyErrors({ log: () => {} }))
  const { send } = await listen(app)
  for (const tenant of ['acme', 'globex'])
    expect(await send({ ...at(tenant, '/invoices/7/invoice.pdf'), method: 'PUT', body: `of ${tenant}` })).toMatchObject({
      status: 201,
      json: { path: 'invoices/7/invoice.pdf', size: 3 + tenant.length },
    })
  expect((await send({ ...at('acme', '/invoices/7/..%2f..%2fx%3f.pdf'), method: 'PUT', body: 'x' })).json).toMatchObject({
    path: 'invoices/7/x_.pdf',
  })
  expect((await send(at('acme', '/logo'))).status).toBe(404)
  const { json } = await send(at('globex', '/invoices/7/link'))
  expect((await send(at('globex', json.url))).text).toBe('of globex')
  expect((await send(at('acme', json.url))).status).toBe(403)
  expect((await send(at('acme', json.url.replace('invoice.pdf', 'x_.pdf')))).status).toBe(403)

  const large = (async function* () {
    for (let part = 0; part < 40; part++) yield 'x'.repeat(2 ** 16)
  })()
  expect(await send({ ...at('acme', '/invoices/8/large.bin'), method: 'PUT', body: large })).toMatchObject({
    status: 413,
    json: { code: 'QUOTA_EXCEEDED' },
  })
  expect((await send({ ...at('acme', '/invoices/8/small.bin'), method: 'PUT', body: 'x' })).status).toBe(201)
})
