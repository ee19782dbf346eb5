/** What stands in the way of moving everything of one schema into another. */
import { relationKinds } from '../../catalog/relations/relations-sql.ts'
import type { Statement } from '../../sql/statement.ts'

/** Names that both schemas have, with the words of PostgreSQL. The history of the migrations does not move, nor does what belongs to it. */
export function collisionsSql(schema: string, to: string): Statement {
  return {
    text: `
      with source as (select oid from pg_catalog.pg_namespace where nspname = $1::pg_catalog.name),
      target as (select oid from pg_catalog.pg_namespace where nspname = $2::pg_catalog.name)
      select pg_catalog.pg_describe_object('pg_catalog.pg_class'::pg_catalog.regclass, other.oid, 0) as object
      from pg_catalog.pg_class as own
      join pg_catalog.pg_class as other on other.relname = own.relname and other.relnamespace = (select oid from target)
      where own.relnamespace = (select oid from source)
        and own.relname not in ('partywall_migrations', 'partywall_migrations_pkey')
      union all
      select pg_catalog.pg_describe_object('pg_catalog.pg_type'::pg_catalog.regclass, other.oid, 0)
      from pg_catalog.pg_type as own
      join pg_catalog.pg_type as other on other.typname = own.typname and other.typnamespace = (select oid from target)
      left join pg_catalog.pg_class as relation on relation.oid = own.typrelid
      where own.typnamespace = (select oid from source)
        and own.typelem = 0
        and coalesce(relation.relkind, 'c') = 'c'
      union all
      select pg_catalog.pg_describe_object('pg_catalog.pg_proc'::pg_catalog.regclass, other.oid, 0)
      from pg_catalog.pg_proc as own
      join pg_catalog.pg_proc as other
        on other.proname = own.proname and other.pronamespace = (select oid from target)
        -- Types of the tenant itself have another id.
        and pg_catalog.pg_get_function_identity_arguments(other.oid) = pg_catalog.pg_get_function_identity_arguments(own.oid)
      where own.pronamespace = (select oid from source)
      order by 1
      limit 100`,
    values: [schema, to],
  }
}

/** Other tenants with a relation of the same name: where all tenants read the target, each of them would be refused. */
export function otherTenantsSql(schema: string): Statement {
  return {
    text: `
      select own.relname::text as name, pg_catalog.min(tenant.schema) as schema
      from pg_catalog.pg_class as own
      join pg_catalog.pg_class as other on other.relname = own.relname and other.relnamespace <> own.relnamespace and other.relkind in (${relationKinds})
      join pg_catalog.pg_namespace as namespace on namespace.oid = other.relnamespace
      join partywall.tenants as tenant on tenant.schema = namespace.nspname::text
      where own.relnamespace = (select oid from pg_catalog.pg_namespace where nspname = $1::pg_catalog.name)
        and own.relkind in (${relationKinds})
        and own.relname <> 'partywall_migrations'
      group by own.relname
      order by 1
      limit 100`,
    values: [schema],
  }
}

/** The logins of the tenant's customer. */
export function loginsOfSql(role: string): Statement {
  return {
    text: `
      select role.rolname::text as role
      from pg_catalog.pg_roles as role
      where pg_catalog.starts_with(role.rolname::text, pg_catalog.concat($1::text, '_ro_'))
      order by 1`,
    values: [role],
  }
}
