/**
 * `tenancy.doctor()` on 10,000 tenants with the boundary `role`: three tables, four indexes and three sequences each, besides the history. The fleet is
 * created once, which takes some minutes, and kept. `milliseconds` is the median of the rounds; `slowest` has the examinations that take most of it.
 */
import { randomUUID } from 'node:crypto'
import type { Client } from 'pg'
import { futureRightsSql, onlyReadSql, usageSql } from '../../packages/partywall/src/catalog/roles/rights-sql.ts'
import { createTenancy, type Tenancy } from '../../packages/partywall/src/index.ts'
import { digestOf } from '../../packages/partywall/src/migrations/history/digest.ts'
import {
  commentText,
  createHistoryTexts,
  historyTable,
  recordText,
} from '../../packages/partywall/src/migrations/history/history-sql.ts'
import { identifier } from '../../packages/partywall/src/names/identifier.ts'
import { fixedRole, tenantRole } from '../../packages/partywall/src/names/role-name.ts'
import type { Outcome } from '../measuring/outcome.ts'
import { median, rounded } from '../measuring/statistics.ts'
import { withClient } from '../migrations/fleet.ts'

const tenants = 10_000
const rounds = 5
const database = 'partywall_bench_doctor'
const [app, deploy] = [`${database}_app`, `${database}_deploy`]

const catalogs = [
  'pg_class',
  'pg_attribute',
  'pg_index',
  'pg_depend',
  'pg_shdepend',
  'pg_attrdef',
  'pg_type',
  'pg_constraint',
  'pg_namespace',
].concat(['pg_default_acl', 'pg_sequence', 'pg_authid', 'pg_auth_members', 'pg_description', 'partywall.tenants'])

const tables = `
  create table projects (id serial primary key, title text not null, created_at timestamptz not null default now());
  create index projects_created on projects (created_at);
  create table tasks (id serial primary key, project_id integer references projects, title text);
  create table notes (id bigserial primary key, body text);`

const migration = {
  name: '0001_tables',
  file: '0001_tables',
  checksum: 'bench',
  up: { kind: 'sql', text: tables, line: 1 },
} as const

export async function doctor(url: string): Promise<Outcome> {
  await prepare(url)
  await using tenancy = open(url)
  await createTenants(tenancy, url)
  // As autovacuum leaves the catalogs. The tables of tenants are empty, and are not read.
  await withClient(onDatabase(url), (client) => client.query(`vacuum analyze ${catalogs.join(', ')}`))
  const durations: number[] = []
  const byExamination = new Map<string, number[]>()
  let findings: string[] = []
  for (let round = 0; round < rounds; round++) {
    const report = await tenancy.doctor()
    durations.push(report.durationMs)
    for (const { id, durationMs } of report.examinations) byExamination.set(id, [...(byExamination.get(id) ?? []), durationMs])
    findings = report.findings.map(({ id, severity, seen }) => `${id} ${severity}: ${seen}`)
  }
  const slowest = [...byExamination]
    .map(([id, all]) => [id, rounded(median(all))] as const)
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, 12)
  return {
    tenants,
    rounds,
    ratios: {},
    spread: {},
    figures: { milliseconds: rounded(median(durations)), slowest: Object.fromEntries(slowest), findings },
  }
}

function open(url: string): Tenancy {
  return createTenancy({
    database: { connectionString: as(url, app), deploy: as(url, deploy) },
    boundary: 'role',
    migrations: { shared: false, tenant: { name: 'bench', list: async () => [migration] } },
    pool: { sharedMax: 4 },
  })
}

/** The bench server lets every user log in without a password; on another one, give the roles a way to log in first. */
async function prepare(url: string): Promise<void> {
  await withClient(url, async (admin) => {
    const { rows } = await admin.query('select from pg_database where datname = $1', [database])
    if (rows.length > 0) return
    for (const role of [`${app} login noinherit`, `${deploy} login createrole`]) {
      const exists = await admin.query('select from pg_roles where rolname = $1', [role.split(' ')[0]])
      if (exists.rows.length === 0) await admin.query(`create role ${role}`)
    }
    await admin.query(`create database ${database}`)
    await admin.query(`grant create on database ${database} to ${deploy}`)
  })
  await withClient(onDatabase(url), (client: Client) => client.query(`grant create on schema public to ${deploy}`))
}

/** With partywall's own statements, but many tenants in one transaction and without waiting for the disk: this is not measured. */
async function createTenants(tenancy: Tenancy, url: string): Promise<void> {
  const existing = (await Array.fromAsync(tenancy.tenants.each())).map(({ schema }) => schema)
  const missing = Array.from({ length: tenants }, (_, number) => `tenant_${String(number).padStart(5, '0')}`).filter(
    (schema) => !existing.includes(schema),
  )
  if (missing.length === 0) return
  process.stderr.write(`creating ${missing.length} tenants, once\n`)
  // The first one makes the catalog and the fixed roles.
  if (existing.length === 0) await tenancy.tenants.create({ schema: missing.shift()! })
  await withClient(as(url, deploy), async (client) => {
    await client.query('set synchronous_commit to off')
    for (let from = 0; from < missing.length; from += 500) {
      await client.query(fleetText(missing.slice(from, from + 500).map((schema) => ({ schema, id: randomUUID() }))))
      process.stderr.write(`${from} of ${missing.length}\r`)
    }
  })
}

/** The roles come first: after each new role, PostgreSQL collects those of the deploy role again. */
function fleetText(fleet: readonly { readonly schema: string; readonly id: string }[]): string {
  const roles = fleet.map(({ id }) => tenantRole(id))
  return [
    ...roles.map((role) => `create role ${identifier(role)} nologin role ${identifier(app)};`),
    `grant ${identifier(fixedRole('tenants', database))} to ${roles.map(identifier).join(', ')};`,
    ...fleet.map(({ schema, id }) => tenantText(schema, id)),
  ].join('\n')
}

function tenantText(schema: string, id: string): string {
  const role = tenantRole(id)
  return [
    `insert into partywall.tenants (id, schema, name) values ('${id}', '${schema}', '${schema}');`,
    `create schema ${schema};`,
    usageSql(schema, role),
    futureRightsSql(schema, role, 'read and write'),
    `set local search_path to ${schema};`,
    tables,
    `${createHistoryTexts(schema).join(';\n')};`,
    `${recordText(schema, 1, [migration])};`,
    `${commentText(schema, digestOf([migration]))};`,
    onlyReadSql(schema, historyTable, role),
  ].join('\n')
}

function as(url: string, user: string): string {
  return Object.assign(new URL(onDatabase(url)), { username: user, password: '' }).href
}

function onDatabase(url: string): string {
  return Object.assign(new URL(url), { pathname: `/${database}` }).href
}
