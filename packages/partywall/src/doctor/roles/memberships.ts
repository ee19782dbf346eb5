/** PW-121: the role of a tenant is a member of the group of tenants and of nothing else, and only the login of the application may take it. */
import type { Statement } from '../../sql/statement.ts'
import type { Context, Examination, Observation } from '../context/examination.ts'
import { customerCte, isReachable, roleNameSql, roleText, tenantCte, tenantValues } from '../context/tenants-sql.ts'
import { capital, onlyTenant, someTenantsSql, tenantsText, type SomeTenants } from '../context/wording.ts'

export const memberships: Examination = {
  id: 'PW-121',
  title: 'The role of a tenant is in another role, or another role is in it',
  needs: 'roles',
  async run(context: Context) {
    const { askDeploy } = context
    const of = await askDeploy<SomeTenants & { role: string; isKnown: boolean }>(memberOfSql(context))
    const members = await askDeploy<SomeTenants & { role: string }>(membersSql(context))
    const customers = await askDeploy<SomeTenants & { role: string }>(customersSql(context))
    const missing = await askDeploy<SomeTenants & { role: string }>(missingSql(context))
    return [
      ...of.map((row) => ({ ...memberOf(row, context), ...onlyTenant(row) })),
      ...members.map((row) => ({ ...hasMember(row, context), ...onlyTenant(row) })),
      ...customers.map((row) => ({ ...customerOf(row), ...onlyTenant(row) })),
      ...missing.map((row) => ({ ...isMissing(row, context), ...onlyTenant(row) })),
    ]
  },
}

type Row = SomeTenants & { readonly role: string }

/** What the boundary before has left. */
const finish = 'When no process with the previous boundary runs: npx partywall boundary upgrade --finish'

function memberOf(row: Row & { readonly isKnown: boolean }, { facts }: Context): Observation {
  if (row.isKnown) {
    return {
      severity: 'error',
      seen: `The role of ${tenantsText(row)} may add members to ${roleText(row.role)}: its membership has the admin option.`,
      fix: 'Run: revoke admin option for <the other role> from <the role of the tenant>',
    }
  }
  return {
    severity: 'error',
    seen: `The role of ${tenantsText(row)} is a member of ${roleText(row.role)}, and has all its rights.`,
    fix: row.role === facts.logins ? finish : 'Run: revoke <the other role> from <the role of the tenant>',
  }
}

function customerOf(row: Row): Observation {
  return {
    severity: 'error',
    seen: `A customer's login of ${tenantsText(row)} is a member of ${roleText(row.role)}, and has all its rights.`,
    fix: 'Run: revoke <the other role> from <the login>; `partywall tenant logins` shows the logins of customers',
  }
}

function hasMember(row: Row, context: Context): Observation {
  return {
    severity: isReachable(context, row.role) ? 'error' : 'warning',
    seen: `${capital(roleText(row.role))} is a member of the role of ${tenantsText(row)}: it may read and write as the tenant.`,
    fix: row.role === context.facts.login ? finish : 'Run: revoke <the role of the tenant> from <the member>',
  }
}

function isMissing({ role, ...some }: Row, { facts }: Context): Observation {
  const isLogin = role === facts.login
  return {
    severity: 'error',
    seen: isLogin
      ? `The login ${JSON.stringify(role)} may not take the role of ${tenantsText(some)}: every statement is refused.`
      : `The role of ${tenantsText(some)} is not in the group ${JSON.stringify(role)}: the tenant cannot read the shared schema.`,
    fix: 'Run: npx partywall boundary upgrade',
  }
}

function memberOfSql(context: Context): Statement {
  return {
    text: `
      with ${tenantCte}
      select ${roleNameSql('membership.roleid')} as role, known.is_known as "isKnown", ${someTenantsSql()}
      from tenant
      join pg_catalog.pg_auth_members as membership on membership.member = tenant.role
      join pg_catalog.pg_roles as other on other.oid = membership.roleid
      cross join lateral (
        select other.rolname = $4::name or (other.rolname = $5::name and tenant.boundary = 'login') as is_known
      ) as known
      where not known.is_known or membership.admin_option
      group by 1, 2
      order by 1, 2`,
    values: [...tenantValues(context), context.facts.tenants, context.facts.logins],
  }
}

/**
 * No other role may take that of a tenant which logs in itself. From PostgreSQL 16 on, the role that made another one is its member, with the right to give it
 * away and nothing else.
 */
function membersSql(context: Context): Statement {
  return {
    text: `
      with ${tenantCte}
      select ${roleNameSql('membership.member')} as role, ${someTenantsSql()}
      from tenant
      join pg_catalog.pg_auth_members as membership on membership.roleid = tenant.role
      where (membership.member <> tenant.login or tenant.boundary = 'login')
        and membership.member <> tenant.deploy
      group by 1
      order by 1`,
    values: tenantValues(context),
  }
}

/** A login for a customer's own tools is in no role. */
function customersSql(context: Context): Statement {
  return {
    text: `
      with ${tenantCte},
      ${customerCte}
      select ${roleNameSql('membership.roleid')} as role, ${someTenantsSql('customer.schema')}
      from customer
      join pg_catalog.pg_auth_members as membership on membership.member = customer.role
      group by 1
      order by 1`,
    values: tenantValues(context),
  }
}

function missingSql(context: Context): Statement {
  return {
    text: `
      with ${tenantCte}
      select expected.name as role, ${someTenantsSql()}
      from tenant
      cross join lateral (
        values
          ($2::text, case when tenant.boundary = 'role' and tenant.login <> tenant.deploy then tenant.login end, tenant.role),
          ($4::text, tenant.role, (select oid from pg_catalog.pg_roles where rolname = $4::name))
      ) as expected (name, member, role)
      where tenant.boundary <> 'path'
        and tenant.role is not null
        and expected.member is not null
        and not exists (
          select
          from pg_catalog.pg_auth_members as membership
          where membership.member = expected.member
            and membership.roleid = expected.role
        )
      group by 1
      order by 1`,
    values: [...tenantValues(context), context.facts.tenants],
  }
}
