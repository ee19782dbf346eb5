/** Rights in the schemas of tenants that partywall has not given: to everyone, to other tenants, to roles of other programs. */
import type { Statement } from '../../sql/statement.ts'
import type { RoleNames } from '../../catalog/roles/role-names.ts'

/**
 * Everyone may execute a new function, which is PostgreSQL's default: that is none. Customers' logins of the tenant itself are none either.
 * @param schemas with the roles of their tenants
 */
export function foreignGrantsSql(
  schemas: readonly string[],
  roles: readonly string[],
  { login, logins, tenants }: RoleNames,
  most: number,
): Statement {
  return {
    text: `
      with tenant as materialized (
        select namespace.oid, namespace.nspname, namespace.nspowner, namespace.nspacl, asked.role
        from unnest($1::text[], $2::text[]) as asked (schema, role)
        join pg_catalog.pg_namespace as namespace on namespace.nspname = asked.schema
      ), right_on as (
        select tenant.nspname, tenant.role, format('schema %I', tenant.nspname) as object, tenant.nspowner as owner, tenant.nspacl as acl, null as how from tenant
        union all
        select tenant.nspname, tenant.role, format('%s %I.%I', case relation.relkind when 'S' then 'sequence' else 'table' end, tenant.nspname, relation.relname), relation.relowner, relation.relacl, null
        from tenant join pg_catalog.pg_class as relation on relation.relnamespace = tenant.oid
        where relation.relacl is not null
        union all
        select tenant.nspname, tenant.role, format('table %I.%I', tenant.nspname, relation.relname), relation.relowner, attribute.attacl, null
        from tenant join pg_catalog.pg_class as relation on relation.relnamespace = tenant.oid
        join pg_catalog.pg_attribute as attribute on attribute.attrelid = relation.oid
        where attribute.attacl is not null
        union all
        select tenant.nspname, tenant.role, format('routine %s', routine.oid::regprocedure), routine.proowner, (
          select array_agg(item) from unnest(routine.proacl) as item where item::text not like '=X/%'
        ), null
        from tenant join pg_catalog.pg_proc as routine on routine.pronamespace = tenant.oid
        where routine.proacl is not null
        union all
        select tenant.nspname, tenant.role, format('new %s of %I in the schema %I', later.objects, later.maker, tenant.nspname), later.owner, later.acl,
          format('alter default privileges for role %I in schema %I revoke all on %s', later.maker, tenant.nspname, later.objects)
        from tenant
        join (
          select default_acl.defaclnamespace as namespace, maker.oid as owner, maker.rolname as maker,
            case default_acl.defaclobjtype when 'r' then 'tables' when 'S' then 'sequences' when 'f' then 'routines' else 'types' end as objects,
            array(select item from unnest(default_acl.defaclacl) as item where default_acl.defaclobjtype <> 'f' or item::text not like '=X/%') as acl
          from pg_catalog.pg_default_acl as default_acl
          join pg_catalog.pg_roles as maker on maker.oid = default_acl.defaclrole
        ) as later on later.namespace = tenant.oid
      ), given as (
        select right_on.nspname, right_on.object, coalesce(right_on.how, concat('revoke all on ', right_on.object)) as how, coalesce(grantee.rolname::text, 'public') as grantee, grantee.oid,
          string_agg(distinct lower(item.privilege_type), ', ' order by lower(item.privilege_type)) as privileges
        from right_on
        cross join lateral aclexplode(right_on.acl) as item
        left join pg_catalog.pg_roles as grantee on grantee.oid = item.grantee
        where item.grantee <> right_on.owner
          and grantee.rolname is distinct from right_on.role
          and grantee.rolname is distinct from $3::name
          and not coalesce(starts_with(grantee.rolname, right_on.role || '_ro_'), false)
        group by right_on.nspname, right_on.object, right_on.how, grantee.rolname, grantee.oid
        union all
        select tenant.nspname, format('role %I', taken.rolname), null, member.rolname, member.oid, 'member'
        from tenant
        join pg_catalog.pg_roles as taken on taken.rolname = tenant.role
        join pg_catalog.pg_auth_members as membership on membership.roleid = taken.oid
        join pg_catalog.pg_roles as member on member.oid = membership.member
        where member.rolname <> $3::name and member.rolname <> current_user and not member.rolsuper
        union all
        select tenant.nspname, format('role %I', taken.rolname), null, member.rolname, member.oid, 'member'
        from tenant
        join pg_catalog.pg_roles as member on member.rolname = tenant.role
        join pg_catalog.pg_auth_members as membership on membership.member = member.oid
        join pg_catalog.pg_roles as taken on taken.oid = membership.roleid
        where taken.rolname <> $4::name and taken.rolname <> $6::name
      )
      select nspname::text as schema, object, grantee, privileges, case privileges
        when 'member' then format('revoke %s from %I', substr(object, 6), grantee)
        else concat(how, ' from ', case when oid is null then 'public' else quote_ident(grantee) end) end || ';' as fix
      from given
      order by nspname, object, grantee
      limit $5::integer`,
    values: [schemas, roles, login, tenants, most, logins],
  }
}
