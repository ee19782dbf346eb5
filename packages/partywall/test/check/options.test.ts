/** The checks of the configuration alone (PW-002 to PW-005): what contradicts, what a client can choose, whose hosts and cookies they are. */
import { expect, test, vi } from 'vitest'
import { contradictions } from '../../src/check/contradicting-options.ts'
import { ownHosts } from '../../src/check/own-hosts.ts'
import { parentCookiesOf } from '../../src/check/parent-cookies.ts'
import { publicSuffix } from '../../src/check/public-suffixes.ts'
import { spoofable } from '../../src/check/spoofable-resolvers.ts'
import type { ConfigFacts } from '../../src/check/check.ts'
import type { Config } from '../../src/config/config.ts'
import { resolveOptions } from '../../src/config/options.ts'
import { byHeader, byHost } from '../../src/index.ts'

const loginKey = 'k'.repeat(32)
const connectionString = 'postgres://app@db/app'
const deploy = 'postgres://deploy@db/app'

function factsOf(given: Config<any>): ConfigFacts {
  const config: Config<any> = { database: connectionString, ...given }
  const { database, deploy: deployRole, loginKeys, ...options } = resolveOptions(config)
  return { options, isEmbedded: database === undefined, hasDeploy: deployRole !== undefined, hasLoginKey: loginKeys.length > 0 }
}

const seenIn = (config: Config<any>): string[] =>
  contradictions(factsOf(config)).map(({ severity, seen }) => `${severity}: ${seen}`)

test('a plain config, and a complete one with roles, contradict nothing', () => {
  expect(seenIn({})).toEqual([])
  const database = { connectionString, deploy }
  expect(seenIn({ database, boundary: 'role', strict: true, shared: { grants: { countries: ['insert'] } } })).toEqual([])
  expect(seenIn({ database: { ...database, loginKey }, boundary: { default: 'role', tenants: { acme: 'login' } } })).toEqual([])
})

test.each<[string, Config<any>, string]>([
  [
    'outsideScope with roles',
    { outsideScope: 'shared', boundary: { kinds: { default: 'role' } } },
    "error: outsideScope is 'shared'",
  ],
  ['outsideScope without the shared schema', { outsideScope: 'shared', includeShared: false }, 'warning: includeShared is false'],
  ['strict under path', { strict: true }, 'error: strict is true'],
  [
    'strict under login',
    { strict: true, boundary: 'login', database: { connectionString, deploy, loginKey } },
    'error: strict is true',
  ],
  ['grants under path', { shared: { grants: { a: ['insert'] } } }, 'error: shared.grants lists'],
  [
    'grants with some tenants under path',
    { shared: { grants: { a: ['insert'] } }, boundary: { default: 'role', tenants: { acme: 'path' } } },
    "warning: shared.grants lists what tenants may write, and the tenants with the boundary 'path'",
  ],
  [
    'grants that no path finds',
    { shared: { grants: { a: ['insert'] } }, includeShared: false, boundary: 'role' },
    'warning: shared.grants lets',
  ],
  [
    'a weaker kind',
    { boundary: { default: 'role', kinds: { default: 'path' } } },
    "warning: the default boundary is 'role', and a weaker one",
  ],
  ['a wall without a deploy role', { boundary: 'role' }, "warning: the boundary is 'role', and database.deploy is missing"],
  ['a key without logins', { database: { connectionString, loginKey } }, 'warning: database.loginKey is set'],
  ['loginMax without logins', { pool: { loginMax: 3 } }, 'warning: pool.loginMax is 3'],
  [
    'the shared schema by the back door',
    { includeShared: false, extraSearchPath: ['public'] },
    'error: includeShared is false, and extraSearchPath',
  ],
  [
    'the shared schema twice',
    { sharedSchema: 'app', extraSearchPath: ['ext', 'app'] },
    'warning: extraSearchPath holds the shared schema "app"',
  ],
  ['a schema twice', { extraSearchPath: ['ext', 'ext'] }, 'warning: extraSearchPath holds "ext" more than once'],
  ['no limit of time', { statementTimeoutMs: 0 }, 'warning: statementTimeoutMs is 0'],
  [
    'shadowed names without a shared schema',
    { includeShared: false, migrations: { shadowed: ['a'] } },
    'warning: migrations.shadowed lists "a"',
  ],
  ['tenants that are behind', { behind: 'allow' }, "warning: behind is 'allow'"],
  [
    'one folder for both scopes',
    { migrations: { shared: 'sql', tenant: { big: './sql/' } } },
    'error: migrations.shared and migrations.tenant (big)',
  ],
  ['more idle connections than connections', { pool: { min: 11 } }, 'warning: pool.min is 11'],
])('a contradiction is found: %s', (_, config, seen) => {
  expect(seenIn(config).filter((one) => one.startsWith(seen))).toHaveLength(1)
})

