/** Templates: the tenant's own first, compiled ones kept apart, also in the cache of Express, which knows only names. */
import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import express5 from 'express'
import { afterAll, beforeEach, expect, test, vi } from 'vitest'
import { tenancyErrors, tenantScope } from '../../src/http/express.ts'
import { tenantViews, type ViewEngine } from '../../src/static-files/static-files.ts'
import { badPaths } from '../files/bad-paths.ts'
import { listen } from '../http/listen.ts'
import { createTenancyLike } from '../http/tenancy.ts'

const { default: express4 } = await vi.importActual<{ default: typeof express5 }>('express-v4')
const folder = await realpath(await mkdtemp(join(tmpdir(), 'partywall-views-')))
afterAll(() => rm(folder, { recursive: true, force: true }))

async function write(files: Record<string, string>): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), content)
  }
}

beforeEach(() =>
  write({
    'views/emails/welcome.html': 'Welcome, {name}.',
    'views/only-common.html': 'common',
    'tenants/tenant1/views/emails/welcome.html': 'Hello from one, {name}!',
    'tenants/tenant2/views/emails/welcome.html': 'Hello from two, {name}!',
    'tenants/tenant2/views/own.html': 'own of two',
  }),
)

const tenancy = (() => {
  const { scope, ...rest } = createTenancyLike()
  return { ...rest, scope: () => scope.value(), current: () => scope.current() }
})()
await write({ 'views/.keep': '', 'tenants/.keep': '' })
const options = { common: join(folder, 'views'), tenants: join(folder, 'tenants/{schema}/views'), extension: '.html' }
const of = async <T>(schema: string, fn: () => Promise<T>): Promise<T> =>
  (await tenancy.run(await tenancy.tenants.get(schema), fn)) as T
const compile = (text: string) => (name: string) => text.replace('{name}', name)

test('the template of the tenant comes first, then the common one', async () => {
  const views = tenantViews(tenancy, options)
  const found = async (schema: string, name: string) => (await of(schema, () => views.resolve(name))).slice(folder.length)
  expect(await found('tenant1', 'emails/welcome')).toBe('/tenants/tenant1/views/emails/welcome.html')
  expect(await found('tenant2', 'emails/welcome.html')).toBe('/tenants/tenant2/views/emails/welcome.html')
  expect(await found('tenant3', 'emails/welcome.html')).toBe('/views/emails/welcome.html')
  expect((await of('tenant1', () => views.findAll('emails/welcome'))).map(({ layer }) => layer)).toEqual(['tenant', 'common'])
  expect(await of('tenant1', async () => views.folders())).toEqual([join(folder, 'tenants/tenant1/views'), join(folder, 'views')])
  await expect(found('tenant1', 'own')).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  await expect(views.resolve('own')).rejects.toMatchObject({ code: 'NO_TENANT' })
  await expect(views.load('own', compile)).rejects.toMatchObject({ code: 'NO_TENANT' })
  expect((await tenancy.runShared(() => views.resolve('emails/welcome'))).slice(folder.length)).toBe('/views/emails/welcome.html')
  for (const path of badPaths.filter((one) => one !== 'trailing.'))
    await expect(of('tenant1', () => views.resolve(path))).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
})

