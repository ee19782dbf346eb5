/** Examples of docs/express.md and of the sign-up in docs/tenants-and-domains.md, as they stand there, on a real server. */
import express, { type Express } from 'express'
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { TenancyError } from '../../src/errors.ts'
import { createTenancy } from '../../src/index.ts'
import { requireShared, tenancyErrors, tenantScope } from '../../src/http/express.ts'
import { byHost } from '../../src/resolve/by-host.ts'
import { testDatabase } from '../support/servers/database.ts'
import { folderForTest } from '../support/tenants/registry.ts'
import { listen } from './listen.ts'
import { examplePage } from './page-example.ts'

const unreachable = new TenancyError('DATABASE_UNREACHABLE', 'secret', { details: { code: 'ECONNREFUSED' } })

beforeEach(() => void vi.spyOn(console, 'error').mockImplementation(() => {})) // what the examples log
afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllGlobals()
})

test('the error handler of the page answers 500 without the message, and leaves errors of the client their status', async () => {
  const { send } = await withExample('docs/express.md', "problemAnswer('INTERNAL_ERROR')", (app) => {
    app.use(express.json({ limit: 100 }))
    app.get('/fails', () => Promise.reject(new Error('secret')))
    app.get('/down', () => Promise.reject(unreachable))
    app.post('/', (_req, res) => void res.json('reached'))
  })
  const post = async (body: string) => {
    const headers = { 'content-type': 'application/json' }
    return (await send({ host: 'example.com', method: 'POST', headers, body })).status
  }
  expect(await post('{"title":')).toBe(400)
  expect(await post(JSON.stringify({ title: 'x'.repeat(200) }))).toBe(413)
  expect(await post('{}')).toBe(200)
  for (const [path, status] of [
    ['/fails', 500],
    ['/down', 503],
  ] as const) {
    const answer = await send({ host: 'example.com', path })
    expect([answer.status, answer.text.includes('secret')]).toEqual([status, false])
  }
})

test('the sign-up of the page creates a tenant that is served at once, and lets the client choose nothing else', async () => {
  const { url } = await testDatabase()
  const root = await folderForTest({
    'migrations/shared/README.md': '',
    'migrations/tenant/0001_projects.sql': 'create table projects (title text not null);',
  })
  const tenancy = createTenancy({ root, database: url, resolve: [byHost({ base: 'example.com' })] })
  onTestFinished(() => tenancy.close())
  vi.stubGlobal('tenancy', tenancy)
  vi.stubGlobal('requireShared', requireShared)
  const { send } = await withExample('docs/tenants-and-domains.md', 'const reserved', (app) => {
    app.use(tenantScope(tenancy, { none: 'shared' }), express.json())
    app.get('/projects', async (_req, res) => void res.json((await tenancy.pool.query('select title from projects')).rows))
  })
  const signUp = async (body: object, host = 'example.com') => {
    const headers = { 'content-type': 'application/json' }
    return send({ host, path: '/sign-up', method: 'POST', headers, body: JSON.stringify(body) })
  }
  expect(await signUp({ schema: 'acme', name: 'Acme Inc.', kind: 'other', domains: ['www.globex.com'] })).toMatchObject({
    status: 201,
    json: { host: 'acme.example.com' },
  })
  expect((await send({ host: 'acme.example.com', path: '/projects' })).json).toEqual([{ title: 'Welcome, Acme Inc.' }])
  expect(await tenancy.tenants.get('acme')).toMatchObject({ kind: 'default', attributes: {} })
  expect(await tenancy.domains.list('acme')).toEqual([])
  expect((await signUp({ schema: 'acme' })).json).toMatchObject({ code: 'SCHEMA_EXISTS' })
  expect((await signUp({ schema: 'globex' }, 'acme.example.com')).json).toMatchObject({ code: 'SHARED_REQUIRED' })
  for (const schema of ['www', 'api', 'admin']) expect(await signUp({ schema })).toMatchObject({ status: 409 })
  for (const schema of ['Acme', 'a b', '', undefined, 5]) expect(await signUp({ schema })).toMatchObject({ status: 400 })
})

/** A server with these routes, and the example of the page, which uses a global `app`, behind them. */
async function withExample(page: string, text: string, routes: (app: Express) => void) {
  const app = express()
  routes(app)
  vi.stubGlobal('app', app)
  const { exampleWith } = await examplePage(page)
  await exampleWith(text)
  app.use(tenancyErrors())
  return listen(app)
}
