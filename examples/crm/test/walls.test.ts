/** What belongs to one tenant is nothing at another. Each test would pass at a naive app the wrong way: the rows of both tenants have the same ids. */
import { readdir } from 'node:fs/promises'
import { beforeAll, expect, test } from 'vitest'
import { importQueue } from '../src/jobs/jobs.ts'
import { openCrm, password, until, type Browser } from './support.ts'

const reached: string[] = []
const open = await openCrm({
  // What a colleague might add one day, without a thought of who may call it.
  more: (app) => {
    app.get('/api/secret', (req, res) => {
      reached.push(req.path)
      res.json({ all: 'secrets' })
    })
  },
})

let acme: Browser
let globex: Browser
beforeAll(async () => {
  acme = await open.tenant('acme')
  globex = await open.tenant('globex')
})

const customer = async (browser: Browser, place: string, name: string): Promise<number> =>
  (await browser.post(place, '/api/customers', { name })).body.id

test('the cookie of one tenant is no session at another', async () => {
  const thief = open.browser()
  thief.take('globex', acme.cookies('acme'))
  expect(await acme.get('acme', '/api/session')).toMatchObject({ status: 200 })
  expect(await thief.get('globex', '/api/session')).toMatchObject({ status: 401 })
  expect(await thief.get('globex', '/api/customers')).toMatchObject({ status: 401 })
  thief.take('', acme.cookies('acme'))
  expect(await thief.get('', '/api/customers')).toMatchObject({ status: 404 })
})

test('the password of one tenant is none at another, with the answer to an unknown address', async () => {
  const browser = open.browser()
  const other = await browser.signIn('globex', 'owner@acme.example', password)
  const unknown = await browser.signIn('globex', 'no-one@acme.example', password)
  expect(other).toMatchObject({ status: 401 })
  expect(other.text).toBe(unknown.text)
})

test('a token of one tenant is refused at another, and works without a cookie at its own', async () => {
  const machine = open.browser()
  const given = await machine.post('acme', '/api/tokens', { email: 'owner@acme.example', password }, { origin: false })
  expect(given.status).toBe(201)
  const headers = { authorization: `Bearer ${given.body.accessToken}` }
  expect(await machine.get('acme', '/api/session', { headers })).toMatchObject({ status: 200, body: { role: 'owner' } })
  expect(await machine.post('acme', '/api/customers', { name: 'By a machine' }, { headers, origin: false })).toMatchObject({
    status: 201,
  })
  expect(await machine.get('globex', '/api/session', { headers })).toMatchObject({ status: 401 })
  expect(await machine.get('', '/api/customers', { headers })).toMatchObject({ status: 404 })
  expect(
    await machine.post('globex', '/api/tokens/refresh', { refreshToken: given.body.refreshToken }, { origin: false }),
  ).toMatchObject({
    status: 401,
  })
  // A token that is wrong is not made up for by the cookie that is right.
  const both = { headers: { authorization: 'Bearer nonsense' } }
  expect(await acme.get('acme', '/api/session', both)).toMatchObject({ status: 401 })
  expect(
    await machine.post('acme', '/api/tokens', { email: 'owner@acme.example', password: 'a wrong password' }, { origin: false }),
  ).toMatchObject({
    status: 401,
    body: { code: 'CREDENTIALS_REFUSED' },
  })
  const { rows } = await open.crm.tenancy.run('acme', () => open.crm.tenancy.pool.query('select count(*)::int as n from session'))
  expect(rows).toEqual([{ n: 1 }])
})

test('ids of one tenant name nothing at another', async () => {
  let id = 0
  for (let count = 0; count < 3; count++) id = await customer(acme, 'acme', `Of acme ${count}`)
  await customer(globex, 'globex', 'Of globex')
  expect(await acme.get('acme', `/api/customers/${id}`)).toMatchObject({ status: 200 })
  for (const answer of [
    await globex.get('globex', `/api/customers/${id}`),
    await globex.patch('globex', `/api/customers/${id}`, { name: 'Stolen' }),
    await globex.delete('globex', `/api/customers/${id}`),
  ])
    expect(answer).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } })
  expect(await globex.post('globex', '/api/leads', { title: 'A lead', customerId: id })).toMatchObject({
    status: 400,
    body: { code: 'INVALID_REFERENCE' },
  })
  const stranger = (await acme.get('acme', '/api/session')).body.user.id
  expect(await globex.post('globex', '/api/customers', { name: 'Owned by a stranger', ownerId: stranger })).toMatchObject({
    status: 400,
  })
  expect((await globex.get('globex', '/api/search?q=acme')).body.items).toEqual([])
  expect((await globex.get('globex', '/api/customers')).body.total).toBe(1)
  // The same id is another row there.
  expect((await globex.get('globex', '/api/customers/1')).body.name).toBe('Of globex')
})

