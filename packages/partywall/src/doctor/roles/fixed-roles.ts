/** PW-130: the groups of tenants, the role that adds tenants to them, and the roles of the shared pool and of the catalog can do nothing else. */
import { identifier } from '../../names/identifier.ts'
import { needsLogins } from '../../config/boundary-option.ts'
import { tenantRolePattern } from '../../names/role-name.ts'
import type { Statement } from '../../sql/statement.ts'
import type { Context, Examination, Observation } from '../context/examination.ts'
import { fromRole, groupsOf, roleText } from '../context/tenants-sql.ts'

export const fixedRoles: Examination = {
  id: 'PW-130',
  title: 'The roles of the groups, the shared pool or the catalog are missing, or may do too much',
  needs: 'roles',
  async run(context: Context) {
    const { askDeploy, facts, options } = context
    const names = [...groupsOf(context), facts.granter, facts.shared, facts.catalog]
    const isNeeded = (name: string): boolean => name !== facts.logins || needsLogins(options.boundary)
    const roles = await askDeploy<FixedRole>(rolesSql(names))
    const expected = [facts.login, facts.deploy, facts.granter]
    const others = await askDeploy<Membership>(membershipsSql(names, groupsOf(context), expected))
    return [
      ...names.filter((name) => isNeeded(name) && !roles.some(({ role }) => role === name)).map(isMissing),
      ...roles.filter(({ powers }) => powers.length > 0).map(isPowerful),
      ...others.map((one) => isMember(one, facts)),
    ]
  },
}

const ofTenant = 'the role of a tenant'

interface FixedRole {
  readonly role: string
  readonly powers: readonly string[]
}

interface Membership {
  readonly role: string
  readonly member: string
  /** The fixed role is the member; otherwise it has the member. */
  readonly isMember: boolean
}

function isMissing(name: string): Observation {
  return {
    severity: 'error',
    seen: `The role ${JSON.stringify(name)} does not exist.`,
    fix: 'Run: npx partywall boundary upgrade',
  }
}

function isPowerful({ role, powers }: FixedRole): Observation {
  return {
    severity: 'error',
    seen: `The role ${JSON.stringify(role)} has the attributes ${powers.join(', ')}, and should have none.`,
    fix: `Run: alter role ${identifier(role)} ${powers.map((power) => `no${power}`).join(' ')}`,
  }
}

function isMember({ role, member, isMember: isOfOther }: Membership, { tenants, logins }: Context['facts']): Observation {
  if (isOfOther) {
    return {
      severity: 'error',
      seen: `The role ${JSON.stringify(member)} is a member of ${roleText(role)}${member === tenants ? ', and every tenant has its rights' : member === logins ? ', and every tenant with a login has its rights' : ', and has its rights'}.`,
      fix: `Run: revoke ${fromRole(role)} from ${member === ofTenant ? '<that role>' : identifier(member)}`,
    }
  }
  return {
    severity: role === tenants || role === logins ? 'warning' : 'error',
    seen: `${JSON.stringify(member)} is a member of the role ${JSON.stringify(role)}, and is neither the login nor the role of a tenant.`,
    fix: `Run: revoke ${fromRole(role)} from ${member === ofTenant ? '<that role>' : identifier(member)}`,
  }
}

function rolesSql(names: readonly string[]): Statement {
  return {
    text: `
      select
        role.rolname::text as role,
        array(
          select power.name
          from (
            values
              ('superuser', role.rolsuper),
              ('login', role.rolcanlogin),
              ('createrole', role.rolcreaterole),
              ('createdb', role.rolcreatedb),
              ('replication', role.rolreplication),
              ('bypassrls', role.rolbypassrls)
          ) as power (name, is_had)
          where power.is_had
        ) as powers
      from pg_catalog.pg_roles as role
      where role.rolname = any ($1::name[])
      order by 1`,
    values: [names],
  }
}

/**
 * @param groups tenants are their members
 * @param expected who may be a member of each, beside the owner of the catalog, which is the deploy role also where the option does not name it: the login, the role
 * that adds tenants, and the one that made them, which PostgreSQL 16 makes a member
 */
function membershipsSql(names: readonly string[], groups: readonly string[], expected: readonly string[]): Statement {
  return {
    text: `
      select distinct
        role.rolname::text as role,
        case when member.rolname ~ '${tenantRolePattern}' then '${ofTenant}' else member.rolname::text end as member,
        member.rolname = any ($1::name[]) as "isMember"
      from pg_catalog.pg_auth_members as membership
      join pg_catalog.pg_roles as role on role.oid = membership.roleid
      join pg_catalog.pg_roles as member on member.oid = membership.member
      where (role.rolname = any ($1::name[]) or member.rolname = any ($1::name[]))
        and not (
          role.rolname = any ($1::name[])
          and (
            member.rolname = any ($2::name[])
            or member.oid = (select namespace.nspowner from pg_catalog.pg_namespace as namespace where namespace.nspname = 'partywall')
          )
        )
        and not (role.rolname = any ($3::name[]) and member.rolname ~ '${tenantRolePattern}')
      order by 1, 2`,
    values: [names, expected, groups],
  }
}
