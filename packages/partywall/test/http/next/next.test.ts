/**
 * An app of Next.js, built once and started as in a container: pages, actions, handlers, streams, caches and the proxy, with many tenants at once. contract/next.test.ts has what all
 * adapters promise.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { signedPath } from '../../../src/http/next/signed-path.ts'
import { byHost, createTenancy, type Tenancy } from '../../../src/index.ts'
import { testDatabase } from '../../support/servers/database.ts'
import { Client, type Answer, type Sent } from '../contract/client.ts'
import { buildApp, type BuiltApp } from './build-app.ts'

const names = Array.from({ length: 20 }, (_, index) => `t${index}`)
const unserved = ['paused', 'closed', 'gone']

let app: BuiltApp
let client: Client
let tenancy: Tenancy

beforeAll(async () => {
  const { url } = await testDatabase()
  tenancy = createTenancy({
    database: url,
    migrations: { shared: false, tenant: false },
    resolve: [byHost({ base: 'example.com' })],
    members: { roles: { admin: { can: ['notes.write'] } } },
  })
  for (const schema of [...names, ...unserved]) await tenancy.tenants.create({ schema })
  for (const schema of [...names, ...unserved]) {
    await tenancy.run(schema, async () => {
      await tenancy.pool.query('create table notes (id int generated always as identity, body text not null)')
      await tenancy.pool.query('create table marks (body text not null)')
      await addNote(`of ${schema}`)
    })
  }
  await tenancy.tenants.suspend('paused')
  await tenancy.tenants.setMaintenance('closed')
  await tenancy.tenants.archive('gone')
  await tenancy.members.add('t1', 'boss', { role: 'admin' })
  await tenancy.members.add('t1', 'guest')
  await tenancy.members.add('t2', 'guest', { role: 'owner' })
  app = await buildApp({ DATABASE_URL: url })
  client = new Client(app.port)
}, 420_000)

afterAll(async () => {
  await app?.close()
  await tenancy?.close()
})

async function addNote(body: string): Promise<void> {
  await tenancy.pool.query('insert into notes (body) values ($1)', [body])
}

async function notesOf(name: string): Promise<string[]> {
  const { rows } = await tenancy.run(name, () => tenancy.pool.query<{ body: string }>('select body from notes order by id'))
  return rows.map(({ body }) => body)
}

/** What `everywhere` of the app sees in its tenant, while there is one note. */
const seenBy = (name: string): string[] => [name, name, name, name, `of ${name}`]
const twice = [...names, ...names]
const get = (name: string, path: string, headers?: Sent['headers']): Promise<Answer> =>
  client.get(name, path, headers === undefined ? {} : { headers })
const apex = (path: string, headers?: Sent['headers']): Promise<Answer> =>
  client.send({ host: 'example.com', path, ...(headers !== undefined && { headers }) })
const paragraphOf = ({ text }: Answer): string | undefined => /<p>([^<]*)<\/p>/.exec(text)?.[1]

describe('40 requests of 20 tenants at once stay with their tenants', () => {
  test('in a server component', async () => {
    const answers = await Promise.all(twice.map((name) => get(name, '/notes')))
    answers.forEach((answer, index) => expect(paragraphOf(answer)).toBe([twice[index], ...seenBy(twice[index]!)].join(', ')))
  })

  test('in a route handler', async () => {
    const answers = await Promise.all(twice.map((name) => get(name, '/api/who')))
    answers.forEach(({ json }, index) => expect(json).toEqual([twice[index], ...seenBy(twice[index]!)]))
  })

  test('in a body that is streamed after the handler has returned', async () => {
    const answers = await Promise.all(twice.map((name) => client.get(name, '/api/stream', { readSlowly: true })))
    answers.forEach(({ text }, index) => expect(text).toBe(`${seenBy(twice[index]!).join(', ')}\n`.repeat(4)))
  })

  test('in a server action', async () => {
    const answers = await Promise.all(twice.map((name) => submit(name, 'mark', name)))
    expect(answers.map(({ status }) => status)).toEqual(twice.map(() => 200))
    for (const name of names) {
      const { rows } = await tenancy.run(name, () => tenancy.pool.query<{ body: string }>('select body from marks'))
      const mark = `${name}: ${name}, ${name}, ${name}, ${name}`
      expect(rows.map(({ body }) => body)).toEqual([mark, mark])
    }
  })

  test('in a cached function', async () => {
    const answers = await Promise.all(twice.map((name) => get(name, '/api/cached/ours')))
    answers.forEach(({ json }, index) => expect(json).toEqual([`of ${twice[index]}`]))
  })

  test("in a function with 'use cache' that gets the id", async () => {
    const answers = await Promise.all(twice.map((name) => get(name, '/api/cached/useCache')))
    answers.forEach(({ json }, index) => expect(json).toEqual([`of ${twice[index]}`]))
  })
})

