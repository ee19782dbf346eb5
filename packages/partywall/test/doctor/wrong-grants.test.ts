/** What a person changes by hand in a fleet with roles: the doctor finds each of them, and finds nothing in a fleet as partywall makes it. */
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { assertFleetOk, createTenancy, type DoctorReport, type Tenant } from '../../src/index.ts'
import { fixedRole, tenantRole } from '../../src/names/role-name.ts'
import { testDatabase } from '../support/servers/database.ts'
import { leastPrivilege } from '../support/tenants/least-privilege.ts'
import { writeFiles } from '../support/tenants/registry.ts'

const { url, directUrl, name } = await testDatabase()
const other = await testDatabase()
const logins = await leastPrivilege(directUrl, url)
const root = await mkdtemp(join(tmpdir(), 'partywall-doctor-'))
await writeFiles(root, {
  'migrations/shared/0001_countries.sql':
    'create table countries (id serial primary key, name text); create table plans (id int);',
  'migrations/tenant/0001_projects.sql':
    'create table projects (id serial primary key, title text); create view titles as select title from projects;',
})
const tenancy = createTenancy({
  root,
  database: { connectionString: logins.app, deploy: logins.deploy },
  boundary: 'role',
  shared: { grants: { countries: ['insert'] } },
})
const admin = new Client(directUrl)
const tenants: Record<string, Tenant> = {}
let before: DoctorReport
let after: DoctorReport

/** The login of a customer of acme for its own tools. */
let customer: string

const roleIds = /^PW-1[23]\d$/

/** Whether the server knows memberships that are not inherited, and views with the rights of the caller. */
let version = 0

beforeAll(async () => {
  await admin.connect()
  version = Number((await admin.query(`select current_setting('server_version_num') as version`)).rows[0].version)
  assertFleetOk(await tenancy.migrations.run())
  for (const schema of ['acme', 'globex', 'initech', 'umbrella']) tenants[schema] = await tenancy.tenants.create({ schema })
  customer = (await tenancy.logins.create('acme', { shared: true })).login.role
  await admin.query(
    `revoke temporary on database "${name}" from public; grant insert on countries to ${group}; grant usage on countries_id_seq to ${group}`,
  )
  before = await tenancy.doctor()
  for (const [what, , sql] of changes) {
    const text = typeof sql === 'function' ? sql() : sql
    await admin.query(text).catch((error: unknown) => {
      throw new Error(`${what}: ${text}`, { cause: error })
    })
  }
  const elsewhere = new Client(other.directUrl)
  await elsewhere.connect()
  await elsewhere.query(`grant usage on schema public to ${role('globex')}`)
  await elsewhere.end()
  after = await tenancy.doctor()
}, 60_000)

afterAll(async () => {
  await tenancy.close()
  const all = [
    stranger,
    ofLogins,
    orphan,
    orphanLogin,
    unused,
    customer,
    ...Object.values(tenants).map(({ id }) => tenantRole(id)),
  ]
  const elsewhere = new Client(other.directUrl)
  await elsewhere.connect()
  await elsewhere.query(`drop owned by ${role('globex')}`)
  await elsewhere.end()
  for (const one of all) await admin.query(`drop owned by ${one} cascade; drop role ${one}`).catch(() => {})
  await admin.end()
  await rm(root, { recursive: true })
})

test('tenancy.doctor finds nothing about roles and rights in a fleet as partywall makes it', () => {
  // Other test files leave roles of tenants on the server.
  expect(before.findings.filter(({ id, severity }) => roleIds.test(id) && severity !== 'info')).toEqual([])
  expect(before.examinations.filter(({ state }) => state !== 'done')).toEqual([])
})

const role = (schema: string): string => tenantRole(tenants[schema]!.id)
const stranger = `${logins.appRole}_stranger`
const orphan = `partywall_${randomBytes(16).toString('hex')}`
const orphanLogin = `partywall_${randomBytes(16).toString('hex')}_ro_0a1b2c3d`
const unused = `partywall_${randomBytes(16).toString('hex')}`
const { appRole: app, deployRole: deploy } = logins
const [group, granter, shared, catalog, ofLogins] = (['tenants', 'granter', 'shared', 'catalog', 'logins'] as const).map((one) =>
  fixedRole(one, name),
)