test('the embedded server in production is a contradiction', () => {
  vi.stubEnv('NODE_ENV', 'production')
  expect(contradictions({ ...factsOf({}), isEmbedded: true }).map(({ seen }) => seen)).toEqual([
    expect.stringContaining('NODE_ENV is production'),
  ])
  vi.unstubAllEnvs()
})

const byToken = (): undefined => undefined

const severities = (...resolvers: Parameters<typeof spoofable>[0]): string[] =>
  spoofable(resolvers).map(({ severity, seen }) => `${severity} ${/".*?"/.exec(seen)![0]}`)

test('a header or a resolver of your own can be spoofed, unless it is trusted; a host softens it', () => {
  const host = byHost({ base: 'example.com' })
  expect(severities(host)).toEqual([])
  expect(severities(byHeader('x-tenant'), byToken)).toEqual(['error "header x-tenant"', 'error "byToken"'])
  expect(severities(host, byHeader('x-tenant'), { name: 'path', resolve: byToken })).toEqual([
    'warning "header x-tenant"',
    'warning "path"',
  ])
  expect(severities(byHeader('x-tenant', { trusted: true }), { name: 'token', resolve: byToken, trusted: true })).toEqual([])
  // Another resolver of this name reads no host.
  expect(severities({ name: 'host', resolve: byToken }, byHeader('x'))).toEqual(['error "host"', 'error "header x"'])
  expect(severities(() => undefined)).toEqual(['error "resolver 1"'])
})

test('byHeader refuses a "trusted" that is neither true nor false', () => {
  expect(() => byHeader('x', { trusted: 'yes' as any })).toThrow('"trusted" of byHeader must be true or false')
})

test('a base under which strangers have hosts is an error', async () => {
  const strangers = ['com', 'co.uk', 'com.au', 'github.io', 'vercel.app', 'up.railway.app', 'dev']
  const own = ['localhost', 'example.com', 'acme.co.uk', 'tenants.acme.github.io', 'internal', 'app.test']
  expect([...strangers, ...own].filter((base) => publicSuffix(base) !== undefined)).toEqual(strangers)
  const config = factsOf({ resolve: [byHost({ base: ['example.com', 'co.uk'] })] })
  expect(await ownHosts.run({ root: '', ownFile: '', config })).toEqual([
    expect.objectContaining({ severity: 'error', seen: expect.stringContaining('"co.uk"') }),
  ])
})

test('a session cookie for a domain above the tenants is an error, for another one a warning, for the host alone in order', () => {
  expect(cookieSeverities(undefined)).toEqual([])
  expect(['.example.com', 'app.example.com', '.App.Example.com'].flatMap((domain) => cookieSeverities(domain))).toEqual([
    'error',
    'error',
    'error',
  ])
  expect(['acme.app.example.com', 'example.org', 'ample.com'].flatMap((domain) => cookieSeverities(domain))).toEqual([
    'warning',
    'warning',
    'warning',
  ])
  expect(cookieSeverities('.example.com', [])).toEqual(['warning'])
  expect(parentCookiesOf([{ package: 'express-session', domain: undefined, isHidden: true }], [])).toMatchObject([
    { severity: 'info' },
  ])
  expect(parentCookiesOf([], [])).toMatchObject([{ severity: 'info', seen: expect.stringContaining('cannot be seen') }])
})

function cookieSeverities(domain: string | undefined, bases = ['app.example.com']): string[] {
  return parentCookiesOf([{ package: 'express-session', domain, isHidden: false }], bases).map(({ severity }) => severity)
}