describe('caches', () => {
  test('a function that is cached without the tenant serves the rows of one tenant to all: the naive way leaks', async () => {
    expect((await get('t1', '/api/cached/naive')).json).toEqual(['of t1'])
    expect((await get('t2', '/api/cached/naive')).json).toEqual(['of t1'])
  })

  test("with 'use cache' and without the tenant it is refused: Next.js runs it outside of every scope", async () => {
    const answer = await get('t1', '/api/cached/naiveUseCache')
    expect([answer.status, answer.text.includes('of t1')]).toEqual([500, false])
    expect(app.log()).toMatch(/NO_TENANT/)
  })

  test('ours answers from the cache, and a tag drops the entries of its own tenant only', async () => {
    await get('t18', '/api/cached/ours')
    await get('t19', '/api/cached/ours')
    await tenancy.run('t19', () => addNote('later'))
    expect((await get('t19', '/api/cached/ours')).json).toEqual(['of t19'])
    await submit('t18', 'add', 'new')
    expect((await get('t18', '/api/cached/ours')).json).toEqual(['of t18', 'new'])
    expect((await get('t19', '/api/cached/ours')).json).toEqual(['of t19'])
  })
})

/** Sends the form of the page as a browser without JavaScript does. */
async function submit(name: string, form: string, body: string, headers: Sent['headers'] = {}): Promise<Answer> {
  const page = await get(name, '/notes')
  const [, html = ''] = new RegExp(`<form id="${form}"(.*?)</form>`, 's').exec(page.text) ?? []
  const fields = [...html.matchAll(/<input[^>]*?name="([^"]+)"(?:[^>]*?value="([^"]*)")?/g)].map(([, key, value = '']) => [
    key,
    value,
  ])
  const data = new FormData()
  for (const [key, value] of [...fields, ['body', body]]) data.append(key!, value!.replaceAll('&quot;', '"'))
  const encoded = new Response(data)
  const bytes = Buffer.from(await encoded.arrayBuffer())
  return client.get(name, '/notes', {
    method: 'POST',
    headers: { 'content-type': encoded.headers.get('content-type')!, 'content-length': bytes.length, ...headers },
    body: bytes,
  })
}

describe('server actions', () => {
  test('an action is an address of its own: what guards it is what it checks itself', async () => {
    for (const [headers, status] of [[{}, 401] as const, [{ 'x-session-of': 'guest' }, 403] as const]) {
      expect((await call('t1', 'addAsMember', headers)).status).toBe(status)
      // Next.js answers every refusal of a form that was sent without JavaScript with its page for 404.
      expect((await submit('t1', 'addAsMember', 'a', headers)).status).toBe(404)
    }
    expect(await notesOf('t1')).toEqual(['of t1'])
    expect((await submit('t1', 'addAsMember', 'c', { 'x-session-of': 'boss' })).status).toBe(200)
    expect(await notesOf('t1')).toEqual(['of t1', 'c by boss'])
  })

  test.each([
    ['missing', 404],
    ['gone', 404],
    ['paused', 403],
    ['closed', 500],
  ])('are refused at %s with %i, whatever page they were found on', async (name, status) => {
    const answer = await call(name, 'add', {}, 't1')
    expect([answer.status, /The call was refused|\n {4}at /.test(answer.text)]).toEqual([status, false])
  })
})

/** Calls the action of a form as a browser with JavaScript does, with an argument of an attacker's choice. */
async function call(name: string, form: string, headers: Sent['headers'] = {}, pageOf = name): Promise<Answer> {
  const [, id] = new RegExp(`<form id="${form}".*?ACTION_ID_([0-9a-f]+)`, 's').exec((await get(pageOf, '/notes')).text) ?? []
  const body = Buffer.from('["anything"]')
  return client.get(name, '/notes', {
    method: 'POST',
    headers: { 'next-action': id, 'content-type': 'text/plain;charset=UTF-8', 'content-length': body.length, ...headers },
    body,
  })
}