test('a compiled template is kept for its tenant alone, and until its file changes', async () => {
  const views = tenantViews(tenancy, options)
  let compiled = 0
  const counting = (text: string) => (compiled++, compile(text))
  const render = async (schema: string, name = 'emails/welcome') =>
    of(schema, async () => (await views.load(name, counting))('Ada'))
  // A cache of names alone gives the first tenant's to the second one.
  const naive = new Map<string, (name: string) => string>()
  const naively = (schema: string) =>
    of(schema, async () => {
      const kept = naive.get('emails/welcome') ?? compile(await readFile(await views.resolve('emails/welcome'), 'utf8'))
      naive.set('emails/welcome', kept)
      return kept('Ada')
    })
  expect([await naively('tenant1'), await naively('tenant2')]).toEqual(['Hello from one, Ada!', 'Hello from one, Ada!'])

  const rendered = await Promise.all(Array.from({ length: 30 }, (_, index) => render(`tenant${(index % 3) + 1}`)))
  expect([...new Set(rendered)].toSorted()).toEqual(['Hello from one, Ada!', 'Hello from two, Ada!', 'Welcome, Ada.'])
  const before = compiled
  for (const schema of ['tenant1', 'tenant2', 'tenant3']) await render(schema)
  expect(compiled).toBe(before)
  await write({ 'tenants/tenant1/views/emails/welcome.html': 'Changed for {name}' })
  await write({ 'tenants/tenant3/views/emails/welcome.html': 'Three has its own, {name}' })
  expect([await render('tenant1'), await render('tenant2'), await render('tenant3')]).toEqual([
    'Changed for Ada',
    'Hello from two, Ada!',
    'Three has its own, Ada',
  ])
  await rm(join(folder, 'tenants/tenant3'), { recursive: true })
  expect(await render('tenant3')).toBe('Welcome, Ada.')
  const upper = await of('tenant2', () => views.load('emails/welcome', (text) => text.toUpperCase()))
  expect(upper).toBe('HELLO FROM TWO, {NAME}!')
})

test('as many compiled templates are kept as the option says', async () => {
  const views = tenantViews(tenancy, { ...options, maxCompiled: 2 })
  let compiled = 0
  const counting = (text: string): string => (compiled++, text)
  for (let round = 0; round < 3; round++)
    for (let number = 1; number <= 6; number++) await of(`tenant${number}`, () => views.load('only-common', counting))
  expect(compiled).toBeGreaterThan(12)
  await expect(of('tenant1', () => views.load('only-common', 7 as never))).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  for (const wrong of [{ ...options, maxCompiled: 0 }, {}, { common: join(folder, 'none') }, { ...options, cache: true }])
    expect(() => tenantViews(tenancy, wrong as never)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
})

async function textsOf(app: express5.Express): Promise<string[]> {
  const { send } = await listen(app)
  const texts: string[] = []
  for (const schema of ['tenant1', 'tenant2', 'tenant3', 'tenant1'])
    texts.push((await send({ host: `${schema}.example.com`, path: '/welcome' })).text)
  return texts
}

const engine: ViewEngine = (path, given, callback) => {
  readFile(path, 'utf8').then(
    (text) => callback(null, text.replace('{name}', (given as { name?: string }).name ?? '')),
    (error: unknown) => callback(error),
  )
}

test.each([
  ['Express 5', express5],
  ['Express 4', express4],
])('%s renders the template of each tenant, with its cache of views', async (_, express) => {
  const app = express()
  app.engine('html', engine)
  app.set('view engine', 'html')
  app.set('view', tenantViews(tenancy, options).express)
  app.enable('view cache')
  app.use(tenantScope(tenancy as never))
  app.get('/welcome', (_req, res) => res.render('emails/welcome', { name: 'Ada' }))
  app.get('/missing', (_req, res) => res.render('missing'))
  app.use(tenancyErrors({ log: () => {} }))

  // As Express looks for views itself, in folders of the first tenant that asked.
  const naive = express()
  naive.engine('html', engine)
  naive.set('view engine', 'html')
  naive.enable('view cache')
  naive.use(tenantScope(tenancy as never))
  naive.get('/welcome', (_req, res) => {
    naive.set('views', [join(folder, 'tenants', tenancy.current().schema, 'views'), join(folder, 'views')])
    res.render('emails/welcome', { name: 'Ada' })
  })
  expect(await textsOf(naive)).toEqual(Array(4).fill('Hello from one, Ada!'))
  expect(await textsOf(app)).toEqual(['Hello from one, Ada!', 'Hello from two, Ada!', 'Welcome, Ada.', 'Hello from one, Ada!'])
  const { send } = await listen(app)
  expect((await send({ host: 'tenant1.example.com', path: '/missing' })).status).toBe(400)
})
