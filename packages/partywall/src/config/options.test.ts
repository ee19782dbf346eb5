import { describe, expect, test } from 'vitest'
import { migrationSources } from '../migrations/sources/sources.ts'
import { resolveOptions } from './options.ts'

const refuse = (config: unknown): unknown => {
  try {
    resolveOptions(config as never)
  } catch (error) {
    return error
  }
  throw new Error('the config was not refused')
}

describe('resolveOptions with an unknown key', () => {
  test.each([
    [{ databse: 'x' }, 'Did you mean "database"?'],
    [{ default: { database: 'x' } }, 'The config is the module of a config file. Give its default export'],
    [{ migrations: { tenants: 'x' } }, 'Did you mean "migrations.tenant"?'],
    [{ pool: { maximum: 3 } }, 'The options here are: max'],
    [{ zzz: 1 }, 'The options here are: database'],
  ])('refuses %j, and names the known keys or the closest one', (config, message) => {
    expect(refuse(config)).toMatchObject({ code: 'INVALID_OPTION', message: expect.stringContaining(message) })
  })
})

describe('resolveOptions with a bad value', () => {
  test.each([
    { database: 'mysql://root:secret@host/db' },
    { database: 42 },
    { root: '' },
    { pool: { max: 0 } },
    { pool: { max: 2.5 } },
    { pool: 'many' },
    { pool: { maxPreparedStatements: 0 } },
    { boundary: 'wall' },
    { boundary: { kinds: { default: 'wall' } } },
    { boundary: { kinds: { unknown: 'role' } } },
    { boundary: { tenants: { Acme: 'role' } } },
    { boundary: ['role'] },
    { boundary: 'login' },
    { boundary: 'login', database: { loginKey: 'short' } },
    { database: { deploy: 'mysql://root:secret@host/db' } },
    { strict: 'yes' },
    { shared: { grants: { plans: ['select'] } } },
    { shared: { grants: { 'public.plans': ['insert'] } } },
    { behind: 'maybe' },
    { tenantIdSetting: 'role' },
    { tenantIdSetting: "app.x', true) --" },
    { migrations: { tenant: '' } },
    { migrations: { tenant: true } },
    { migrations: { outOfOrder: 'ignore' } },
    { migrations: { outOfOrder: true } },
    { migrations: { shadowed: 'plans' } },
    { migrations: { shadowed: ['public.plans'] } },
    { migrations: { shadowed: [''] } },
    { migrations: { shared: { name: 'drizzle' } } },
    { migrations: { tenant: { shop: 1 } } },
    { outsideScope: 'public' },
    { includeShared: 'yes' },
    { sharedSchema: 'pg_catalog' },
    { sharedSchema: 'partywall' },
    { extraSearchPath: ['x'.repeat(64)] },
    { extraSearchPath: 'extensions' },
    { resolve: ['host'] },
    { tenant: { attributes: { plan: 'text' } } },
    { migrations: { tenant: { default: '' } } },
    { migrations: { tenant: ['migrations/x'] } },
    { tenantCacheMs: -1 },
    { sharedSchema: 'x'.repeat(70) },
    { statementTimeoutMs: 3e9 },
    { pool: { max: 2, maxPerTenant: 9 } },
    { resolve: [{ resolve: 5 }] },
    { migrations: { tenant: { '': 'x' } } },
    { migrations: { tenant: { 'a b': 'x' } } },
    { migrations: { tenant: { name: 'generated' } } },
  ])('refuses %j', (config) => {
    const error = refuse(config)
    expect(error).toMatchObject({ code: 'INVALID_OPTION' })
    expect(String(error)).not.toContain('secret')
  })
})

test('resolveOptions fills in the defaults, freezes the result and leaves the config unchanged', () => {
  const config = Object.freeze({ root: '/srv/app', pool: Object.freeze({ max: 3 }) })
  const options = resolveOptions(config)
  expect(options).toMatchObject({
    database: undefined,
    migrations: { shared: '/srv/app/migrations/shared', tenant: { default: '/srv/app/migrations/tenant' } },
    sharedSchema: 'public',
    outsideScope: 'refuse',
    pool: { max: 3, sharedMax: 3, connectionTimeoutMillis: 10_000 },
  })
  expect(Object.isFrozen(options) && Object.isFrozen(options.pool)).toBe(true)
})

test('resolveOptions treats an empty connection string as none: it comes from an empty variable in a .env file', () => {
  expect(resolveOptions({ database: '' }).database).toBeUndefined()
})

describe('the option migrations', () => {
  test('takes folders relative to the root, and sources, whose at() receives their place', () => {
    const places: object[] = []
    const source = { name: 'x', list: async () => [], at: (place: object) => ({ ...source, name: `x at ${places.push(place)}` }) }
    const options = resolveOptions({
      root: '/app',
      sharedSchema: 'common',
      migrations: { shared: source, tenant: { default: 'tables', shop: source, other: { name: 'y', list: async () => [] } } },
    })
    expect(options.migrations).toEqual({
      shared: source,
      tenant: { default: '/app/tables', shop: source, other: expect.anything() },
      outOfOrder: 'refuse',
      shadowed: [],
      template: false,
    })
    const { shared, kinds } = migrationSources(options)
    expect([shared.name, ...[...kinds].map(([kind, { name }]) => `${kind}: ${name}`)]).toEqual([
      'x at 1',
      'default: /app/tables',
      'shop: x at 2',
      'other: y',
    ])
    const place = { root: '/app', sharedSchema: 'common', extraSearchPath: [] }
    expect(places).toEqual([
      { ...place, isShared: true },
      { ...place, isShared: false },
    ])
  })
})

test('the option migrations takes false for a source that has none on purpose', async () => {
  const options = resolveOptions({ migrations: { shared: false, tenant: { default: false, shop: 'shop' } } })
  expect(options.migrations).toMatchObject({ shared: false, tenant: { default: false } })
  const { shared, kinds } = migrationSources(options)
  expect([await shared.list(), await kinds.get('default')!.list()]).toEqual([[], []])
  expect(migrationSources(resolveOptions({ migrations: { tenant: false } })).kinds.get('default')).toMatchObject({ name: 'none' })
})

describe('an option that decides where data are', () => {
  test.each([
    [{ root: undefined }, 'process.cwd()'],
    [{ root: import.meta.dirname, sharedSchema: undefined }, 'The option "sharedSchema" is given, and undefined'],
    [{ migrations: { shared: undefined } }, 'The option "migrations.shared" is given, and undefined'],
    [{ migrations: { tenant: undefined } }, 'The option "migrations.tenant" is given, and undefined'],
  ])('is refused when it is given as undefined: %j', (config, message) => {
    expect(refuse(config)).toMatchObject({ code: 'INVALID_OPTION', message: expect.stringContaining(message) })
  })

  test('has its default when it is left out', () => {
    expect(resolveOptions({ database: undefined, migrations: {} })).toMatchObject({ root: process.cwd(), sharedSchema: 'public' })
  })
})
