/** Files that a tenant may have of its own, served by each framework: whose file it is, what caches may keep, and what is never served. */
import { mkdir, mkdtemp, realpath, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { createServer, type RequestListener } from 'node:http'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { getRequestListener } from '@hono/node-server'
import express5 from 'express'
import { fastify } from 'fastify'
import { Hono } from 'hono'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { tenancyErrors, tenantScope } from '../../src/http/express.ts'
import { tenancyErrors as fastifyErrors, tenantPlugin } from '../../src/http/fastify.ts'
import { tenancyErrors as honoErrors, tenantMiddleware } from '../../src/http/hono.ts'
import type { Resolver } from '../../src/index.ts'
import { byCookie } from '../../src/resolve/by-cookie.ts'
import { byHeader } from '../../src/resolve/by-header.ts'
import { byHost } from '../../src/resolve/by-host.ts'
import { byPath } from '../../src/resolve/by-path.ts'
import { staticFiles, type StaticFilesOptions } from '../../src/static-files/static-files.ts'
import { badPaths } from '../files/bad-paths.ts'
import { listen } from '../http/listen.ts'
import { createTenancyLike } from '../http/tenancy.ts'

const { default: express4 } = await vi.importActual<{ default: typeof express5 }>('express-v4')
const folder = await realpath(await mkdtemp(join(tmpdir(), 'partywall-static-')))
afterAll(() => rm(folder, { recursive: true, force: true }))

async function write(files: Record<string, string>): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), content)
    // One time for all, as a deploy sets it.
    await utimes(join(folder, path), 1_700_000_000, 1_700_000_000)
  }
}

await write({
  'public/logo.txt': 'common logo',
  'public/common.css': 'body {}',
  'public/.env': 'SECRET=1',
  'public/sub/index.html': '<p>common</p>',
  'themes/logo.txt': 'theme logo',
  'tenants/tenant1/public/logo.txt': 'logo of t1!',
  'tenants/tenant2/public/logo.txt': 'logo of t2!',
  'tenants/tenant2/public/own.txt': 'only t2',
  'tenants/tenant2/private.txt': 'not public',
  'outside.txt': 'outside',
})
await symlink(join(folder, 'outside.txt'), join(folder, 'public/link.txt'))
await symlink(folder, join(folder, 'public/all'))

const given: StaticFilesOptions = {
  common: [join(folder, 'public'), join(folder, 'themes')],
  tenants: join(folder, 'tenants/{schema}/public'),
}

function tenancyWith(resolvers: Resolver[] = [byHost({ base: 'example.com' })]) {
  const tenancy = createTenancyLike(resolvers)
  const { scope } = tenancy
  return { ...tenancy, scope: () => scope.value(), current: () => scope.current(), tryCurrent: () => scope.tryCurrent() }
}

type TenancyOfTest = ReturnType<typeof tenancyWith>
type App = (tenancy: TenancyOfTest, options?: Partial<StaticFilesOptions>) => Promise<RequestListener>

const ofExpress =
  (express: typeof express5): App =>
  async (tenancy, options) => {
    const app = express()
    app.use(tenantScope(tenancy as never, { none: 'shared', authorize: () => true }))
    app.use('/static', staticFiles(tenancy, { ...given, ...options }).express)
    app.use((_req, res) => void res.status(404).send('the app'))
    app.use(tenancyErrors({ log: () => {} }))
    return app
  }

const apps: Record<string, App> = {
  'Express 5': ofExpress(express5),
  'Express 4': ofExpress(express4),
  async Fastify(tenancy, options) {
    const app = fastify({ exposeHeadRoutes: true })
    app.setErrorHandler(fastifyErrors())
    app.register(tenantPlugin(tenancy as never, { none: 'shared', authorize: () => true }))
    const statics = staticFiles(tenancy, { ...given, ...options })
    app.register(async (inner) => void inner.get('/static/*', statics.fastify))
    await app.ready()
    return (req, res) => void app.routing(req, res)
  },
  async Hono(tenancy, options) {
    const app = new Hono()
    app.onError(honoErrors({ log: () => {} }))
    app.use(tenantMiddleware(tenancy as never, { none: 'shared', authorize: () => true }))
    app.use('/static/*', staticFiles(tenancy, { ...given, ...options }).hono)
    app.notFound((c) => c.text('the app', 404))
    return getRequestListener(app.fetch)
  },
}

const at = (name: string) => `${name}.example.com`

