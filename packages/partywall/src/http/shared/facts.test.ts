import { describe, expect, test } from 'vitest'
import { nodeFacts, webFacts, type FactsOptions } from './facts.ts'

interface Given {
  readonly hosts?: readonly string[]
  readonly authority?: string
  readonly url?: string
}

function node({ hosts = ['acme.example.com'], authority, url = '/' }: Given, options?: FactsOptions) {
  const pseudo = authority === undefined ? {} : { ':authority': authority }
  const headers = { ...pseudo, ...(hosts[0] === undefined ? {} : { host: hosts[0] }), 'x-tenant-id': 'acme' }
  return nodeFacts({ headers, rawHeaders: hosts.flatMap((host) => ['Host', host]), url }, options)
}

const request = (url: string, headers: Record<string, string> = {}) => new Request(url, { headers })

describe('nodeFacts', () => {
  test('reads host, path, query, headers and claims', () => {
    const facts = node({ url: '/polls/1?page=2&page=3&of=a%20b' }, { claims: { sub: '7' } })
    expect(facts).toMatchObject({ host: 'acme.example.com', path: '/polls/1', claims: { sub: '7' } })
    expect({ ...facts.query }).toEqual({ page: ['2', '3'], of: 'a b' })
    expect(facts.headers).toMatchObject({ 'x-tenant-id': 'acme' })
    expect(facts.query).toBe(facts.query)
  })

  test('prefers the host and the URL that the framework gives', () => {
    const facts = node({ url: '/short' }, { host: 'ferrari.example.com', url: '/mounted/short?a=1' })
    expect(facts).toMatchObject({ host: 'ferrari.example.com', path: '/mounted/short' })
    expect({ ...facts.query }).toEqual({ a: '1' })
  })

  test.each<[string, Given, string | undefined]>([
    ['no Host', { hosts: [] }, undefined],
    ['one Host', { hosts: ['a.test:80'] }, 'a.test:80'],
    ['two Host lines', { hosts: ['a.test', 'b.test'] }, 'a.test, b.test'],
    ['two equal Host lines', { hosts: ['a.test', 'a.test'] }, 'a.test, a.test'],
    [':authority alone', { hosts: [], authority: 'a.test' }, 'a.test'],
    [':authority and the same Host', { hosts: ['A.test'], authority: 'a.test' }, 'A.test'],
    [':authority and another Host', { hosts: ['a.test'], authority: 'b.test' }, 'a.test, b.test'],
    ['the same host in the target', { hosts: ['a.test'], url: 'http://a.test/x' }, 'a.test'],
    ['another host in the target', { hosts: ['a.test'], url: 'http://b.test/x?y' }, 'a.test, b.test'],
    ['a user in the target', { hosts: ['a.test'], url: 'http://u@a.test/' }, 'a.test, u@a.test'],
  ])('gives the host of a request with %s', (_, given, host) => {
    expect(node(given).host).toBe(host)
    // A framework that trusts a proxy knows one host; that does not hide that the request names two.
    if (host?.includes(',')) expect(node(given, { host: 'a.test' }).host).toBe(host)
  })

  test.each([
    ['', '/'],
    ['/', '/'],
    ['?a=1', '/'],
    ['*', '*'],
    ['/a?b?c', '/a'],
    ['//b.test/a', '//b.test/a'],
    ['/a#b', '/a#b'],
    ['http://acme.example.com', '/'],
    ['http://acme.example.com/a/b?c=d', '/a/b'],
  ])('gives the path of the target %j', (url, path) => expect(node({ url }).path).toBe(path))
})

describe('webFacts', () => {
  test('reads host, path, query, headers and claims', () => {
    const facts = webFacts(request('https://acme.example.com:8443/polls?page=2', { 'X-Tenant-Id': 'acme' }), { claims: { a: 1 } })
    expect(facts).toMatchObject({ host: 'acme.example.com:8443', path: '/polls', claims: { a: 1 } })
    expect(facts.headers).toEqual({ 'x-tenant-id': 'acme' })
    expect({ ...facts.query }).toEqual({ page: '2' })
  })

  test('prefers the Host header to the URL, which a server may build from its settings', () => {
    expect(webFacts(request('http://localhost:3000/', { host: 'acme.example.com' })).host).toBe('acme.example.com')
    expect(webFacts(request('http://localhost:3000/', { host: 'a.test' }), { host: 'b.test' }).host).toBe('b.test')
  })

  test('keeps several Host headers visible, joined with a comma', () => {
    const headers = new Headers()
    headers.append('host', 'a.test')
    headers.append('host', 'b.test')
    expect(webFacts(new Request('http://localhost/', { headers })).host).toBe('a.test, b.test')
  })
})

describe('the query of the facts', () => {
  test('is parsed only when it is read', () => {
    const facts = node({ url: `/?${'x'.repeat(20_000)}` })
    expect(facts.path).toBe('/')
    expect(() => facts.query).toThrow(expect.objectContaining({ code: 'INVALID_TENANT_REF' }))
  })

  test('is copied with the other facts', () => expect({ ...{ ...node({ url: '/?a=1' }) }.query }).toEqual({ a: '1' }))
})
