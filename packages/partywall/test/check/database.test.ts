/** The checks that ask a database (PW-008 to PW-010, PW-014), and the review of migrations (PW-011). */
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ConfigFacts, DatabaseFacts, Facts, ListedCheck } from '../../src/check/check.ts'
import { catalogState } from '../../src/check/catalog-state.ts'
import { migrationsReach } from '../../src/check/migrations-reach.ts'
import { namesInBothScopes } from '../../src/check/names-in-both-scopes.ts'
import { namesInOptions } from '../../src/check/names-in-options.ts'
import { powerfulLogin } from '../../src/check/powerful-login.ts'
import { primaryDomains } from '../../src/check/primary-domains.ts'
import type { Config } from '../../src/config/config.ts'
import { resolveOptions } from '../../src/config/options.ts'
import { byHost, createTenancy } from '../../src/index.ts'
import type { Queryable } from '../../src/sql/statement.ts'
import { testDatabase } from '../support/servers/database.ts'
import { leastPrivilege } from '../support/tenants/least-privilege.ts'
import { folderForTest } from '../support/tenants/registry.ts'

function configOf(config: Config<any> = {}): ConfigFacts {
  const {
    database: _database,
    deploy: _deploy,
    loginKeys: _keys,
    ...options
  } = resolveOptions({
    migrations: { shared: false, tenant: false },
    ...config,
  })
  return { options, isEmbedded: false, hasDeploy: false, hasLoginKey: false }
}

