/** From the public site to a tenant of one's own. */
import { expect, onTestFinished, test, vi } from 'vitest'
import { openCrm, password, signUpOf, until } from './support.ts'

const open = await openCrm()
const limited = await openCrm({ variables: { SIGN_UPS_PER_HOUR: '2' }, limits: true })

test('a sign-up makes a tenant, and its browser enters it with a cookie of that host alone', async () => {
  const browser = open.browser()
  const signedUp = await browser.post(
    '',
    '/api/sign-up',
    signUpOf('initech', { company: 'Initech', email: 'Bill@Initech.example' }),
  )
  expect(signedUp).toMatchObject({ status: 201, body: { address: 'initech' } })
  expect(String(signedUp.headers['set-cookie'])).not.toMatch(/domain/i)
  const entered = await browser.follow(signedUp.body.enter)
  expect(entered.addresses.map((address) => new URL(address).pathname)).toEqual([
    '/api/auth/enter',
    '/enter',
    '/api/auth/enter/accept',
    '/',
  ])
  expect(entered.status).toBe(200)
  const session = await browser.get('initech', '/api/session')
  expect(session.body).toMatchObject({
    user: { name: 'Olga Owner', email: 'bill@initech.example' },
    role: 'owner',
    tenant: { name: 'Initech', address: 'initech', plan: 'starter' },
  })
  expect((await browser.get('initech', '/api/customers')).body).toMatchObject({ items: [], total: 0 })
  expect([...browser.cookies('').keys()]).toEqual([])
  const mail = await until(
    () => open.crm.sink!.mails().find(({ to }) => to === 'bill@initech.example'),
    (found) => found !== undefined,
  )
  expect(mail).toMatchObject({ subject: 'Welcome to Initech' })
  expect(mail!.text).toContain(`http://initech.crm.localhost:${open.environment.port}`)
  expect((await browser.get('', '/mail')).text).toContain(`<a href="http://initech.crm.localhost:${open.environment.port}"`)
})

test('the way in works once, in the browser that signed up, at its tenant', async () => {
  await open.tenant('neighbour')
  const owner = open.browser()
  const { body } = await owner.post('', '/api/sign-up', signUpOf('hooli'))
  const other = open.browser()
  expect((await other.follow(body.enter)).status).toBe(404)

  // The token that the public site gives, in another browser, and at another tenant.
  const begun = await owner.get('hooli', '/api/auth/enter')
  const way = new URL(String(begun.headers.location))
  expect(
    await owner.get(
      '',
      `/enter?${new URLSearchParams({ tenant: crypto.randomUUID(), challenge: way.searchParams.get('challenge')! })}`,
    ),
  ).toMatchObject({ status: 404 })
  const fresh = open.browser()
  const again = await fresh.post('', '/api/sign-up', signUpOf('piedpiper'))
  const start = new URL(String((await fresh.get('piedpiper', '/api/auth/enter')).headers.location))
  const back = new URL(String((await fresh.get('', start.pathname + start.search)).headers.location))
  expect(again.status).toBe(201)
  expect((await other.get('piedpiper', back.pathname + back.search)).headers.location).toBe('/sign-in')
  other.take('neighbour', fresh.cookies('piedpiper'))
  expect((await other.get('neighbour', back.pathname + back.search)).headers.location).toBe('/sign-in')
  expect((await other.get('neighbour', '/api/session')).status).toBe(401)
  expect((await other.get('piedpiper', '/api/session')).status).toBe(401)
  // Who has only the address cannot use it up. Its own browser can, once.
  expect((await fresh.get('piedpiper', back.pathname + back.search)).headers.location).toBe('/')
  expect((await fresh.get('piedpiper', '/api/session')).status).toBe(200)
  expect((await fresh.get('piedpiper', back.pathname + back.search)).headers.location).toBe('/sign-in')
  expect((await fresh.signIn('piedpiper', 'owner@piedpiper.example', password)).status).toBe(200)
})

