/** What the role that the application logs in as may do beside its work. One statement. */
import { fixedRoleSql } from '../names/role-name.ts'
import type { Statement } from '../sql/statement.ts'

export interface LoginPower {
  /** Roles that the login is, or may take, with an attribute that no application needs: `name (SUPERUSER)`. */
  readonly superusers: readonly string[]
  readonly bypassing: readonly string[]
  readonly creating: readonly string[]
  readonly predefined: readonly string[]
  /** Roles that the login is, or may take, and that own a schema or a table of the tenants, of the catalog or the shared schema. */
  readonly owners: readonly string[]
  /** It has the rights of all tenants without taking their roles. */
  readonly inherits: boolean
}

/**
 * One row. What a role owns is looked up by index (pg_shdepend), so the time hardly grows with the number of tenants.
 * @param hasCatalog the tables of partywall exist and may be read; otherwise no schema is known as that of a tenant
 */
export function loginPowerSql(login: string, sharedSchema: string, hasCatalog: boolean): Statement {
  const isOurs = `(namespace.nspname in ('partywall', $2::pg_catalog.name)${
    hasCatalog ? ' or exists (select from partywall.tenants as tenant where tenant.schema = namespace.nspname::text)' : ''
  })`
  return {
    text: `
      with taken as materialized (
        select role.*
        from pg_catalog.pg_roles as role
        where pg_catalog.pg_has_role($1::pg_catalog.name, role.oid, 'member')
      ),
      own as (select taken.rolsuper from taken where taken.rolname = $1::pg_catalog.name)
      select
        ${namesSql('taken.rolsuper')} as superusers,
        ${namesSql('taken.rolbypassrls and not taken.rolsuper')} as bypassing,
        ${namesSql('(taken.rolcreaterole or taken.rolreplication) and not taken.rolsuper')} as creating,
        ${namesSql("taken.rolname in ('pg_read_all_data', 'pg_write_all_data', 'pg_execute_server_program', 'pg_read_server_files', 'pg_write_server_files', 'pg_signal_backend', 'pg_maintain')")} as predefined,
        ${namesSql(`exists (
          select
          from pg_catalog.pg_shdepend as owned
          left join pg_catalog.pg_class as relation
            on owned.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and relation.oid = owned.objid
          join pg_catalog.pg_namespace as namespace
            on namespace.oid = coalesce(relation.relnamespace, case when owned.classid = 'pg_catalog.pg_namespace'::pg_catalog.regclass then owned.objid end)
          where owned.refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass
            and owned.refobjid = taken.oid
            and owned.deptype = 'o'
            and owned.dbid = (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database())
            and ${isOurs}
        )`)} as owners,
        (
          select (not own.rolsuper and exists (
            select
            from pg_catalog.pg_roles as tenants
            where tenants.rolname::text = ${fixedRoleSql('tenants')}
              and pg_catalog.pg_has_role($1::pg_catalog.name, tenants.oid, 'usage')
          ))::text
          from own
        ) as inherits`,
    values: [login, sharedSchema],
  }
}

/** A superuser is a member of every role, which would name them all. */
function namesSql(condition: string): string {
  return `(
          select coalesce(pg_catalog.json_agg(taken.rolname order by taken.rolname), '[]')::text
          from taken
          where (${condition})
            and (taken.rolname = $1::pg_catalog.name or not coalesce((select own.rolsuper from own), false))
        )`
}