test('a file of one tenant is not at another, and its bytes are in the folder of its tenant', async () => {
  const uploaded = await acme.upload('acme', '/api/files', 'plan ½.txt', 'the plan of acme')
  expect(uploaded).toMatchObject({ status: 201, body: { name: expect.stringContaining('plan'), size: 16 } })
  const path = `/api/files/${uploaded.body.id}`
  const content = await acme.get('acme', `${path}/content`)
  expect(content).toMatchObject({ status: 200, text: 'the plan of acme' })
  expect(content.headers['content-disposition']).toMatch(/^attachment/)
  for (const answer of [
    await globex.get('globex', path),
    await globex.get('globex', `${path}/content`),
    await globex.delete('globex', path),
  ])
    expect(answer.status).toBe(404)
  expect((await open.browser().get('acme', `${path}/content`)).status).toBe(401)
  const folders = await readdir(`${open.environment.uploads}/tenants`)
  expect(folders).toContain((await acme.get('acme', '/api/session')).body.tenant.id)
})

test('a job of one tenant works there, though another has an import of the same id', async () => {
  const [a, g] = await Promise.all([
    acme.upload('acme', '/api/imports', 'a.csv', 'name\nImported by acme\n'),
    globex.upload('globex', '/api/imports', 'g.csv', 'name\nImported by globex\n'),
  ])
  expect([a.status, g.status, a.body.id, g.body.id]).toEqual([202, 202, 1, 1])
  for (const [browser, place] of [
    [acme, 'acme'],
    [globex, 'globex'],
  ] as const) {
    await until(
      () => browser.get(place, '/api/imports/1'),
      ({ body }) => body.state === 'done',
    )
    const { items } = (await browser.get(place, '/api/customers?search=imported')).body
    expect(items.map(({ name }: { name: string }) => name)).toEqual([`Imported by ${place}`])
  }
  expect(await open.crm.jobs.jobsOf('acme', importQueue)).toHaveLength(1)
})

test('a page of another tenant, of the public site or of another site may not act for its visitor', async () => {
  const { port } = open.environment
  for (const origin of [
    `http://globex.crm.localhost:${port}`,
    `http://crm.localhost:${port}`,
    'https://evil.example',
    'null',
    `http://acme.crm.localhost:${port + 1}`,
    `https://acme.crm.localhost:${port}`,
  ]) {
    expect(await acme.post('acme', '/api/customers', { name: 'Forged' }, { origin })).toMatchObject({
      status: 403,
      body: { code: 'FOREIGN_ORIGIN' },
    })
    expect((await acme.post('acme', '/api/auth/sign-out', {}, { origin })).status).toBe(403)
  }
  // A form without an origin, which an old browser might send, with the cookie.
  expect((await acme.post('acme', '/api/customers', { name: 'Forged' }, { origin: false })).status).toBe(403)
  const cross = { headers: { 'sec-fetch-site': 'same-site' } }
  expect((await acme.post('acme', '/api/customers', { name: 'Forged' }, cross)).status).toBe(403)
  expect((await acme.get('acme', '/api/customers?search=forged')).body.total).toBe(0)
})

test('a route that is in no list is not reached, signed in or not', async () => {
  expect(await acme.get('acme', '/api/secret')).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } })
  expect(await acme.get('', '/api/secret')).toMatchObject({ status: 404 })
  expect(await acme.get('acme', '/api/Secret/')).toMatchObject({ status: 404 })
  expect(await acme.get('acme', '/api/auth/../secret')).toMatchObject({ status: 404 })
  expect(await acme.get('acme', '/api/%73ecret')).toMatchObject({ status: 404 })
  expect(reached).toEqual([])
})

test('without a sign-in, each route of members answers 401, whatever is sent', async () => {
  const document = (await open.browser().get('acme', '/api/openapi.json')).body
  const guarded = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods as Record<string, { security: unknown[] }>)
      .filter(([, { security }]) => security.length > 0)
      .map(([method]) => [method.toUpperCase(), path.replaceAll(/\{\w+\}/g, '1')] as const),
  )
  expect(guarded.length).toBeGreaterThan(40)
  const stranger = open.browser()
  for (const [method, path] of guarded) {
    const answer =
      method === 'GET'
        ? await stranger.get('acme', path)
        : method === 'DELETE'
          ? await stranger.delete('acme', path)
          : await (method === 'PATCH' ? stranger.patch : stranger.post)('acme', path, {})
    expect(`${method} ${path} ${answer.status}`).toBe(`${method} ${path} 401`)
  }
})

test('every page forbids scripts of others and frames', async () => {
  for (const [place, path] of [
    ['', '/'],
    ['acme', '/'],
    ['acme', '/api/session'],
    ['nothing', '/'],
  ] as const) {
    const { headers } = await open.browser().get(place, path, { headers: { accept: 'text/html' } })
    expect(headers['content-security-policy']).toMatch(/^default-src 'self'; .*frame-ancestors 'none'/)
    expect(headers['x-content-type-options']).toBe('nosniff')
    expect(headers['x-powered-by']).toBeUndefined()
  }
})