const ownColumns = `In the schema of 2 tenants ("globex", "initech"), the tenant's own role has select with grant option, update on columns`

/** What is done, the id and a part of the finding, and how it is done, as a superuser. */
const changes: readonly [
  what: string,
  finding: readonly [id: string, seen: string | (() => string)] | undefined,
  sql: string | (() => string),
][] = [
  [
    'roles of others',
    undefined,
    `create role ${stranger}; create role ${ofLogins}; create role ${orphan}; create role ${unused}; grant ${group} to ${orphan}`,
  ],
  [
    'a role that skips row security',
    ['PW-120', 'The role of the tenant "acme" is not bound by row security'],
    () => `alter role ${role('acme')} bypassrls`,
  ],
  [
    'a role that may create roles',
    ['PW-120', 'The role of the tenant "globex" is allowed to create roles'],
    () => `alter role ${role('globex')} createrole`,
  ],
  ['a role that may log in', ['PW-120', 'The role of the tenant "acme" may log in'], () => `alter role ${role('acme')} login`],
  [
    'a role that inherits nothing',
    ['PW-120', 'The role of the tenant "globex" does not inherit'],
    () => `alter role ${role('globex')} noinherit`,
  ],
  [
    'a role that is gone',
    ['PW-120', 'There is no role of the tenant "umbrella"'],
    () => `drop owned by ${role('umbrella')}; drop role ${role('umbrella')}`,
  ],
  [
    'a role in that of another tenant',
    ['PW-121', 'The role of the tenant "globex" is a member of the role of another tenant'],
    () => `grant ${role('acme')} to ${role('globex')}`,
  ],
  ['another tenant in its role', ['PW-121', 'The role of another tenant is a member of the role of the tenant "acme"'], 'select'],
  [
    'a role that reads everything',
    ['PW-121', 'The role of the tenant "initech" is a member of the role "pg_read_all_data"'],
    () => `grant pg_read_all_data to ${role('initech')}`,
  ],
  [
    'a person who may become the tenant',
    ['PW-121', `The role "${stranger}" is a member of the role of the tenant "acme"`],
    () => `grant ${role('acme')} to ${stranger}`,
  ],
  [
    'a role that the login may not take',
    ['PW-121', 'may not take the role of the tenant "globex"'],
    () => `set role ${deploy}; revoke ${role('globex')} from ${app}; reset role`,
  ],
  [
    'a role outside of the group',
    ['PW-121', 'The role of the tenant "initech" is not in the group'],
    () => `set role ${granter}; revoke ${group} from ${role('initech')}; reset role`,
  ],
  [
    "a customer's login that skips row security",
    ['PW-120', 'The login of a customer of the tenant "acme" is not bound by row security'],
    () => `alter role ${customer} bypassrls`,
  ],
  [
    "a customer's login that reads everything",
    ['PW-121', 'A customer\'s login of the tenant "acme" is a member of the role "pg_read_all_data"'],
    () => `grant pg_read_all_data to ${customer}`,
  ],
  ['a login that may create databases', ['PW-122', 'has the attribute createdb'], `alter role ${app} createdb`],
  [
    'a login that inherits',
    ['PW-122', 'inherits the rights of'],
    () => (version >= 160_000 ? `grant ${role('acme')} to ${app} with inherit true` : `alter role ${app} inherit`),
  ],
  ['a login that reads everything', ['PW-122', 'member of the role "pg_read_all_data"'], `grant pg_read_all_data to ${app}`],
  ['a login in the role of a person', ['PW-122', `member of the role "${stranger}"`], `grant ${stranger} to ${app}`],
  [
    'a login that owns a table',
    ['PW-122', 'owns 2 objects'],
    `create table globex.owned (id serial); alter table globex.owned owner to ${app}`,
  ],
  [
    'a schema for everyone',
    ['PW-124', 'PUBLIC has usage on the schema of the tenant "acme"'],
    'grant usage on schema acme to public',
  ],
  [
    'a schema for another tenant',
    ['PW-124', 'The role of another tenant has usage on the schema of the tenant "acme"'],
    () => `grant usage on schema acme to ${role('globex')}`,
  ],
  [
    'a schema for the login',
    ['PW-124', `The role "${app}" has usage on the schema of the tenant "acme"`],
    `grant usage on schema acme to ${app}`,
  ],
  [
    'a schema for a person',
    ['PW-124', `The role "${stranger}" has create, usage on the schema of the tenant "globex"`],
    `grant usage, create on schema globex to ${stranger}`,
  ],
  [
    'a schema for the group',
    ['PW-124', `The role "${group}" has usage on the schema of 2 tenants ("acme", "initech")`],
    `grant usage on schema acme, initech to ${group}`,
  ],
  [
    'a schema in which the tenant may create',
    ['PW-124', 'The role of the tenant "acme" has create on its schema'],
    () => `grant create on schema acme to ${role('acme')}`,
  ],
  [
    "a schema for another tenant's customer",
    ['PW-124', () => `The role "${customer}" has usage on the schema of the tenant "initech"`],
    () => `grant usage on schema initech to ${customer}`,
  ],
  [
    'a schema in which a customer may create',
    ['PW-124', () => `The role "${customer}" has create on the schema of the tenant "acme"`],
    () => `grant create on schema acme to ${customer}`,
  ],
  [
    'a right that may be passed on',
    ['PW-124', 'The role of the tenant "globex" has usage with grant option on its schema'],
    () => `grant usage on schema globex to ${role('globex')} with grant option`,
  ],
  [
    'a table for everyone',
    ['PW-125', 'PUBLIC has select on tables of the schema of the tenant "acme"'],
    'grant select on acme.projects to public',
  ],
  [
    'a view for the login',
    ['PW-125', `The role "${app}" has select on tables of the schema of the tenant "initech", e.g. on "titles"`],
    `grant select on initech.titles to ${app}`,
  ],
  [
    'a table for another tenant',
    ['PW-125', 'The role of another tenant has delete, update on tables of the schema of the tenant "acme"'],
    () => `grant update, delete on acme.projects to ${role('globex')}`,
  ],
  [
    'a sequence for another tenant',
    ['PW-125', 'The role of another tenant has usage on sequences of the schema of the tenant "acme"'],
    () => `grant usage on sequence acme.projects_id_seq to ${role('globex')}`,
  ],
  [
    'a table that the tenant may empty',
    ['PW-125', 'The role of the tenant "globex" has trigger, truncate on tables of its schema'],
    () => `grant truncate, trigger on globex.projects to ${role('globex')}`,
  ],
  [
    'a history that the tenant may write',
    ['PW-125', 'The role of the tenant "acme" has insert on the history'],
    () => `grant insert on acme.partywall_migrations to ${role('acme')}`,
  ],
  [
    'a table of which the tenant knows nothing',
    ['PW-125', 'may not read some tables of its schema'],
    'create table initech.by_hand (id int)',
  ],
  [
    "a table for another tenant's customer",
    ['PW-125', () => `The role "${customer}" has select on tables of the schema of the tenant "initech"`],
    () => `grant select on initech.projects to ${customer}`,
  ],
  [
    'a table that a customer writes',
    ['PW-125', () => `The role "${customer}" has insert on tables of the schema of the tenant "acme"`],
    () => `grant insert on acme.projects to ${customer}`,
  ],
  [
    'a column for another tenant',
    ['PW-126', 'In the schema of the tenant "acme", the role of another tenant has select on columns, e.g. on projects.title'],
    () => `grant select (title) on acme.projects to ${role('globex')}`,
  ],
  [
    'a column for everyone',
    ['PW-126', 'In the schema of the tenant "globex", PUBLIC has update on columns'],
    'grant update (title) on globex.projects to public',
  ],
  [
    'a function for another tenant',
    ['PW-127', 'In the schema of the tenant "acme", the role of another tenant may call functions, e.g. "answer"'],
    () =>
      `create function acme.answer() returns int language sql as 'select 42'; grant execute on function acme.answer() to ${role('globex')}`,
  ],
  [
    'later tables for everyone',
    ['PW-128', `In the schema of the tenant "acme", all that the role "${deploy}" will create is given to PUBLIC`],
    `alter default privileges for role ${deploy} in schema acme grant select on tables to public`,
  ],
  [
    'all later tables for the login',
    ['PW-128', `All tables that the role "${deploy}" will create, in every schema, are given to the role "${app}"`],
    `alter default privileges for role ${deploy} grant select on tables to ${app}`,
  ],
  [
    "later tables for another tenant's customer",
    [
      'PW-128',
      () => `In the schema of the tenant "initech", all that the role "${deploy}" will create is given to the role "${customer}"`,
    ],
    () => `alter default privileges for role ${deploy} in schema initech grant select on tables to ${customer}`,
  ],
  [
    'later tables for no tenant',
    ['PW-128', 'In the schema of the tenant "initech", new tables are not given'],
    () => `alter default privileges for role ${deploy} in schema initech revoke all on tables from ${role('initech')}`,
  ],
  ['a table of the login', ['PW-129', `Tables and sequences of the tenant "globex" belong to the role "${app}"`], 'select'],
  [
    'a table of an administrator',
    ['PW-129', 'Tables and sequences of 2 tenants ("globex", "initech") belong to the role'],
    'select',
  ],
  [
    'a schema of the tenant itself',
    ['PW-129', 'Schemas of the tenant "initech" belong to the role of the tenant'],
    () => `alter schema initech owner to ${role('initech')}`,
  ],
  ['a shared pool that may log in', ['PW-130', `The role "${shared}" has the attributes login`], `alter role ${shared} login`],
  [
    'a group that reads everything',
    ['PW-130', `The role "${group}" is a member of the role "pg_read_all_settings", and every tenant has its rights`],
    `grant pg_read_all_settings to ${group}`,
  ],
  [
    'a person with the rights of the catalog',
    ['PW-130', `"${stranger}" is a member of the role "${catalog}"`],
    `grant ${catalog} to ${stranger}`,
  ],
  [
    'a shared table that all tenants write',
    [
      'PW-131',
      `The role "${group}" has rights in the schema "public" that the option "shared.grants" does not list: "plans: insert"`,
    ],
    `grant insert on plans to ${group}`,
  ],
  [
    'a shared column that one tenant writes',
    [
      'PW-131',
      'The role of another tenant has rights in the schema "public" that the option "shared.grants" does not list: "countries: update"',
    ],
    () => `grant update (name) on countries to ${role('acme')}`,
  ],
  [
    'a shared table that everyone empties',
    ['PW-131', 'PUBLIC has rights in the schema "public" that the option "shared.grants" does not list: "plans: delete"'],
    'grant delete on plans to public',
  ],
  [
    'a shared table that the login reads',
    [
      'PW-131',
      `The login "${app}", outside of every role, has rights in the schema "public" that the option "shared.grants" does not list: "plans: select"`,
    ],
    `grant select on plans to ${app}`,
  ],
  [
    'a shared table that a customer writes',
    [
      'PW-131',
      () =>
        `The role "${customer}" has rights in the schema "public" that the option "shared.grants" does not list: "plans: insert"`,
    ],
    () => `grant insert on plans to ${customer}`,
  ],
  [
    'a right that is listed and not given',
    ['PW-131', 'lists rights that tenants do not have: "countries: insert"'],
    `revoke insert on countries from ${group}`,
  ],
  [
    'a catalog for the group',
    ['PW-132', `The role "${group}" has rights in the schema partywall: "schema partywall: usage"`],
    `grant usage on schema partywall to ${group}`,
  ],
  [
    'a catalog for everyone',
    ['PW-132', 'PUBLIC has rights in the schema partywall: "tenants: select"'],
    'grant select (schema) on partywall.tenants to public',
  ],
  [
    'a catalog for a customer',
    ['PW-132', () => `The role "${customer}" has rights in the schema partywall: "tenants: select"`],
    () => `grant select on partywall.tenants to ${customer}`,
  ],
  [
    'set_config for everyone',
    ['PW-133', 'PUBLIC may call set_config'],
    'grant execute on function pg_catalog.set_config(text, text, boolean) to public',
  ],
  [
    'set_config for a single tenant',
    ['PW-133', '1 role of a tenant may call set_config by a grant of its own'],
    () => `grant execute on function pg_catalog.set_config(text, text, boolean) to ${role('initech')}`,
  ],
  ['temporary tables', ['PW-134', 'PUBLIC may create temporary tables'], `grant temporary on database "${name}" to public`],
  [
    'new schemas of a customer',
    ['PW-134', () => `The role "${customer}" may create schemas in this database`],
    () => `grant create on database "${name}" to ${customer}`,
  ],
  [
    'new schemas',
    ['PW-134', `The role "${group}" may create schemas in this database`],
    `grant create on database "${name}" to ${group}`,
  ],
  [
    'objects in the shared schema',
    ['PW-134', 'PUBLIC may create objects in the schema "public"'],
    'grant create on schema public to public',
  ],
  [
    'a function that runs as its owner',
    ['PW-135', '"public.all_titles"'],
    "create function public.all_titles() returns bigint language sql security definer as 'select count(*) from acme.projects'; create function public.careful() returns int language sql security definer set search_path = pg_catalog, pg_temp as 'select 1'",
  ],
  [
    'a function of a tenant that runs as its owner',
    ['PW-135', 'The schema of the tenant "globex" has functions with security definer'],
    "create function globex.all_titles() returns bigint language sql security definer as 'select count(*) from globex.projects'",
  ],
  [
    'a shared view of a tenant',
    [
      'PW-136',
      'The view reads rows of the tenant "acme", with the rights of its owner, in a schema that other tenants may use: public.acme_titles',
    ],
    () => `create view public.acme_titles as select title from acme.projects; grant select on public.acme_titles to ${group}`,
  ],
  ['a view of one tenant in another', ['PW-136', 'globex.spy'], 'create view globex.spy as select title from acme.projects'],
  [
    'a materialized view of a tenant',
    ['PW-136', 'The materialized view holds rows of the tenant "initech"'],
    `create materialized view public.copied as select title from initech.projects; grant select on public.copied to ${group}`,
  ],
  [
    'a large object for everyone',
    ['PW-137', 'large objects can be read by PUBLIC'],
    "select lo_from_bytea(424242, 'x'); grant select on large object 424242 to public",
  ],
  [
    'a role in another database',
    ['PW-138', `The role of the tenant "globex" has rights in the database "${other.name}"`],
    'select',
  ],
  [
    'a group of logins that may create databases',
    ['PW-130', `The role "${ofLogins}" has the attributes createdb`],
    `alter role ${ofLogins} createdb`,
  ],
  [
    'a group of logins that reads everything',
    [
      'PW-130',
      `The role "${ofLogins}" is a member of the role "pg_read_all_settings", and every tenant with a login has its rights`,
    ],
    `grant pg_read_all_settings to ${ofLogins}`,
  ],
  [
    'a person in the group of logins',
    ['PW-130', `"${stranger}" is a member of the role "${ofLogins}"`],
    `grant ${ofLogins} to ${stranger}`,
  ],
  [
    'a person who may add tenants to their group',
    ['PW-130', `"${stranger}" is a member of the role "${granter}"`],
    `grant ${granter} to ${stranger}`,
  ],
  [
    'a shared table that tenants with a login write',
    [
      'PW-131',
      `The role "${ofLogins}" has rights in the schema "public" that the option "shared.grants" does not list: "plans: update"`,
    ],
    `grant update on plans to ${ofLogins}`,
  ],
  [
    'a catalog for tenants with a login',
    ['PW-132', `The role "${ofLogins}" has rights in the schema partywall: "domains: select"`],
    `grant select on partywall.domains to ${ofLogins}`,
  ],
  [
    'new schemas of tenants with a login',
    ['PW-134', `The role "${ofLogins}" may create schemas in this database`],
    `grant create on database "${name}" to ${ofLogins}`,
  ],
  [
    'a function for tenants with a login that runs as its owner',
    ['PW-135', '"only_logins.all_titles"'],
    `create schema only_logins; grant usage on schema only_logins to ${ofLogins}; create function only_logins.all_titles() returns bigint language sql security definer as 'select count(*) from acme.projects'`,
  ],
  [
    'a view of a tenant for tenants with a login',
    ['PW-136', 'only_logins.acme_titles'],
    `create view only_logins.acme_titles as select title from acme.projects; grant select on only_logins.acme_titles to ${ofLogins}`,
  ],
  [
    'a large object for tenants with a login',
    ['PW-137', '2 large objects can be read by PUBLIC, by a group of tenants'],
    `select lo_from_bytea(424243, 'x'); grant select on large object 424243 to ${ofLogins}`,
  ],
  [
    'a tenant that may add members to the group',
    ['PW-121', `The role of the tenant "globex" may add members to the role "${group}"`],
    () => `set role ${granter}; grant ${group} to ${role('globex')} with admin option; reset role`,
  ],
  [
    'a column of the history that the tenant may write',
    ['PW-126', ownColumns],
    () => `grant update (checksum) on globex.partywall_migrations to ${role('globex')}`,
  ],
  [
    'a column that the tenant may give away',
    ['PW-126', ownColumns],
    () => `grant select (title) on initech.projects to ${role('initech')} with grant option`,
  ],
  [
    'later shared tables that tenants write',
    ['PW-128', `In the schema "public", new tables of the role "${deploy}" are given to the role "${group}"`],
    `alter default privileges for role ${deploy} in schema public grant insert on tables to ${group}`,
  ],
  [
    'later shared tables that the login reads',
    ['PW-128', `In the schema "public", new tables of the role "${deploy}" are given to the role "${app}"`],
    `alter default privileges for role ${deploy} in schema public grant select on tables to ${app}`,
  ],
  [
    'later tables of the catalog that a customer reads',
    ['PW-128', () => `In the schema "partywall", new tables of the role "${deploy}" are given to the role "${customer}"`],
    () => `alter default privileges for role ${deploy} in schema partywall grant select on tables to ${customer}`,
  ],
  ['a role whose tenant is gone', ['PW-139', orphan], `grant usage on schema acme to ${orphan}`],
  [
    "a customer's login whose tenant is gone",
    ['PW-139', orphanLogin],
    `create role ${orphanLogin} login; grant usage on schema public to ${orphanLogin}`,
  ],
  ['a role that no database uses', ['PW-139', 'named like that of a tenant'], 'select'],
]

test.each(changes.filter(([, finding]) => finding !== undefined))('tenancy.doctor finds %s', (_, finding) => {
  const [id, seen] = finding!
  const texts = after.findings.filter((one) => one.id === id).map((one) => one.seen)
  expect(texts).toContainEqual(expect.stringContaining(typeof seen === 'function' ? seen() : seen))
})

test("tenancy.doctor takes rights of a customer's login that are too many as errors: the customer sends SQL with it", () => {
  const about = after.findings.filter(({ seen }) => seen.includes(customer))
  expect(about.length).toBeGreaterThan(5)
  expect(about.filter(({ severity }) => severity !== 'error')).toEqual([])
})

test('tenancy.doctor advises to take set_config from everyone so that tenants with a login of their own can still be bound', () => {
  const found = after.findings.find(({ id }) => id === 'PW-133')
  expect(found!.fix).toContain(`grant execute on function pg_catalog.set_config(text, text, boolean) to "${ofLogins}";`)
})