test('what after() runs has the tenant of its request', async () => {
  await Promise.all(['t14', 't15', 't16'].map((name) => client.get(name, '/api/after', { method: 'POST' })))
  for (const name of ['t14', 't15', 't16']) {
    await expect.poll(() => notesOf(name)).toEqual([`of ${name}`, `after: ${name}, ${name}, ${name}, ${name}`])
  }
})

describe('members', () => {
  test.each([
    [undefined, 401, 'SIGN_IN_REQUIRED'],
    ['mallory', 403, 'NOT_A_MEMBER'],
    ['guest', 403, 'NOT_PERMITTED_ROLE'],
  ])('%s is refused with %i in a handler and in a page', async (user, status, code) => {
    const headers = user === undefined ? {} : { 'x-session-of': user }
    expect(await get('t1', '/api/members', headers)).toMatchObject({ status, json: { code } })
    expect((await get('t1', '/members', headers)).status).toBe(status)
  })

  test('a member is let in, each at the own tenant', async () => {
    expect((await get('t1', '/api/members', { 'x-session-of': 'boss' })).json).toEqual({ userId: 'boss' })
    expect(paragraphOf(await get('t1', '/members', { 'x-session-of': 'boss' }))).toBe('boss')
    expect((await get('t2', '/api/members', { 'x-session-of': 'guest' })).json).toEqual({ userId: 'guest' })
    expect((await get('t2', '/api/members', { 'x-session-of': 'boss' })).status).toBe(403)
  })
})

describe('refusals', () => {
  test.each(['/api/who', '/guarded', '/notes'])('of %s: unknown and archived tenants have the same bytes', async (path) => {
    const answers = await Promise.all(['missing', 'gone', 'x'.repeat(60)].map((name) => get(name, path)))
    for (const answer of answers) {
      expect(answer.status).toBe(404)
      expect(bytesOf(answer)).toEqual(bytesOf(answers[0]!))
    }
  })

  test('of the proxy and of a handler are the same document', async () => {
    const [ofProxy, ofHandler] = [await get('missing', '/guarded'), await get('missing', '/api/who')]
    expect(ofProxy.json).toMatchObject({ status: 404, code: 'UNKNOWN_TENANT' })
    expect(ofProxy.text).toBe(ofHandler.text)
    for (const { headers } of [ofProxy, ofHandler]) {
      expect(headers).toMatchObject({ 'content-type': 'application/problem+json', 'cache-control': 'no-store' })
    }
  })

  test.each(['/api/who', '/guarded'])('of %s: suspended is 403, maintenance 503, no tenant 404', async (path) => {
    expect(await get('paused', path)).toMatchObject({ status: 403, json: { code: 'TENANT_SUSPENDED' } })
    expect(await get('closed', path)).toMatchObject({
      status: 503,
      headers: { 'retry-after': '60' },
      json: { code: 'TENANT_MAINTENANCE' },
    })
    expect(await apex(path)).toMatchObject({ status: 404, json: { code: 'TENANT_REQUIRED' } })
  })

  test('of a page: 404, 403, and an error with a code that says nothing else', async () => {
    expect((await apex('/notes')).status).toBe(404)
    expect((await get('paused', '/notes')).status).toBe(403)
    const closed = await get('closed', '/notes')
    expect(closed.status).toBe(500)
    expect(closed.text).toContain('TENANT_MAINTENANCE')
    expect(closed.text).not.toMatch(/The call was refused|\n {4}at /)
  })

  test('the guarded page is reached by its tenants', async () => {
    expect(paragraphOf(await get('t1', '/guarded'))).toBe('reached')
  })
})

test.each(['/api/late', '/late'])('%s, which fails late, is answered with 500 and without the message', async (path) => {
  const [failed, other] = await Promise.all([get('t1', path), get('t2', '/api/who')])
  expect(failed.status).toBe(500)
  expect(failed.text).not.toMatch(/secret|\n {4}at /)
  expect(other.json[0]).toBe('t2')
})

test('notFound() and redirect() of a handler reach Next.js', async () => {
  expect((await get('t1', '/api/missing')).status).toBe(404)
  const moved = await client.get('t1', '/api/missing', { method: 'POST' })
  expect([moved.status, moved.headers.location]).toEqual([307, '/notes'])
})

