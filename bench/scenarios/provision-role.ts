/**
 * `tenants.create` of a tenant with a role, against one under the boundary `path`: one at a time, three tables each, by a deploy role that is no superuser
 * and has made no role, or 10,000 roles, before. The roles are made once and kept; the tenants of a run are removed after it.
 */
import { randomUUID } from 'node:crypto'
import { createTenancy, type Tenancy } from '../../packages/partywall/src/index.ts'
import { identifier } from '../../packages/partywall/src/names/identifier.ts'
import { fixedRole, tenantRole } from '../../packages/partywall/src/names/role-name.ts'
import { joined, suffixed, type Comparison } from '../measuring/comparison.ts'
import type { Outcome } from '../measuring/outcome.ts'
import { compare, player, type Player } from '../measuring/rounds.ts'
import { rounded } from '../measuring/statistics.ts'
import { withClient } from '../migrations/fleet.ts'

const mostRoles = 10_000
const plan = { callers: 1, pieces: 30, warmUp: 10, rounds: 7 }

const migration = {
  name: '0001_tables',
  file: '0001_tables',
  checksum: 'bench',
  up: {
    kind: 'sql',
    text: `
      create table projects (id serial primary key, title text not null);
      create table tasks (id serial primary key, project_id integer references projects, title text);
      create table notes (id bigserial primary key, body text);`,
    line: 1,
  },
} as const

export async function provisionRole(url: string): Promise<Outcome> {
  const few = await withRoles(url, 0)
  const many = await withRoles(url, mostRoles)
  const comparison = joined(suffixed(few, '0 roles'), suffixed(many, `${mostRoles} roles`))
  const moreMs = [few, many].map(({ figures }) => rounded(figures['role']!.p50Ms - figures['path']!.p50Ms))
  return {
    tenants: mostRoles,
    rounds: plan.rounds,
    ...comparison,
    figures: { ...comparison.figures, moreMs: { few: moreMs[0], many: moreMs[1] } },
  }
}

/** Each number of roles has a database, a deploy role and a login of its own: what counts is how many roles the deploy role has made. */
async function withRoles(url: string, roles: number): Promise<Comparison> {
  const database = `partywall_bench_provision_${roles}`
  const as = (user: string): string =>
    Object.assign(new URL(url), { pathname: `/${database}`, username: user, password: '' }).href
  const [app, deploy] = [`${database}_app`, `${database}_deploy`]
  const open = (boundary: 'path' | 'role'): Tenancy =>
    createTenancy({
      database: { connectionString: as(app), deploy: as(deploy) },
      boundary,
      migrations: { shared: false, tenant: { name: 'bench', list: async () => [migration] } },
    })
  const isNew = await makeDatabase(url, database, app, deploy)
  await using byRole = open('role')
  await using byPath = open('path')
  // The first tenant makes the catalog and the fixed roles.
  if (isNew) await byRole.tenants.create({ schema: 'first' })
  await makeRoles(as(deploy), database, app, deploy, roles)
  try {
    return await compare(creator('role', byRole), [creator('path', byPath)], plan)
  } finally {
    await removeTenants(Object.assign(new URL(url), { pathname: `/${database}` }).href)
  }
}

function creator(name: string, tenancy: Tenancy): Player {
  let number = 0
  return player({
    name,
    work: () => tenancy.tenants.create({ schema: `${name}_${String(number++).padStart(6, '0')}` }),
    close: async () => {},
  })
}

/** The bench server lets every user log in without a password; on another one, give the roles a way to log in first. */
async function makeDatabase(url: string, database: string, app: string, deploy: string): Promise<boolean> {
  return withClient(url, async (admin) => {
    if ((await admin.query('select from pg_database where datname = $1', [database])).rows.length > 0) return false
    await admin.query(`create role ${app} login noinherit; create role ${deploy} login createrole`)
    await admin.query(`create database ${database}`)
    await admin.query(`grant create on database ${database} to ${deploy}`)
    return true
  })
}

/** As those of tenants, without the tenants. */
async function makeRoles(url: string, database: string, app: string, deploy: string, wanted: number): Promise<void> {
  await withClient(url, async (client) => {
    const group = fixedRole('tenants', database)
    const { rows } = await client.query(
      `select count(*)::integer as amount from pg_auth_members where roleid = (select oid from pg_roles where rolname = $1)`,
      [group],
    )
    await client.query('set synchronous_commit to off')
    for (let made = rows[0].amount; made < wanted; made += 500) {
      const roles = Array.from({ length: Math.min(500, wanted - made) }, () => identifier(tenantRole(randomUUID())))
      await client.query(roles.map((role) => `create role ${role} nologin role ${app};`).join('\n'))
      await client.query(`set role ${fixedRole('granter', database)}; grant ${group} to ${roles.join(', ')}; set role ${deploy}`)
      process.stderr.write(`${made} of ${wanted} roles\r`)
    }
  })
}

async function removeTenants(url: string): Promise<void> {
  await withClient(url, async (admin) => {
    const { rows } = await admin.query<{ schema: string; role: string | null }>(
      `select tenant.schema, role.rolname::text as role
      from partywall.tenants as tenant
      left join pg_roles as role on role.rolname = 'partywall_' || replace(tenant.id::text, '-', '')
      where tenant.schema <> 'first'`,
    )
    for (const { schema, role } of rows) {
      await admin.query(`drop schema ${identifier(schema)} cascade; delete from partywall.tenants where schema = '${schema}'`)
      if (role !== null) await admin.query(`drop owned by ${identifier(role)}; drop role ${identifier(role)}`)
    }
    await admin.query('vacuum analyze pg_authid, pg_auth_members')
  })
}