describe.each(Object.entries(apps))('%s', (_, appOf) => {
  test("the tenant's own file wins, and the common one is for all others", async () => {
    const { send } = await listen(await appOf(tenancyWith()))
    const get = async (host: string, path: string): Promise<string> => (await send({ host, path: `/static/${path}` })).text
    expect(await get(at('tenant1'), 'logo.txt')).toBe('logo of t1!')
    expect(await get(at('tenant2'), 'logo.txt')).toBe('logo of t2!')
    expect(await get(at('tenant3'), 'logo.txt')).toBe('common logo')
    expect(await get('example.com', 'logo.txt')).toBe('common logo')
    expect(await get(at('tenant1'), 'common.css')).toBe('body {}')
    expect(await get(at('tenant2'), 'own.txt')).toBe('only t2')
    expect((await send({ host: at('tenant1'), path: '/static/own.txt' })).status).toBe(404)
    expect(await get(at('tenant1'), 'sub/')).toBe('<p>common</p>')
    const answers = await Promise.all(
      Array.from({ length: 60 }, async (_each, index) => {
        const name = `tenant${(index % 3) + 1}`
        return `${name}: ${await get(at(name), 'logo.txt')}`
      }),
    )
    expect([...new Set(answers)].toSorted()).toEqual(['tenant1: logo of t1!', 'tenant2: logo of t2!', 'tenant3: common logo'])
  })

  test('types, lengths, HEAD, conditions and ranges are those of RFC 9110', async () => {
    const { send } = await listen(await appOf(tenancyWith()))
    const ask = (headers: Record<string, string> = {}, method = 'GET') =>
      send({ host: at('tenant1'), path: '/static/logo.txt?v=1', headers, method })
    const whole = await ask()
    expect(whole).toMatchObject({ status: 200, text: 'logo of t1!' })
    const { etag, 'last-modified': date } = whole.headers as Record<string, string>
    expect(whole.headers).toMatchObject({
      'content-type': 'text/plain; charset=utf-8',
      'content-length': '11',
      'accept-ranges': 'bytes',
      'last-modified': 'Tue, 14 Nov 2023 22:13:20 GMT',
      'x-content-type-options': 'nosniff',
    })
    expect(await ask({}, 'HEAD')).toMatchObject({ status: 200, text: '', headers: { 'content-length': '11', etag } })
    expect(await ask({ 'if-none-match': `"other", W/${etag}` })).toMatchObject({ status: 304, text: '' })
    expect((await ask({ 'if-none-match': '"other"', 'if-modified-since': date! })).status).toBe(200)
    expect((await ask({ 'if-modified-since': date! })).status).toBe(304)
    expect((await ask({ 'if-modified-since': 'Mon, 13 Nov 2023 22:13:20 GMT' })).status).toBe(200)
    const ranges: [string, number, string | undefined, string][] = [
      ['bytes=0-3', 206, 'bytes 0-3/11', 'logo'],
      ['bytes=8-', 206, 'bytes 8-10/11', 't1!'],
      ['bytes=-3', 206, 'bytes 8-10/11', 't1!'],
      ['bytes=5-99', 206, 'bytes 5-10/11', 'of t1!'],
      ['bytes=11-', 416, 'bytes */11', ''],
      ['bytes=-0', 416, 'bytes */11', ''],
      ['bytes=3-1', 200, undefined, 'logo of t1!'],
      ['bytes=0-1,3-4', 200, undefined, 'logo of t1!'],
      ['lines=0-1', 200, undefined, 'logo of t1!'],
    ]
    for (const [range, status, contentRange, text] of ranges) {
      const answer = await ask({ range })
      expect([range, answer.status, answer.headers['content-range'], answer.text]).toEqual([range, status, contentRange, text])
    }
    expect((await ask({ range: 'bytes=0-3', 'if-range': etag! })).status).toBe(206)
    expect((await ask({ range: 'bytes=0-3', 'if-range': '"older"' })).status).toBe(200)
  })

  test('what is no public file is not served: links, dots, folders, other tenants, paths that lead out', async () => {
    const { send, port } = await listen(await appOf(tenancyWith()))
    const status = async (path: string): Promise<number> => (await send({ host: at('tenant1'), path: `/static/${path}` })).status
    const encoded = badPaths.filter((path) => path.isWellFormed() && path !== '' && path !== 'a/').map(encodeURIComponent)
    const plain = [
      'link.txt',
      'all/outside.txt',
      '.env',
      'sub',
      'sub/..%2f..%2foutside.txt',
      '%2e%2e/outside.txt',
      '..%2foutside.txt',
      '%252e%252e%252foutside.txt',
      '..%5coutside.txt',
      'tenants/tenant2/public/own.txt',
      '..%2f..%2ftenant2/public/own.txt',
      '%2e%2e%2f%2e%2e%2ftenant2%2fprivate.txt',
      '%00',
      'logo.txt%00.png',
      'logo.txt%2f',
      '%E0%A4%A',
      'x'.repeat(3000),
    ]
    const found = await Promise.all([...encoded, ...plain].map(async (path) => [path, await status(path)] as const))
    expect(found.filter(([, code]) => code !== 404 && code !== 400 && code !== 414)).toEqual([])
    expect((await send({ host: at('tenant1'), path: '/static/logo.txt', method: 'POST' })).status).toBe(404)
    expect(port).toBeGreaterThan(0)
  })
})

