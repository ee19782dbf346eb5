/** Parts of statements about the roles of tenants. */
import { identifier } from '../../names/identifier.ts'
import { customerLoginPattern, tenantRolePattern } from '../../names/role-name.ts'
import type { Context } from './examination.ts'

/**
 * The common table expression `tenant`: a row for each tenant, with the ids of its schema and of its role (null where there is none), its boundary, and
 * `user_role`, which is to have the rights in the schema. Takes the first three parameters: `tenantValues`.
 */
export const tenantCte = `
      tenant as materialized (
        select
          one.id,
          one.schema,
          namespace.oid as namespace,
          namespace.nspowner as owner,
          namespace.nspacl as acl,
          own.boundary,
          role.oid as role,
          case when own.boundary = 'path' then login.oid else role.oid end as user_role,
          login.oid as login,
          deploy.oid as deploy
        from partywall.tenants as one
        cross join lateral (
          select coalesce(
            $1::jsonb -> 'tenants' ->> one.id::text,
            $1::jsonb -> 'tenants' ->> one.schema,
            $1::jsonb -> 'kinds' ->> one.kind,
            $1::jsonb ->> 'default'
          ) as boundary
        ) as own
        left join pg_catalog.pg_roles as role on role.rolname = ('partywall_' || replace(one.id::text, '-', ''))::name
        left join pg_catalog.pg_namespace as namespace on namespace.nspname = one.schema::name
        left join pg_catalog.pg_roles as login on login.rolname = $2::name
        left join pg_catalog.pg_roles as deploy on deploy.rolname = $3::name
      )`

/** Behind `tenantCte`: the logins for customers' own tools, each with the schema of its tenant. */
export const customerCte = `
      customer as materialized (
        select role.oid as role, tenant.schema
        from pg_catalog.pg_roles as role
        join tenant on replace(tenant.id::text, '-', '') = substr(role.rolname::text, 11, 32)
        where role.rolname ~ '${customerLoginPattern}'
      )`

/** Whether an entry of aclexplode gives a customer's login what it has in the schema of its own tenant: it reads, and no more. */
export function isReadingSql(schema: string, privilege: 'USAGE' | 'SELECT'): string {
  return (
    `(entry.privilege_type = '${privilege}' and not entry.is_grantable ` +
    `and (entry.grantee, ${schema}) in (select customer.role, customer.schema from customer))`
  )
}

export function tenantValues({ options: { boundary }, facts: { login, deploy } }: Context): unknown[] {
  return [JSON.stringify(boundary), login, deploy]
}

/** The groups of tenants: what one of them has, its tenants have. */
export function groupsOf({ facts: { tenants, logins } }: Pick<Context, 'facts'>): readonly string[] {
  return [tenants, logins]
}

/** A role by its id, as a person names it. All roles of tenants are named alike, so that many wrong rights are one finding. */
export function roleNameSql(id: string): string {
  return `
    case when ${id} = 0 then '${everyone}' else coalesce(
      (
        select case when named.rolname ~ '${tenantRolePattern}' then '${otherTenant}' else named.rolname::text end
        from pg_catalog.pg_roles as named
        where named.oid = ${id}
      ),
      'a role that was dropped'
    ) end`
}

/** Of an entry of aclexplode. */
export const privilegeSql = `concat(entry.privilege_type, case when entry.is_grantable then ' with grant option' end)`

const everyone = 'PUBLIC'
const otherTenant = 'the role of another tenant'

/**
 * Whether statements of the application, or of a customer's own tool, may run with the rights of this role: then rights that are too many break the
 * boundary.
 */
export function isReachable({ facts }: Context, role: string): boolean {
  if (isCustomer.test(role)) return true
  return [everyone, otherTenant, facts.login, facts.tenants, facts.logins, facts.shared, facts.catalog].includes(role)
}

const isCustomer = new RegExp(customerLoginPattern)

/** `the role "app"`; the two names that are none of a role, as they are. */
export function roleText(role: string): string {
  return role === everyone || role === otherTenant ? role : `the role ${JSON.stringify(role)}`
}

/** Who a statement takes rights from. */
export function fromRole(role: string): string {
  return role === everyone ? 'public' : role === otherTenant ? '<that role>' : identifier(role)
}
