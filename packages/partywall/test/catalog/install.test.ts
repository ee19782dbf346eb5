import { Client } from 'pg'
import { beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { Catalog } from '../../src/catalog/catalog.ts'
import type { Database } from '../../src/ports/database.ts'
import { catalogMigrations } from '../../src/catalog/install/catalog-migrations.ts'
import { testDatabase } from '../support/servers/database.ts'
import { registryForTest } from '../support/tenants/registry.ts'

let url: string
let name: string
beforeAll(async () => {
  ;({ url, name } = await testDatabase())
})
beforeEach(() => asAdmin('drop schema if exists partywall cascade; drop schema if exists common cascade'))

/** SQL that makes the catalog that of an older version. */
const withoutRuns = `
  drop table partywall.audit, partywall.migration_run_entries, partywall.migration_runs;
  drop table partywall.changes, partywall.relations, partywall.freed_schemas, partywall.blueprints, partywall.templates, partywall.tenant_steps, partywall.ready_schemas;
  drop table partywall.members, partywall.member_roles, partywall.invitations, partywall.member_email_domains;
  drop function partywall.announce_members;
  drop table partywall.domain_claims, partywall.signing_keys, partywall.revoked_tokens, partywall.single_use_tokens, partywall.schedules;
  drop table partywall.settings, partywall.fleet_work;
  drop function partywall.announce_settings;
  drop table partywall.usage, partywall.usage_sheets;
  drop table partywall.file_usage, partywall.stored_files, partywall.file_reservations;
  alter table partywall.tenants drop column external_id;
  drop index partywall.tenants_kind;
  drop function partywall.keep_audit, partywall.count_change, partywall.announce, partywall.announce_tenants, partywall.announce_domains cascade;
  drop function partywall.current_tenant_id, partywall.shared_role, partywall.with_partitions, partywall.assert_protectable,
    partywall.assert_tenant_column, partywall.open_to_shared_scope, partywall.open_all_to_shared_scope, partywall.cast_of_column,
    partywall.protect_one, partywall.protect;
  drop sequence partywall.revisions;
  alter table partywall.tenants drop column generation, drop column revision, drop column login_generation, drop column login_rotated_at,
    drop column expires_at, drop column archived_at, drop column purge_at, drop column archived_schema, drop column archived_domains,
    drop column adopted, drop constraint tenants_schema_is_no_template, drop constraint tenants_schema_is_not_ready,
    add constraint tenants_schema_is_valid check (schema <> '');
  delete from partywall.migrations where number >= 3`

describe('installing the catalog', () => {
  test('creates the tables at the first query, and not before', async () => {
    const { tenants } = registryForTest(url)
    expect(await asAdmin(`select to_regnamespace('partywall') as found`)).toEqual([{ found: null }])
    expect(await tenants.list()).toEqual([])
    expect(await asAdmin('select number, name from partywall.migrations order by number')).toEqual(
      catalogMigrations.map((migration) => ({ number: migration.number, name: migration.name })),
    )
  })

  test('happens once when many processes start at the same time', async () => {
    const registries = Array.from({ length: 8 }, () => registryForTest(url))
    await Promise.all(registries.map(({ catalog }) => catalog.ready()))
    expect(await asAdmin('select count(*)::int as steps from partywall.migrations')).toEqual([
      { steps: catalogMigrations.length },
    ])
  })

  test('costs a later process one query, and no query after that', async () => {
    await registryForTest(url).catalog.ready()
    const { database, counts } = counting(registryForTest(url).database)
    const catalog = catalogOn(database)
    await Promise.all([catalog.ready(), catalog.ready()])
    await catalog.ready()
    expect(counts).toEqual({ queries: 1, transactions: 0 })
  })

  test('creates the shared schema when it is missing', async () => {
    const { catalog, tenants } = registryForTest(url, { sharedSchema: 'common' })
    await catalog.ready()
    expect(await tenants.list()).toEqual([])
    await asAdmin('drop schema common')
    await registryForTest(url, { sharedSchema: 'common' }).catalog.ready()
    expect(await asAdmin(`select to_regnamespace('common')::text as found`)).toEqual([{ found: 'common' }])
  })

  test('upgrades an older catalog', async () => {
    await registryForTest(url).catalog.ready()
    await asAdmin(withoutRuns)
    const { domains } = registryForTest(url)
    expect(await domains.list()).toEqual([])
    expect(await asAdmin('select * from partywall.migration_runs')).toEqual([])
  })

  test('refuses a catalog that a newer version installed', async () => {
    await registryForTest(url).catalog.ready()
    await asAdmin(`insert into partywall.migrations (number, name, checksum) values (99, 'future', '')`)
    await expect(registryForTest(url).tenants.list()).rejects.toMatchObject({
      code: 'CATALOG_NEWER',
      details: { installed: 99, known: catalogMigrations.at(-1)!.number },
    })
  })

  test('is tried again after a failure', async () => {
    const { database } = registryForTest(url)
    let isDown = true
    const flaky: Database = {
      query: (statement) => (isDown ? Promise.reject(new Error('down')) : database.query(statement)),
      transaction: (fn) => database.transaction(fn),
      loginRole: () => database.loginRole(),
      connections: (size, fn) => database.connections(size, fn),
    }
    const catalog = catalogOn(flaky)
    await expect(catalog.ready()).rejects.toThrow('down')
    isDown = false
    await catalog.ready()
  })

  test('is repeated by a running process after another session dropped the catalog', async () => {
    const { tenants } = registryForTest(url)
    await tenants.list()
    await asAdmin('drop schema partywall cascade')
    await expect(tenants.list()).rejects.toMatchObject({ code: '42P01' })
    expect(await tenants.list()).toEqual([])
  })

  test('does not depend on the search path', async () => {
    await asAdmin(`alter database "${name}" set search_path to nowhere`)
    onTestFinished(async () => void (await asAdmin(`alter database "${name}" reset search_path`)))
    const { tenants, create } = registryForTest(url)
    await create({ schema: 'pathless' })
    expect(await tenants.get('pathless')).toMatchObject({ schema: 'pathless' })
    await asAdmin('drop schema pathless cascade')
  })
})

describe('least privilege', () => {
  test('a role that may not install the catalog is told what to grant', async () => {
    const { roleUrl, role } = await runtimeRole()
    const error = await refusal(registryForTest(roleUrl).tenants.list())
    expect(error).toMatchObject({ code: 'CATALOG_MISSING', details: { role, database: name } })
    expect(error.message).toContain(`grant create on database ${name} to ${role}`)
  })

  test('a role without a grant on the catalog is told what to grant', async () => {
    await registryForTest(url).catalog.ready()
    const { roleUrl, role } = await runtimeRole()
    const error = await refusal(registryForTest(roleUrl).tenants.list())
    expect(error.code).toBe('CATALOG_MISSING')
    expect(error.message).toContain(`grant usage on schema partywall to ${role}`)
  })

  test('a role that may only read the catalog finds tenants, and is told what to grant when it writes', async () => {
    await registryForTest(url).create({ schema: 'read_me', domains: ['read.example.com'] })
    onTestFinished(async () => void (await asAdmin('drop schema read_me cascade')))
    const { roleUrl, role } = await runtimeRole()
    await asAdmin(`grant usage on schema partywall to ${role}; grant select on all tables in schema partywall to ${role}`)
    const { tenants, domains, create } = registryForTest(roleUrl)
    expect(await tenants.get({ domain: 'read.example.com' })).toMatchObject({ schema: 'read_me' })
    expect(await domains.list('read_me')).toHaveLength(1)
    for (const refused of [
      () => tenants.setStatus('read_me', 'suspended'),
      () => tenants.update('read_me', { name: 'x' }),
      () => domains.add('read_me', 'more.example.com'),
      () => create({ schema: 'another' }),
    ]) {
      const error = await refusal(refused())
      expect(error.code).toBe('NOT_PERMITTED')
      expect(error.message).toContain('grant insert, update, delete')
    }
  })

  test('a role that may write the catalog but not create schemas is told that it may not create the schema', async () => {
    await registryForTest(url).catalog.ready()
    const { roleUrl, role } = await runtimeRole()
    await asAdmin(`grant usage on schema partywall to ${role}; grant all on all tables in schema partywall to ${role}`)
    const error = await refusal(registryForTest(roleUrl).create({ schema: 'another' }))
    expect(error.message).toContain('may not create the schema "another"')
    expect(await asAdmin('select * from partywall.tenants')).toEqual([])
  })

  test('a role that may not upgrade the catalog is told that the catalog is older than this version', async () => {
    await registryForTest(url).catalog.ready()
    await asAdmin(withoutRuns)
    const { roleUrl, role } = await runtimeRole()
    await asAdmin(`grant usage on schema partywall to ${role}; grant select on all tables in schema partywall to ${role}`)
    const error = await refusal(registryForTest(roleUrl).tenants.list())
    expect(error).toMatchObject({ code: 'CATALOG_MISSING', details: { installed: 2 } })
    expect(error.message).toContain('older than this version')
  })
})

/** A program that writes the catalog without partywall must not store what partywall would refuse. */
test('the tables of the catalog refuse the names of schemas and domains that partywall refuses', async () => {
  await registryForTest(url).catalog.ready()
  const hostile = [
    '',
    'Upper',
    '1st',
    'a b',
    'a"b',
    'pg_x',
    'public',
    'partywall',
    'é',
    'a\n',
    'a'.repeat(64),
    crypto.randomUUID().replace(/^./, 'a'),
  ]
  for (const schema of hostile) {
    const insert = asAdmin(`insert into partywall.tenants (schema, name) values ($1::text, 'x')`, [schema])
    await expect(insert).rejects.toMatchObject({ code: '23514' })
  }
  await asAdmin(`insert into partywall.tenants (schema, name) values ('_a-1', 'x')`)
  for (const domain of ['A.com', 'a.com.', '', 'a b', 'é.com']) {
    const insert = asAdmin('insert into partywall.domains (domain, tenant_id) select $1::text, id from partywall.tenants', [
      domain,
    ])
    await expect(insert).rejects.toMatchObject({ code: '23514' })
  }
})

async function asAdmin(text: string, values?: unknown[]): Promise<unknown[]> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(text, values)).rows
  } finally {
    await client.end()
  }
}

