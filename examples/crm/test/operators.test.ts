/** The console of those who operate the app, at a host of its own. */
import { beforeAll, expect, test } from 'vitest'
import { openCrm, password, type Browser } from './support.ts'

const open = await openCrm()
const ops = { email: 'ops@crm.example', password: 'a password of operators' }
let operator: Browser
let owner: Browser
beforeAll(async () => {
  owner = await open.tenant('acme')
  await open.tenant('globex')
  await open.crm.operators.users.create({ ...ops, admin: true, verified: true })
  await open.crm.operators.users.create({ email: 'clerk@crm.example', password: ops.password })
  operator = open.browser()
  expect((await operator.post('admin', '/api/sign-in', ops)).status).toBe(204)
})

test('an operator sees all tenants', async () => {
  const list = await operator.get('admin', '/api/tenants')
  expect(list.status).toBe(200)
  expect(list.text).toContain('"acme"')
  expect(list.text).toContain('"globex"')
  expect((await operator.get('admin', '/api/session')).body).toMatchObject({ role: 'owner', name: 'ops@crm.example' })
})

test('no one else enters: strangers, owners of tenants, accounts without the role', async () => {
  expect((await open.browser().get('admin', '/api/tenants')).status).toBe(401)
  const thief = open.browser()
  thief.take('admin', owner.cookies('acme'))
  expect((await thief.get('admin', '/api/tenants')).status).toBe(401)
  expect((await thief.post('admin', '/api/sign-in', { email: 'owner@acme.example', password })).status).toBe(401)
  expect((await thief.post('admin', '/api/sign-in', { email: 'clerk@crm.example', password: ops.password })).status).toBe(403)
  const { body } = await owner.post('acme', '/api/tokens', { email: 'owner@acme.example', password }, { origin: false })
  expect((await thief.get('admin', '/api/tenants', { headers: { authorization: `Bearer ${body.accessToken}` } })).status).toBe(
    401,
  )
})

test('the session of an operator is none at a tenant or at the public site, and the console is at its host alone', async () => {
  const visitor = open.browser()
  for (const place of ['acme', '']) {
    visitor.take(place, operator.cookies('admin'))
    expect((await visitor.get(place, '/api/tenants')).status).toBe(404)
  }
  expect((await visitor.get('acme', '/api/session')).status).toBe(401)
  expect((await operator.post('admin', '/api/sign-up', {})).status).toBe(404)
  const foreign = { origin: `http://acme.crm.localhost:${open.environment.port}` }
  expect((await operator.post('admin', '/api/sign-in', ops, foreign)).status).toBe(403)
  expect((await operator.get('admin', '/api/tenants', { headers: { host: 'admin.crm.localhost.evil.example' } })).status).toBe(
    404,
  )
})