test('a common cache and a browser cannot take the file of one tenant for that of another one', async () => {
  const urls = [byHost({ base: 'example.com' }), byPath({ prefix: '/t' })] as Resolver[]
  const ask = async (resolvers: Resolver[], headers: Record<string, string>, options: Partial<StaticFilesOptions> = {}) => {
    const { send } = await listen(await apps['Express 5']!(tenancyWith(resolvers), options))
    return (more: Record<string, string> = {}) =>
      send({ host: 'example.com', path: '/static/logo.txt', headers: { ...headers, ...more } })
  }
  const byUrl = await listen(await apps['Express 5']!(tenancyWith(urls.slice(0, 1)), { maxAgeSeconds: 60 }))
  expect((await byUrl.send({ host: 'tenant1.example.com', path: '/static/logo.txt' })).headers).toMatchObject({
    'cache-control': 'public, max-age=60',
    vary: 'Host',
  })
  const one = await ask([byHeader('x-tenant-id', { trusted: true })], { 'x-tenant-id': 'tenant1' }, { maxAgeSeconds: 60 })
  const other = await ask([byHeader('x-tenant-id', { trusted: true })], { 'x-tenant-id': 'tenant2' }, { maxAgeSeconds: 60 })
  const first = await one()
  expect(first.headers).toMatchObject({ 'cache-control': 'private, no-cache', vary: '*' })
  // The two files have one size and one time: an etag of these alone, and a date, would say that nothing has changed.
  const second = await other({ 'if-none-match': first.headers.etag! })
  expect(second).toMatchObject({ status: 200, text: 'logo of t2!' })
  expect(second.headers['last-modified']).toBe(first.headers['last-modified'])
  expect(second.headers['content-length']).toBe(first.headers['content-length'])
  expect((await other({ 'if-modified-since': first.headers['last-modified']! })).text).toBe('logo of t2!')
  const cookie = await ask([byCookie('tenant', { trusted: true })], { cookie: 'tenant=tenant1' })
  expect((await cookie()).headers).toMatchObject({ 'cache-control': 'private, no-cache', vary: 'Cookie' })
})

test('a file is found for the current tenant, and all files of a path, its own first', async () => {
  const tenancy = tenancyWith()
  const statics = staticFiles(tenancy, given)
  const of = async <T>(schema: string, fn: () => Promise<T>): Promise<T> =>
    (await tenancy.run(await tenancy.tenants.get(schema), fn)) as T
  expect(await of('tenant1', () => statics.find('logo.txt'))).toEqual({
    file: join(folder, 'tenants/tenant1/public/logo.txt'),
    layer: 'tenant',
  })
  expect((await of('tenant1', () => statics.findAll('logo.txt'))).map(({ file }) => file.slice(folder.length))).toEqual([
    '/tenants/tenant1/public/logo.txt',
    '/public/logo.txt',
    '/themes/logo.txt',
  ])
  expect((await of('tenant2', () => statics.findAll('logo.txt')))[0]!.file).toContain('/tenant2/')
  expect((await tenancy.runShared(() => statics.findAll('logo.txt'))).map(({ layer }) => layer)).toEqual(['common', 'common'])
  expect(await of('tenant1', () => statics.find('own.txt'))).toBeUndefined()
  await expect(statics.find('logo.txt')).rejects.toMatchObject({ code: 'NO_TENANT' })
  for (const path of badPaths)
    await expect(of('tenant1', () => statics.findAll(path))).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
})

test('the address of a file is without a tenant, unless the option names one', async () => {
  const tenancy = tenancyWith()
  expect(staticFiles(tenancy, given).url('css/a b.css')).toBe('/static/css/a%20b.css')
  const named = staticFiles(tenancy, { ...given, url: 'https://cdn.example.com/{schema}' })
  expect(await tenancy.run(await tenancy.tenants.get('tenant1'), () => named.url('a.css'))).toBe(
    'https://cdn.example.com/tenant1/a.css',
  )
  expect(() => named.url('a.css')).toThrow(expect.objectContaining({ code: 'NO_TENANT' }))
})

test('a folder that does not exist, or that all tenants would share, is an error at the start', () => {
  const tenancy = tenancyWith()
  const wrong: Record<string, unknown>[] = [
    {},
    { common: [] },
    { common: join(folder, 'missing') },
    { common: [join(folder, 'public'), join(folder, 'missing')] },
    { common: join(folder, 'outside.txt') },
    { common: '' },
    { common: 7 },
    { tenants: join(folder, 'missing/{schema}') },
    { tenants: join(folder, 'tenants/public') },
    { tenants: join(folder, 'tenants/{name}') },
    { ...given, index: '../x' },
    { ...given, maxAgeSeconds: -1 },
    { ...given, url: 7 },
    { ...given, root: folder },
  ]
  for (const options of wrong)
    expect(() => staticFiles(tenancy, options as never)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
  expect(() => staticFiles(tenancy, { common: join(folder, 'missing') })).toThrow(join(folder, 'missing'))
  expect(() => staticFiles({} as never, given)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
})

test('outside of every scope nothing is served', async () => {
  const app = express5().use('/static', staticFiles(tenancyWith(), given).express)
  app.use(tenancyErrors({ log: () => {} }))
  const { send } = await listen(createServer(app).listeners('request')[0] as RequestListener)
  expect((await send({ host: 'tenant1.example.com', path: '/static/logo.txt' })).status).toBe(500)
})