describe('byPath', () => {
  test('the proxy hands the rest of the path to the router, and the tenant to page, handler and links', async () => {
    const answers = await Promise.all(names.map((name) => apex(`/t/${name}/api/who`)))
    answers.forEach(({ json }, index) => expect(json.slice(0, 5)).toEqual(Array.from({ length: 5 }, () => names[index])))
    const pages = await Promise.all(names.map((name) => apex(`/t/${name}/links?a=1`)))
    pages.forEach((page, index) => expect(paragraphOf(page)).toBe(`${names[index]} /t/${names[index]}/notes`))
  })

  test('a link that is followed in the browser gets the page of its tenant, too', async () => {
    const answers = await Promise.all(names.map((name) => apex(`/t/${name}/links?_rsc`, { rsc: '1' })))
    answers.forEach(({ text, headers }, index) => {
      expect(headers['content-type']).toBe('text/x-component')
      expect(text).toContain(`"${names[index]} /t/${names[index]}/notes"`)
    })
  })

  test('a tenant that does not exist has the same answer as an archived one', async () => {
    const [missing, gone] = [await apex('/t/missing/api/who'), await apex('/t/gone/api/who')]
    expect(missing).toMatchObject({ status: 404, json: { code: 'UNKNOWN_TENANT' } })
    expect(bytesOf(missing)).toEqual(bytesOf(gone))
  })

  test('host and path that name two tenants are refused', async () => {
    expect(await get('t1', '/t/t2/api/who')).toMatchObject({ status: 400, json: { code: 'AMBIGUOUS_TENANT' } })
  })
})

describe('a client chooses no tenant by a header', () => {
  const forged = signedPath('a key that an attacker has made up', 'example.com', '/t/t2/api/who')

  test.each([forged, '/t/t2/api/who', `${'A'.repeat(43)} /t/t2/api/who`])('%s', async (path) => {
    const headers = { 'x-partywall-path': path }
    // Where no proxy stands in front, it is refused; behind the proxy it is gone.
    expect((await apex('/api/who', headers)).status).toBe(400)
    expect((await apex('/notes', headers)).status).toBe(404)
    expect((await apex('/t/t1/api/who', headers)).json[0]).toBe('t1')
    expect((await get('t1', '/guarded/who', headers)).json[0]).toBe('t1')
    expect((await apex('/guarded/who', headers)).status).toBe(404)
  })

  test('a handler that trusts a header of the proxy gives the rows of any tenant: the naive way leaks', async () => {
    expect((await get('t1', '/api/naive', { 'x-tenant': 't2' })).json).toEqual(['of t2'])
  })

  test.each([
    { 'x-forwarded-host': 't2.example.com' },
    { forwarded: 'host=t2.example.com' },
    { 'x-middleware-override-headers': 'host', 'x-middleware-request-host': 't2.example.com' },
    { 'x-middleware-rewrite': '/t/t2/api/who', 'x-middleware-next': '1' },
    { 'x-middleware-subrequest': 'proxy:proxy:proxy:proxy:proxy' },
    { 'x-invoke-path': '/t/t2/api/who', 'x-matched-path': '/t/t2/api/who' },
  ])('%j', async (headers) => {
    expect((await get('t1', '/api/who', headers)).json[0]).toBe('t1')
    expect((await apex('/t/t1/api/who', headers)).json[0]).toBe('t1')
    expect((await get('missing', '/guarded', headers)).status).toBe(404)
  })

  test('a target with a host of its own enters no tenant', async () => {
    const answer = await client.raw(
      'GET http://t2.example.com/api/who HTTP/1.1\r\nhost: t1.example.com\r\nconnection: close\r\n\r\n',
    )
    expect(answer).toMatch(/^HTTP\/1\.1 [34]\d\d /)
    expect(answer).not.toMatch(/"t1"|"t2"/)
  })

  test('what the proxy passes on to the page is not in its answer', async () => {
    for (const path of ['/t/t1/api/who', '/t/t1/links']) {
      expect(JSON.stringify(await apex(path))).not.toMatch(/x-partywall|x-middleware-request|x-middleware-override/)
    }
  })
})

/** What a client could compare. */
function bytesOf({ status, headers, text }: Answer): object {
  const { date: _date, ...others } = headers
  return { status, headers: others, text }
}
