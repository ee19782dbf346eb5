/** PW-128: what a migration creates later gets the rights of its tenant, and of no other role. */
import { identifier } from '../../names/identifier.ts'
import { anyTenantPattern } from '../../names/role-name.ts'
import type { Statement } from '../../sql/statement.ts'
import type { Context, Examination, Observation } from '../context/examination.ts'
import {
  customerCte,
  fromRole,
  groupsOf,
  isReachable,
  isReadingSql,
  roleNameSql,
  roleText,
  tenantCte,
  tenantValues,
} from '../context/tenants-sql.ts'
import { onlyTenant, someTenantsSql, tenantsText, type SomeTenants } from '../context/wording.ts'

export const defaultPrivileges: Examination = {
  id: 'PW-128',
  title: 'Default privileges that give new tables to others, or not to the tenant',
  needs: 'roles',
  async run(context: Context) {
    const { askDeploy } = context
    const others = await askDeploy<SomeTenants & { role: string; maker: string }>(othersSql(context))
    const missing = await askDeploy<SomeTenants & { what: string }>(missingSql(context))
    const everywhere = await askDeploy<{ role: string; maker: string; what: string }>(everywhereSql)
    const ofShared = await askDeploy<{ role: string; maker: string; what: string; schema: string }>(ofSharedSql(context))
    return [
      ...others.map(({ role, maker, ...some }) => ({
        severity: severityOf(context, role),
        seen: `In the schema of ${tenantsText(some)}, all that the role ${JSON.stringify(maker)} will create is given to ${roleText(role)}, too.`,
        fix: `Run, as ${JSON.stringify(maker)}: alter default privileges in schema … revoke all on tables from ${fromRole(role)} (and on sequences, routines)`,
        ...onlyTenant(some),
      })),
      ...missing.map(({ what, ...some }) => ofMissing(what, some)),
      ...everywhere
        .filter(({ role }) => role !== context.facts.deploy)
        .map(({ role, maker, what }) => ({
          severity: severityOf(context, role),
          seen: `All ${what} that the role ${JSON.stringify(maker)} will create, in every schema, are given to ${roleText(role)}.`,
          fix: `Run, as ${JSON.stringify(maker)}: alter default privileges revoke all on ${what} from ${fromRole(role)}`,
        })),
      ...ofShared.map(({ role, maker, what, schema }) => ({
        severity: severityOf(context, role),
        seen: `In the schema ${JSON.stringify(schema)}, new ${what} of the role ${JSON.stringify(maker)} are given to ${roleText(role)}, with more than tenants may do there.`,
        fix: `Run, as ${JSON.stringify(maker)}: alter default privileges in schema ${identifier(schema)} revoke … on ${what} from ${fromRole(role)}`,
      })),
    ]
  },
}

function severityOf(context: Context, role: string): 'error' | 'warning' {
  return isReachable(context, role) ? 'error' : 'warning'
}

function ofMissing(what: string, some: SomeTenants): Observation {
  return {
    severity: 'error',
    seen: `In the schema of ${tenantsText(some)}, new ${what} are not given to the role of the tenant: what the next migration creates is refused to it.`,
    fix: 'Run: npx partywall boundary upgrade',
    ...onlyTenant(some),
  }
}

function othersSql(context: Context): Statement {
  return {
    text: `
      with ${tenantCte},
      ${customerCte}
      select ${roleNameSql('entry.grantee')} as role, maker.rolname::text as maker, ${someTenantsSql()}
      from tenant
      join pg_catalog.pg_default_acl as given on given.defaclnamespace = tenant.namespace
      join pg_catalog.pg_roles as maker on maker.oid = given.defaclrole
      cross join lateral aclexplode(given.defaclacl) as entry
      where entry.grantee <> given.defaclrole
        and entry.grantee <> tenant.deploy
        and not coalesce(entry.grantee in (tenant.role, tenant.user_role), false)
        and not (given.defaclobjtype = 'r' and ${isReadingSql('tenant.schema', 'SELECT')})
      group by 1, 2
      order by 1, 2`,
    values: tenantValues(context),
  }
}

function missingSql(context: Context): Statement {
  return {
    text: `
      with ${tenantCte}
      select kind.what, ${someTenantsSql()}
      from tenant
      cross join (values ('r', 'tables'), ('S', 'sequences')) as kind (type, what)
      where tenant.boundary <> 'path'
        and tenant.role is not null
        and tenant.namespace is not null
        and not exists (
          select
          from pg_catalog.pg_default_acl as given
          cross join lateral aclexplode(given.defaclacl) as entry
          where given.defaclnamespace = tenant.namespace
            and given.defaclrole = tenant.deploy
            and given.defaclobjtype = kind.type::"char"
            and entry.grantee = tenant.role
        )
      group by 1
      order by 1`,
    values: tenantValues(context),
  }
}

/** In the shared schemas tenants read what is new, and the login has no right; in the catalog neither has any. */
function ofSharedSql(context: Context): Statement {
  const { facts, options } = context
  const { sharedSchema, extraSearchPath, boundary } = options
  const logins = boundary.default === 'path' || facts.login === facts.deploy ? [] : [facts.login]
  return {
    text: `
      select distinct
        ${roleNameSql('entry.grantee')} as role,
        maker.rolname::text as maker,
        case given.defaclobjtype when 'r' then 'tables' else 'sequences' end as what,
        namespace.nspname::text as schema
      from pg_catalog.pg_default_acl as given
      join pg_catalog.pg_namespace as namespace on namespace.oid = given.defaclnamespace
      join pg_catalog.pg_roles as maker on maker.oid = given.defaclrole
      cross join lateral aclexplode(given.defaclacl) as entry
      left join pg_catalog.pg_roles as grantee on grantee.oid = entry.grantee
      where (namespace.nspname = any ($1::name[]) or namespace.nspname = 'partywall')
        and given.defaclobjtype in ('r', 'S')
        and (
          grantee.rolname = any ($3::name[])
          or (
            (entry.grantee = 0 or grantee.rolname = any ($2::name[]) or grantee.rolname ~ '${anyTenantPattern}')
            and (entry.privilege_type <> 'SELECT' or entry.is_grantable or namespace.nspname = 'partywall')
          )
        )
      order by 1, 2, 3, 4`,
    values: [[sharedSchema, ...extraSearchPath], groupsOf(context), logins],
  }
}

/** Without a schema they hold in each one, also in those of tenants. PUBLIC may call functions by default. */
const everywhereSql: Statement = {
  text: `
    select distinct
      ${roleNameSql('entry.grantee')} as role,
      maker.rolname::text as maker,
      case given.defaclobjtype when 'r' then 'tables' when 'S' then 'sequences' when 'n' then 'schemas' else 'routines' end as what
    from pg_catalog.pg_default_acl as given
    join pg_catalog.pg_roles as maker on maker.oid = given.defaclrole
    cross join lateral aclexplode(given.defaclacl) as entry
    where given.defaclnamespace = 0
      and given.defaclobjtype in ('r', 'S', 'n', 'f')
      and entry.grantee <> given.defaclrole
      and not (given.defaclobjtype = 'f' and entry.grantee = 0)
    order by 1, 2, 3`,
}
