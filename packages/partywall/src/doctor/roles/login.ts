/** PW-122: the login of the application owns nothing, and has no rights before it takes a role: also after `reset role` it can do nothing. */
import { identifier } from '../../names/identifier.ts'
import { tenantRolePattern } from '../../names/role-name.ts'
import type { Statement } from '../../sql/statement.ts'
import type { Context, Examination, Observation } from '../context/examination.ts'
import { plural } from '../context/wording.ts'

export const login: Examination = {
  id: 'PW-122',
  title: 'The login of the application has rights of its own',
  needs: 'roles',
  async run(context: Context) {
    const { askDeploy, facts, isEmbedded } = context
    const [powers] = await askDeploy<Powers>(powersSql(facts.login))
    const others = await askDeploy<{ role: string; isPredefined: boolean }>(otherRolesSql(context))
    const [inherited] = await askDeploy<{ amount: number }>(inheritedSql(context))
    const [owned] = await askDeploy<{ amount: number }>(ownedSql(facts.login))
    const who = `The login ${JSON.stringify(facts.login)}`
    const quoted = identifier(facts.login)
    const found: Observation[] = []
    const isSeparate = facts.login !== facts.deploy
    if (powers!.isSuperuser)
      found.push({
        severity: isEmbedded ? 'info' : 'error',
        seen: `${who} is a superuser: no boundary holds, because no right of it is ever checked.${isEmbedded ? ' That of the embedded server is always one.' : ''}`,
        fix: `Let the application log in as a role of its own: create role app login noinherit. It is described in docs/doctor.md.`,
      })
    else if (isSeparate) {
      const had = (['createrole', 'createdb', 'replication', 'bypassrls'] as const).filter((attribute) => powers![attribute])
      if (had.length > 0)
        found.push({
          severity: 'error',
          seen: `${who} has ${had.length === 1 ? 'the attribute' : 'the attributes'} ${had.join(', ')}.`,
          fix: `Run: alter role ${quoted} ${had.map((attribute) => `no${attribute}`).join(' ')}`,
        })
    }
    if (isSeparate && !powers!.isSuperuser && inherited!.amount > 0)
      found.push({
        severity: 'error',
        seen: `${who} inherits the rights of ${plural(inherited!.amount, 'role')} that it is a member of: outside of every tenant it has the rights of all of them.`,
        fix:
          facts.version >= 160_000
            ? `For each of these roles, run: grant … to ${quoted} with inherit false, set true`
            : `Run: alter role ${quoted} noinherit`,
      })
    for (const { role, isPredefined } of others)
      found.push({
        severity: isPredefined ? 'error' : 'warning',
        seen: `${who} is a member of the role ${JSON.stringify(role)}, which is none of a tenant: any statement that leaves its role may take it.`,
        fix: `Run: revoke ${identifier(role)} from ${quoted}`,
      })
    if (isSeparate && owned!.amount > 0)
      found.push({
        severity: 'error',
        seen: `${who} owns ${plural(owned!.amount, 'object')} of this database: the owner of a table reads it, and may give rights on it.`,
        fix: `As an administrator, run: reassign owned by ${quoted} to ${identifier(facts.deploy)}`,
      })
    return found
  },
}

interface Powers {
  readonly isSuperuser: boolean
  readonly createrole: boolean
  readonly createdb: boolean
  readonly replication: boolean
  readonly bypassrls: boolean
}

function powersSql(role: string): Statement {
  return {
    text: `
      select
        rolsuper as "isSuperuser",
        rolcreaterole as createrole,
        rolcreatedb as createdb,
        rolreplication as replication,
        rolbypassrls as bypassrls
      from pg_catalog.pg_roles
      where rolname = $1::name`,
    values: [role],
  }
}

/** Roles that are none of partywall: a role that PostgreSQL brings, such as pg_read_all_data, opens all tenants. */
function otherRolesSql({ facts: { login: role, deploy, tenants, logins, granter, shared, catalog } }: Context): Statement {
  return {
    text: `
      select other.rolname::text as role, bool_or(other.oid < 16384 or other.rolsuper or other.rolname = $3::name) as "isPredefined"
      from pg_catalog.pg_auth_members as membership
      join pg_catalog.pg_roles as member on member.oid = membership.member
      join pg_catalog.pg_roles as other on other.oid = membership.roleid
      where member.rolname = $1::name
        and other.rolname <> all ($2::name[])
        and other.rolname !~ '${tenantRolePattern}'
      group by other.rolname
      order by other.rolname`,
    values: [role, [tenants, shared, catalog, ...(role === deploy ? [logins, granter] : [])], deploy],
  }
}

function inheritedSql({ facts: { login: role, version } }: Context): Statement {
  return {
    text: `
      select count(distinct membership.roleid)::integer as amount
      from pg_catalog.pg_auth_members as membership
      join pg_catalog.pg_roles as member on member.oid = membership.member
      where member.rolname = $1::name
        and ${version >= 160_000 ? 'membership.inherit_option' : 'member.rolinherit'}`,
    values: [role],
  }
}

function ownedSql(role: string): Statement {
  return {
    text: `
      select count(*)::integer as amount
      from pg_catalog.pg_shdepend as dependency
      join pg_catalog.pg_roles as owner on owner.oid = dependency.refobjid
      where dependency.refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass
        and dependency.deptype = 'o'
        and dependency.dbid = (select oid from pg_catalog.pg_database where datname = current_database())
        and owner.rolname = $1::name`,
    values: [role],
  }
}