test.each([
  ['www', 409, 'ADDRESS_RESERVED'],
  ['admin', 409, 'ADDRESS_RESERVED'],
  ['api', 409, 'ADDRESS_RESERVED'],
  ['shared', 409, 'ADDRESS_RESERVED'],
  ['public', 409, 'ADDRESS_RESERVED'],
  ['partywall', 409, 'ADDRESS_RESERVED'],
  ['xn-fake', 409, 'ADDRESS_RESERVED'],
  ['taken', 409, 'ADDRESS_TAKEN'],
  ['TAKEN ', 409, 'ADDRESS_TAKEN'],
  ['pg_catalog', 400, 'INVALID_REQUEST'],
  ['a', 400, 'INVALID_REQUEST'],
  ['a'.repeat(64), 400, 'INVALID_REQUEST'],
  ['../etc', 400, 'INVALID_REQUEST'],
  ['a.b', 400, 'INVALID_REQUEST'],
  ['acme"; drop schema public', 400, 'INVALID_REQUEST'],
  ['аcme', 400, 'INVALID_REQUEST'],
  ['-acme', 400, 'INVALID_REQUEST'],
  ['acme-', 400, 'INVALID_REQUEST'],
  ['acme\0', 400, 'INVALID_REQUEST'],
])('the address %j is refused with %i %s', async (address, status, code) => {
  if ((await open.crm.tenancy.tenants.find({ schema: 'taken' })) === undefined) await open.tenant('taken')
  const answer = await open.browser().post('', '/api/sign-up', signUpOf('x', { address }))
  expect(answer).toMatchObject({ status, body: { code } })
  expect(Object.keys(answer.body.errors)).toContain('address')
  const look = await open.browser().get('', `/api/sign-up/address?address=${encodeURIComponent(address)}`)
  expect(look.status === 400 || look.body.isFree === false).toBe(true)
})

test('names of people and companies may be any text, and are text everywhere', async () => {
  const company = '<script>alert(1)</script> شركة 𝕏 "quoted"'
  const browser = await open.tenant('hostile', { company, name: '<b>Ödön</b>\u202Egnp.exe', email: 'a+b@hostile.example' })
  expect((await browser.get('hostile', '/api/place')).body).toEqual({ name: company, address: 'hostile' })
  const mail = await until(
    () => open.crm.sink!.mails().find(({ to }) => to === 'a+b@hostile.example'),
    (found) => found !== undefined,
  )
  expect(mail!.subject).toBe(`Welcome to ${company}`)
  expect(mail!.text).not.toContain('\u202E')
  const page = (await browser.get('', '/mail')).text
  expect(page).not.toContain('<script>alert')
  expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt; شركة 𝕏')
})

test('two sign-ups for one address at once: one gets it', async () => {
  const answers = await Promise.all(Array.from({ length: 4 }, () => open.browser().post('', '/api/sign-up', signUpOf('race'))))
  expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 409, 409, 409])
  const { rows } = await open.crm.tenancy.run('race', () => open.crm.tenancy.pool.query('select email from "user"'))
  expect(rows).toEqual([{ email: 'owner@race.example' }])
})

test('fields that are not asked for are refused: no one chooses an attribute or a domain', async () => {
  const answer = await open
    .browser()
    .post('', '/api/sign-up', signUpOf('more', { domains: ['www.bank.example'], kind: 'x', limits: {} }))
  expect(answer).toMatchObject({ status: 400, body: { code: 'INVALID_REQUEST' } })
})

test('there is no sign-up at the host of a tenant, nor by a header or an origin that names another host', async () => {
  await open.tenant('house')
  const browser = open.browser()
  expect(await browser.post('house', '/api/sign-up', signUpOf('more'))).toMatchObject({ status: 404 })
  expect(
    await browser.post('house', '/api/sign-up', signUpOf('more'), { headers: { 'x-forwarded-host': 'crm.localhost' } }),
  ).toMatchObject({
    status: 404,
  })
  const origin = `http://house.crm.localhost:${open.environment.port}`
  expect(await browser.post('', '/api/sign-up', signUpOf('more'), { origin })).toMatchObject({
    status: 403,
    body: { code: 'FOREIGN_ORIGIN' },
  })
  expect(await browser.post('house', '/api/auth/sign-up/email', { name: 'X', email: 'x@x.example', password })).toMatchObject({
    status: 400,
  })
})