describe('with a database', async () => {
  const { url } = await testDatabase()
  const { app, deploy, appRole, deployRole } = await leastPrivilege(url, url)
  const admin = new Client(url)
  const queryable: Queryable = { query: ({ text, values }) => admin.query(text, values) as never }
  const sent: string[] = []
  beforeAll(async () => {
    await admin.connect()
    expect(await catalogState(queryable)).toBe('missing')
    const tenancy = createTenancy({
      database: { connectionString: app, deploy },
      boundary: 'role',
      migrations: { shared: false, tenant: false },
    })
    for (const schema of ['acme', 'globex', 'initech']) await tenancy.tenants.create({ schema })
    await tenancy.domains.add('globex', 'www.globex.org')
    await tenancy.close()
    expect(await catalogState(queryable)).toBe('readable')
  })
  afterAll(() => admin.end())

  async function seen(check: ListedCheck, config: Config<any> = {}, login = appRole): Promise<string[]> {
    const watched: Queryable = {
      query: (statement) => {
        sent.push(statement.text)
        return queryable.query(statement)
      },
    }
    const database: DatabaseFacts = { queryable: watched, login }
    const facts: Facts = { root: '', ownFile: '', config: configOf(config), database, catalog: database }
    return (await check.run(facts)).map(
      ({ severity, tenant, seen: text }) => `${severity}${tenant === undefined ? '' : ` (${tenant})`}: ${text}`,
    )
  }

  /** Undone by a rollback. */
  async function during<T>(text: string, fn: () => Promise<T>): Promise<T> {
    await admin.query(`begin; ${text}`)
    return fn().finally(() => admin.query('rollback'))
  }

  test('a role that may not read the catalog still learns what its login may do, and what was not looked at', async () => {
    const found = await during(`set local role "${appRole}"`, async () => {
      expect(await catalogState(queryable)).toBe('unreadable')
      return seen(powerfulLogin, { boundary: 'role' }, deployRole)
    })
    expect(found).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^error: .*CREATEROLE/),
        expect.stringMatching(/^error: .*owns schemas or tables/),
        expect.stringMatching(/^info: .*may not read the catalog/),
      ]),
    )
  })

  test('a login without power is in order under the boundary role', async () => {
    expect(await seen(powerfulLogin, { boundary: 'role' })).toEqual([])
  })

  test.each([
    ['superuser', 'superuser', 'error', 'a superuser'],
    ['bypassrls', 'bypassrls', 'error', 'BYPASSRLS'],
    ['createrole', 'createrole', 'error', 'CREATEROLE'],
    ['replication', 'replication', 'error', 'REPLICATION'],
  ])('a login with %s is found', async (_, attribute, severity, what) => {
    const found = await during(`alter role "${appRole}" ${attribute}`, () => seen(powerfulLogin, { boundary: 'role' }))
    expect(found).toEqual([expect.stringMatching(new RegExp(`^${severity}: the application logs in as "${appRole}", .*${what}`))])
  })

  test.each([
    ['a superuser', 'create role strong_r superuser; grant strong_r to "APP"', '"strong_r", a superuser'],
    [
      'a role that bypasses policies',
      'create role strong_r bypassrls; grant strong_r to "APP"',
      '"strong_r", which has BYPASSRLS',
    ],
    ['a predefined role', 'grant pg_read_all_data to "APP"', '"pg_read_all_data", which reaches the data'],
    ['the owner', `grant "${deployRole}" to "APP"`, `"${deployRole}", which owns`],
    [
      'an owner at second hand',
      `create role between_r noinherit; grant "${deployRole}" to between_r; grant between_r to "APP"`,
      `"${deployRole}", which owns`,
    ],
  ])('a login that may take the role of %s is found', async (_, change, what) => {
    const found = await during(change.replaceAll('APP', appRole), () => seen(powerfulLogin, { boundary: 'role' }))
    expect(found).toContainEqual(expect.stringContaining(`which may take the role ${what}`))
  })

  test('a login that owns one table, or inherits the rights of the tenants, is found', async () => {
    const owner = `create table acme.own (id int); alter table acme.own owner to "${appRole}"`
    expect(await during(owner, () => seen(powerfulLogin, { boundary: 'role' }))).toEqual([
      expect.stringMatching(/^error: .* which owns schemas or tables/),
    ])
    expect(await during(owner, () => seen(powerfulLogin))).toEqual([expect.stringMatching(/^warning: .* which owns/)])
    const elsewhere = `create schema jobs authorization "${appRole}"`
    expect(await during(elsewhere, () => seen(powerfulLogin, { boundary: 'role' }))).toEqual([])
    const { rows } = await admin.query<{ role: string }>(`select concat('partywall_tenants_', current_database())::name as role`)
    const inherits = `create role "${appRole}_2" login inherit; grant "${rows[0]!.role}" to "${appRole}_2"`
    expect(await during(inherits, () => seen(powerfulLogin, { boundary: 'role' }, `${appRole}_2`))).toEqual([
      expect.stringMatching(/^error: .* inherits the rights of the tenants' roles/),
    ])
  })

  test('tenants without a primary domain are an error without a base, and named with one', async () => {
    expect(await seen(primaryDomains)).toEqual([])
    expect(await seen(primaryDomains, { resolve: [byHost()] })).toEqual([
      'error: 2 tenants "acme", "initech" without a primary domain, and byHost has no base: no host leads there',
    ])
    const withBase = { resolve: [byHost({ base: 'example.com' })] }
    expect(await seen(primaryDomains, withBase)).toEqual([expect.stringMatching(/^info: 2 tenants .* as in acme\.example\.com$/)])
    const none = 'update partywall.domains set is_primary = false'
    expect(await during(none, () => seen(primaryDomains, { resolve: [byHost()] }))).toEqual([
      expect.stringMatching(/^error: 3 tenants/),
    ])
    const one = `delete from partywall.tenants where schema = 'initech'`
    expect(await during(one, () => seen(primaryDomains, withBase))).toEqual([
      expect.stringMatching(/^info \(acme\): the tenant "acme"/),
    ])
  })

  test('a name in both scopes is named for each tenant, and a tenant that lacks one for what it falls through to', async () => {
    const both =
      'create table public.leads (id int); create table acme.leads (id int); create view globex.leads as select 1 as id'
    const options = { migrations: { shared: false, tenant: false } as const }
    const lacks =
      'error (initech): the tenant "initech" lacks "leads", which other tenants of its kind have, or had: its queries use those of the shared schema "public"'
    expect(await during(both, () => seen(namesInBothScopes, options))).toEqual([
      lacks,
      'error (acme): the tenant "acme" and the shared schema "public" both have "leads"',
      'error (globex): the tenant "globex" and the shared schema "public" both have "leads"',
    ])
    const listed = { migrations: { ...options.migrations, shadowed: ['leads'] } }
    expect(await during(both, () => seen(namesInBothScopes, listed))).toEqual([lacks])
    expect(await during(both, () => seen(namesInBothScopes, { includeShared: false }))).toEqual([])
    expect(await during(both, () => seen(namesInBothScopes, { includeShared: false, extraSearchPath: ['public'] }))).toHaveLength(
      3,
    )
  })

  test('many tenants with the same fault are counted, and cost three queries', async () => {
    const many = `
      create table public.leads (id int);
      do $$ begin for n in 1..40 loop
        execute format('create schema t%s; create table t%1$s.leads (id int)', n);
      end loop; end $$;
      insert into partywall.tenants (schema, name) select 't' || n, 't' from generate_series(1, 40) as n`
    sent.length = 0
    const found = await during(many, () => seen(namesInBothScopes))
    expect(sent).toHaveLength(3)
    // Three lack it; of forty that have it, twenty are named one by one.
    expect(found).toHaveLength(3 + 20 + 1)
    expect(found.at(-1)).toContain('the same holds for 20 tenants')
  })

  test('a tenant or a table that an option names, and that does not exist, is found', async () => {
    const { rows } = await admin.query<{ id: string }>(`select id from partywall.tenants where schema = 'acme'`)
    const boundary = {
      default: 'role',
      tenants: { acme: 'path', acmee: 'path', [rows[0]!.id]: 'path', ['0'.repeat(8) + rows[0]!.id.slice(8)]: 'path' },
    } as const
    expect(await seen(namesInOptions, { boundary })).toEqual([
      expect.stringMatching(/^error: .*"0{8}-.*no tenant has this id$/),
      expect.stringMatching(/^error: .*"acmee", and no tenant has this schema$/),
    ])
    const shared = { grants: { countries: ['insert'], contries: ['insert'] } } as const
    expect(await during('create table public.countries (id int)', () => seen(namesInOptions, { shared }))).toEqual([
      expect.stringMatching(/^warning: shared\.grants names "contries"/),
    ])
  })
})