/** Creates a role that may connect and nothing else. */
async function runtimeRole(): Promise<{ role: string; roleUrl: string }> {
  const role = `pwt_runtime_${crypto.randomUUID().slice(0, 8)}`
  await asAdmin(`create role ${role} login password 'secret'; grant connect on database "${name}" to ${role}`)
  onTestFinished(async () => void (await asAdmin(`drop owned by ${role}; drop role ${role}`)))
  const roleUrl = new URL(url)
  roleUrl.username = role
  roleUrl.password = 'secret'
  return { role, roleUrl: roleUrl.href }
}

async function refusal(promise: Promise<unknown>): Promise<Error & { code: string }> {
  try {
    await promise
  } catch (error) {
    return error as Error & { code: string }
  }
  throw new Error('the call was not refused')
}

function catalogOn(database: Database): Catalog {
  return new Catalog({ database, deploy: database, access: { isNeeded: false, give: async () => {} }, sharedSchema: 'public' })
}

/** The same database, with a count of the queries and transactions that it is asked for. */
function counting(database: Database): { database: Database; counts: { queries: number; transactions: number } } {
  const counts = { queries: 0, transactions: 0 }
  return {
    counts,
    database: {
      query: (statement) => ((counts.queries += 1), database.query(statement)),
      transaction: (fn) => ((counts.transactions += 1), database.transaction(fn)),
      loginRole: () => database.loginRole(),
      connections: (size, fn) => database.connections(size, fn),
    },
  }
}