test('a sign-up that fails in the middle leaves nothing, and the address is free', async () => {
  const { tenancy } = open.crm
  const log = vi.spyOn(console, 'error').mockImplementation(() => {})
  onTestFinished(() => log.mockRestore())
  await tenancy.sharedPool.query(`alter table subscriptions add constraint none check (plan <> 'scale') not valid`)
  const failed = await open.browser().post('', '/api/sign-up', signUpOf('phoenix', { plan: 'scale' }))
  expect(failed).toMatchObject({ status: 500, body: { code: 'INTERNAL_ERROR' } })
  expect(failed.text).not.toMatch(/constraint|phoenix|insert/)
  // The log has the reason, and no row.
  expect(String(log.mock.calls)).toContain('violates check constraint')
  expect(JSON.stringify(log.mock.calls)).not.toContain('Failing row')
  await tenancy.sharedPool.query('alter table subscriptions drop constraint none')
  expect((await open.browser().post('', '/api/sign-up', signUpOf('phoenix', { plan: 'scale' }))).status).toBe(201)
})

test('one network may try only so often in an hour', async () => {
  const browser = limited.browser()
  expect((await browser.post('', '/api/sign-up', signUpOf('one'))).status).toBe(201)
  expect((await browser.post('', '/api/sign-up', signUpOf('two'))).status).toBe(201)
  const third = await browser.post('', '/api/sign-up', signUpOf('three'), { headers: { 'x-forwarded-for': '203.0.113.9' } })
  expect(third).toMatchObject({ status: 429, body: { code: 'TOO_MANY_SIGN_UPS' }, headers: { 'retry-after': '3600' } })
  expect(await limited.crm.tenancy.tenants.find({ schema: 'three' })).toBeUndefined()
})

test('www, localhost and addresses of the machine lead to the one public site', async () => {
  const www = await open.browser().get('www', '/prices?x=1', { headers: { accept: 'text/html' } })
  expect(www).toMatchObject({ status: 302, headers: { location: `${open.environment.appUrl}/prices` } })
  const local = await open.browser().get('', '/', { headers: { host: 'localhost', accept: 'text/html' } })
  expect(local).toMatchObject({ status: 302, headers: { location: `${open.environment.appUrl}/` } })
  expect(await open.browser().get('', '//evil.example/x', { headers: { host: 'localhost' } })).toMatchObject({
    headers: { location: `${open.environment.appUrl}//evil.example/x` },
  })
  expect((await open.browser().get('nothing', '/', { headers: { accept: 'text/html' } })).status).toBe(404)
})

test('guesses at a password are counted, whatever address the client claims', async () => {
  const browser = limited.browser()
  const guess = (number: number) =>
    browser.post(
      'one',
      '/api/auth/sign-in/email',
      { email: 'owner@one.example', password: `guess number ${number}` },
      { headers: { 'x-crm-client': `203.0.113.${number}` } },
    )
  const answers = await Promise.all(Array.from({ length: 8 }, (_, number) => guess(number)))
  expect(answers.map(({ status }) => status)).toContain(429)
  const forTokens = await Promise.all(
    Array.from({ length: 12 }, (_, number) =>
      browser.post(
        'one',
        '/api/tokens',
        { email: 'owner@one.example', password: `guess number ${number}` },
        { headers: { 'x-forwarded-for': `203.0.113.${number}` } },
      ),
    ),
  )
  expect(forTokens.map(({ status }) => status).filter((status) => status === 429)).toHaveLength(2)
  expect((await browser.get('one', '/api/place')).status).toBe(200)
})
