/** Signed addresses: what was not signed exactly so is refused, and all refusals are alike. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import express from 'express'
import { Hono } from 'hono'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { diskStore, tenantFiles } from '../../src/files/files.ts'
import { s3Store } from '../../src/files/s3-store.ts'
import { createTenancy } from '../../src/index.ts'
import { listen } from '../http/listen.ts'
import { testDatabase } from '../support/servers/database.ts'
import { startS3 } from '../support/servers/s3.ts'

const { url } = await testDatabase()
const root = await mkdtemp(join(tmpdir(), 'partywall-signed-'))
const base = { database: url, migrations: { shared: false, tenant: false } } as const
const tenancy = createTenancy({ ...base, files: { store: diskStore(root), quota: 10_000 } })
const [secret, older] = ['a secret of thirty-two characters!', 'the older secret, of as many chars']
const files = tenantFiles(tenancy, { secret })
beforeAll(async () => {
  for (const schema of ['acme', 'globex', 'initech']) {
    await tenancy.tenants.create({ schema })
    await tenancy.run(schema, () => files.put('reports/q1 ü.html', `<script>${schema}</script>`))
  }
})
afterAll(async () => {
  await tenancy.close()
  await rm(root, { recursive: true, force: true })
})

const sign = (options?: Parameters<typeof files.signedUrl>[1], path = 'reports/q1 ü.html', tenant = 'acme') =>
  tenancy.run(tenant, () => files.signedUrl(path, options))
const host = 'localhost'

const served = () => listen(express().use('/files', files.handler))

test('an address serves its file, as a download that runs no script, and in parts', async () => {
  const { send } = await served()
  const path = await sign()
  const answer = await send({ host, path })
  expect(answer).toMatchObject({ status: 200, text: '<script>acme</script>' })
  expect(answer.headers).toMatchObject({
    'content-type': 'text/html; charset=utf-8',
    'content-disposition': `attachment; filename="q1 _.html"; filename*=UTF-8''q1%20%C3%BC.html`,
    'x-content-type-options': 'nosniff',
    'cache-control': expect.stringMatching(/^private, max-age=(?:900|899)$/),
    'content-security-policy': expect.stringContaining('sandbox'),
  })
  expect(await send({ host, path, headers: { range: 'bytes=8-11' } })).toMatchObject({ status: 206, text: 'acme' })
  expect(await send({ host, path, method: 'HEAD' })).toMatchObject({ status: 200, text: '' })
  expect((await send({ host, path, headers: { 'if-none-match': answer.headers.etag! } })).status).toBe(304)
  const inline = await send({ host, path: await sign({ download: { inline: true } }) })
  expect(inline.headers['content-disposition']).toMatch(/^inline;/)
  const named = await send({ host, path: await sign({ download: 'a"b\r\nset-cookie: x.pdf' }) })
  expect(named.headers['content-disposition']).not.toMatch(/[\r\n]/)
  expect(named.headers['set-cookie']).toBeUndefined()
})

test('whatever is changed is refused, with one answer', async () => {
  const { send } = await served()
  const path = await sign()
  const [before, query] = path.split('?') as [string, string]
  const { id } = await tenancy.tenants.get('globex')
  const own = (await tenancy.tenants.get('acme')).id
  const change = (name: string, value: string): string => {
    const changed = new URLSearchParams(query)
    changed.set(name, value)
    return `${before}?${changed}`
  }
  const signature = new URLSearchParams(query).get('signature')!
  const forged = [
    change('tenant', id),
    path.replaceAll(own, id),
    path.replace(own, id),
    change('expires', '99999999999'),
    change('method', 'PUT'),
    change('disposition', 'inline'),
    change('most', '1'),
    change('signature', ''),
    change('signature', signature.slice(0, -1)),
    change('signature', `${signature}AAAA`),
    change(
      'signature',
      signature.replace(/^./, (one) => (one === 'A' ? 'B' : 'A')),
    ),
    change('tenant', 'acme'),
    change('tenant', `${own}'`),
    change('tenant', '00000000-0000-0000-0000-000000000000'),
    before,
    `/files/${own}/reports/../reports/q1%20%C3%BC.html?${query}`,
    `/files/${own}/reports%2fq1%20%C3%BC.html/..?${query}`,
    `/files/${own}/?${query}`,
    `/files/?${query}`,
    `/files/${own}/%E0%A4%A?${query}`,
    `/files/${own}/logo.png?${query}`,
  ]
  const answers = await Promise.all(forged.map((one) => send({ host, path: one })))
  // `..` and codes are taken away by the URL itself before anything is compared: these two are the same address.
  const same = answers.filter(({ status }) => status === 200).length
  expect(same).toBe(1)
  const texts = new Set(answers.filter(({ status }) => status !== 200).map(({ status, text }) => `${status} ${text}`))
  expect([...texts]).toEqual(['403 This address is not valid, or not any more.\n'])
  expect((await send({ host, path, method: 'PUT', body: 'x' })).status).toBe(403)
  expect((await send({ host, path, method: 'DELETE' })).status).toBe(403)
})

test('an address is over, also one of a tenant that is suspended or deleted, or of another secret', async () => {
  const { send } = await served()
  const path = await sign({ expiresInSeconds: 60 })
  const now = vi.spyOn(Date, 'now').mockReturnValue(Date.now() + 61_000)
  expect((await send({ host, path })).status).toBe(403)
  now.mockRestore()
  expect((await send({ host, path })).status).toBe(200)

  const rotated = tenantFiles(tenancy, { secrets: [older, secret] })
  const strict = tenantFiles(tenancy, { secret: older })
  const ask = async (handler: typeof files) => (await handler.fetch(new Request(`http://localhost${path}`))).status
  expect([await ask(rotated), await ask(strict)]).toEqual([200, 403])

  const ofInitech = await sign({}, 'reports/q1 ü.html', 'initech')
  await tenancy.tenants.suspend('initech')
  expect((await send({ host, path: ofInitech })).status).toBe(403)
  await tenancy.tenants.delete('initech', { confirm: 'initech' })
  expect((await send({ host, path: ofInitech })).status).toBe(403)
})

test('in the scope of another tenant, an address is refused', async () => {
  const path = await sign()
  const ask = () => files.fetch(new Request(`http://localhost${path}`))
  expect((await tenancy.run('globex', ask)).status).toBe(403)
  expect((await tenancy.run('acme', ask)).status).toBe(200)
  expect((await tenancy.runShared(ask)).status).toBe(200)
})

test('an address takes one upload, no larger than it says, and within the quota', async () => {
  const app = new Hono()
  app.all('/files/*', (c) => files.fetch(c.req.raw))
  const path = await sign({ method: 'PUT', maxBytes: 10 }, 'up/new.txt', 'globex')
  const put = (body: string | undefined, to = path) => app.request(to, { method: 'PUT', ...(body !== undefined && { body }) })
  expect((await put('0123456789')).status).toBe(204)
  expect((await put('0123456789a')).status).toBe(413)
  expect((await app.request(path)).status).toBe(403)
  expect(await tenancy.run('globex', async () => (await files.get('up/new.txt'))!.text())).toBe('0123456789')
  const large = await sign({ method: 'PUT', maxBytes: 20_000 }, 'up/large.txt', 'globex')
  expect((await put('x'.repeat(15_000), large)).status).toBe(413)
  expect(await tenancy.run('globex', () => files.exists('up/large.txt'))).toBe(false)
})

test('the address of a file carries its tenant, by the pattern', async () => {
  const { id } = await tenancy.tenants.get('acme')
  const urls = (pattern?: string) =>
    tenancy.run('acme', async () => tenantFiles(tenancy, pattern === undefined ? {} : { url: pattern }).url('a b/c#1.png'))
  expect(await urls()).toBe(`/files/${id}/a%20b/c%231.png`)
  expect(await urls('https://cdn.example.com/{schema}/media/')).toBe('https://cdn.example.com/acme/media/a%20b/c%231.png')
  expect(() => files.url('a')).toThrow(expect.objectContaining({ code: 'NO_TENANT' }))
  for (const pattern of ['/files', '/files/{name}', '', 7, '/{id}/{tenant}'])
    expect(() => tenantFiles(tenancy, { url: pattern as never })).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
  // A variable that is not set must not be no secret.
  for (const wrong of ['short', 7, undefined])
    expect(() => tenantFiles(tenancy, { secret: wrong as never })).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
  await expect(tenancy.run('acme', () => tenantFiles(tenancy).signedUrl('a'))).rejects.toMatchObject({ code: 'INVALID_OPTION' })
  for (const options of [
    { expiresInSeconds: 0 },
    { expiresInSeconds: 8 * 86_400 },
    { method: 'DELETE' },
    { download: '' },
    { expires: 1 },
  ])
    await expect(sign(options as never)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
})

test('S3 serves and takes files by addresses of its own', async () => {
  const s3 = await startS3()
  const store = s3Store({ client: s3.client, bucket: s3.bucket })
  const other = createTenancy({ ...base, files: { store } })
  const ofS3 = tenantFiles(other)
  const { id } = await other.tenants.get('acme')
  await other.run('acme', () => ofS3.put('a.txt', 'in the bucket'))
  const address = await other.run('acme', () => ofS3.signedUrl('a.txt', { download: 'b.txt' }))
  expect(address).toContain(`/uploads/tenants/${id}/a.txt?`)
  const answer = await fetch(address)
  expect([answer.status, await answer.text(), answer.headers.get('content-disposition')]).toEqual([
    200,
    'in the bucket',
    'attachment; filename="b.txt"',
  ])
  expect(address).toMatch(/X-Amz-Expires=900.*X-Amz-Signature=/)
  await expect(other.run('acme', () => ofS3.signedUrl('b.txt', { method: 'PUT' }))).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
  })
  const up = await other.run('acme', () => ofS3.signedUrl('b.txt', { method: 'PUT', size: 3 }))
  expect(up).toContain('content-length')
  expect((await fetch(up, { method: 'PUT', body: 'abc', headers: { 'content-type': 'text/plain; charset=utf-8' } })).status).toBe(
    200,
  )
  await other.close()
  const counted = createTenancy({ ...base, files: { store, quota: 10 } })
  await expect(
    counted.run('acme', () => tenantFiles(counted).signedUrl('b.txt', { method: 'PUT', size: 3 })),
  ).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
  })
  // The server is gone.
  await s3.stop()
  await expect(counted.run('acme', () => tenantFiles(counted).get('a.txt'))).rejects.toMatchObject({ code: 'FILE_STORE_FAILED' })
  await counted.close()
})