test('a migration that reaches beyond its schema is found in every source; code is said to be unseen; a source that cannot be read hides no other', async () => {
  const root = await folderForTest({
    'migrations/tenant/0001_own.sql': 'create table books (id int); insert into public.log values (1);',
    'migrations/tenant/0002_path.sql': 'set search_path = other;\ncreate role mine;',
    'migrations/tenant/0003_code.ts': 'export async function up() {}',
    'big/0001_bad.sql': '-- partywall: no-such-thing\nselect 1',
  })
  const beyond = async (tenant: Record<string, string>): Promise<string[]> => {
    const config = configOf({ root, migrations: { tenant } })
    return (await migrationsReach.run({ root, ownFile: '', config })).map(({ severity, seen }) => `${severity}: ${seen}`)
  }
  expect(await beyond({ default: 'migrations/tenant', same: 'migrations/tenant' })).toEqual([
    expect.stringMatching(/^error: .*0001_own\.sql has in line 1 /),
    expect.stringMatching(/^error: .*0002_path\.sql has in line 1 /),
    expect.stringMatching(/^error: .*0002_path\.sql has in line 2 /),
    expect.stringMatching(/^info: 1 of the migrations in ".*" are code/),
  ])
  const withOther = await beyond({ default: 'nowhere', big: 'migrations/tenant' })
  expect(withOther.filter((one) => one.includes('nowhere'))).toHaveLength(1)
  expect(withOther).toHaveLength(5)
})
