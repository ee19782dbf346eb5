/**
 * Compares the rights in the schemas of many tenants with those that they should have, in one statement. PostgreSQL keeps each right in an ACL, so
 * what was done is never recorded a second time: a run that was killed goes on with what is still different.
 */
import { historyTable } from '../../migrations/history/history-sql.ts'
import { setConfigFunction } from '../../sql/set-config.ts'
import type { Statement } from '../../sql/statement.ts'
import type { RoleNames } from '../../catalog/roles/role-names.ts'

/** What is compared for one tenant. */
export interface WallQuestion {
  readonly schema: string
  /** The role that should use the schema; null where its owner does. */
  readonly user: string | null
  /** The role that should not have rights in it any more; null for none. */
  readonly other: string | null
  /** Whether `user` is a role of the tenant's own, which the login takes. */
  readonly isOwn: boolean
  /** Whether that role logs in itself, and the login does not take it. */
  readonly logsIn: boolean
}

/** Counts of what is different, by schema. */
export interface WallRow {
  readonly schema: string
  readonly exists: boolean
  readonly has_role: boolean
  readonly has_attributes: boolean
  readonly in_group: boolean
  /** Whether it is in the group of the tenants that log in themselves. */
  readonly in_logins: boolean
  readonly may_set_config: boolean
  readonly may_be_taken: boolean
  readonly is_member: boolean
  readonly may_log_in: boolean
  readonly schema_rights: boolean
  readonly future: boolean
  /** Objects on which the user has too few rights, or too many. */
  readonly objects: string
  /** Objects that another role than the deploy role owns. */
  readonly owned_by_others: string
  /** The other role can be dropped when it has no rights here: no other database of the server uses it. */
  readonly other_is_left: boolean
  /** Objects on which the other role still has rights. */
  readonly of_other: string
}

/** One row for each question. */
export function wallsSql(questions: readonly WallQuestion[], { tenants, logins, login, deploy }: RoleNames): Statement {
  return {
    text: `
      with question as materialized (
        select asked.schema, asked.is_own, namespace.oid as namespace, namespace.nspowner as owner, namespace.nspacl as acl,
          holder.oid as holder, holder.rolsuper or holder.rolcreaterole or holder.rolcreatedb or holder.rolbypassrls or holder.rolreplication as is_strong,
          holder.rolcanlogin as may_log_in,
          other.oid as other, asked.holder as wanted
        from unnest($1::text[], $2::text[], $3::text[], $4::boolean[]) as asked (schema, holder, other, is_own)
        left join pg_catalog.pg_namespace as namespace on namespace.nspname = asked.schema
        left join pg_catalog.pg_roles as holder on holder.rolname = asked.holder
        left join pg_catalog.pg_roles as other on other.rolname = asked.other
      ), fixed as materialized (
        select (select oid from pg_catalog.pg_roles where rolname = $5) as tenants, (select oid from pg_catalog.pg_roles where rolname = $6) as login,
          (select oid from pg_catalog.pg_roles where rolname = $7) as deploy,
          (select oid from pg_catalog.pg_roles where rolname = $9) as logins
      ), object as (
        select question.namespace, relation.relowner as owner, relation.relacl as acl, question.holder, question.other,
          case relation.relkind when 'S' then 'SELECT,UPDATE,USAGE' else case relation.relname when $8 then 'SELECT' else 'DELETE,INSERT,SELECT,UPDATE' end end as wanted,
          relation.oid as relation, null::oid as routine
        from question
        join pg_catalog.pg_class as relation on relation.relnamespace = question.namespace
        where relation.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
          and not exists (select from pg_catalog.pg_depend as part where part.classid = 'pg_catalog.pg_class'::regclass and part.objid = relation.oid and part.deptype = 'e')
        union all
        select question.namespace, routine.proowner, routine.proacl, question.holder, question.other, null, null, routine.oid
        from question
        join pg_catalog.pg_proc as routine on routine.pronamespace = question.namespace
        where not exists (select from pg_catalog.pg_depend as part where part.classid = 'pg_catalog.pg_proc'::regclass and part.objid = routine.oid and part.deptype = 'e')
      ), counted as (
        select object.namespace,
          count(*) filter (where object.owner <> fixed.deploy) as owned_by_others,
          count(*) filter (where object.owner = fixed.deploy and object.holder is not null and case
            when object.routine is not null then not has_function_privilege(object.holder, object.routine, 'execute') or given.is_grantable
            else given.rights is distinct from object.wanted or given.is_grantable or column_right.of_holder end) as wrong,
          count(*) filter (where given.has_other or column_right.of_other) as of_other
        from object
        cross join fixed
        cross join lateral (
          select string_agg(distinct item.privilege_type, ',' order by item.privilege_type) filter (where item.grantee = object.holder) as rights,
            coalesce(bool_or(item.is_grantable) filter (where item.grantee = object.holder), false) as is_grantable,
            coalesce(bool_or(item.grantee = object.other and object.owner <> object.other), false) as has_other
          from aclexplode(object.acl) as item
        ) as given
        cross join lateral (
          select coalesce(bool_or(item.grantee = object.holder), false) as of_holder,
            coalesce(bool_or(item.grantee = object.other and object.owner <> object.other), false) as of_other
          from pg_catalog.pg_attribute as attribute
          cross join lateral aclexplode(attribute.attacl) as item
          where attribute.attrelid = object.relation and attribute.attacl is not null
        ) as column_right
        group by object.namespace
      ), default_right as (
        select question.namespace,
          count(distinct default_acl.defaclobjtype) filter (where item.grantee = question.holder and not item.is_grantable and item.rights = case default_acl.defaclobjtype
            when 'r' then 'DELETE,INSERT,SELECT,UPDATE' when 'S' then 'SELECT,UPDATE,USAGE' when 'f' then 'EXECUTE' end) as right_for_holder,
          count(*) filter (where item.grantee = question.other) as of_other
        from question
        cross join fixed
        join pg_catalog.pg_default_acl as default_acl on default_acl.defaclnamespace = question.namespace and default_acl.defaclrole = fixed.deploy
        cross join lateral (
          select exploded.grantee, string_agg(distinct exploded.privilege_type, ',' order by exploded.privilege_type) as rights,
            bool_or(exploded.is_grantable) as is_grantable
          from aclexplode(default_acl.defaclacl) as exploded
          group by exploded.grantee
        ) as item
        group by question.namespace
      )
      select question.schema, question.namespace is not null as exists,
        question.wanted is null or question.holder is not null as has_role,
        not question.is_own or not coalesce(question.is_strong, false) as has_attributes,
        not question.is_own or exists (
          select from pg_catalog.pg_auth_members as membership where membership.roleid = fixed.tenants and membership.member = question.holder
        ) as in_group,
        exists (
          select from pg_catalog.pg_auth_members as membership where membership.roleid = fixed.logins and membership.member = question.holder
        ) as in_logins,
        coalesce(has_function_privilege(question.holder, '${setConfigFunction}', 'execute'), false) as may_set_config,
        not question.is_own or coalesce((
          select bool_or(coalesce((to_jsonb(membership) ->> 'set_option')::boolean, true))
            and not bool_or(coalesce((to_jsonb(membership) ->> 'inherit_option')::boolean, false))
          from pg_catalog.pg_auth_members as membership
          where membership.roleid = question.holder and membership.member = fixed.login
        ), false) as may_be_taken,
        exists (
          select from pg_catalog.pg_auth_members as membership where membership.roleid = question.holder and membership.member = fixed.login
        ) as is_member,
        coalesce(question.may_log_in, false) as may_log_in,
        question.wanted is null or coalesce((
          select string_agg(item.privilege_type, ',') = 'USAGE' and not bool_or(item.is_grantable)
          from aclexplode(question.acl) as item where item.grantee = question.holder
        ), false) as schema_rights,
        question.wanted is null or coalesce(default_right.right_for_holder = 3, false) as future,
        coalesce(counted.wrong, 0)::text as objects,
        (coalesce(counted.owned_by_others, 0) + case when question.owner <> fixed.deploy then 1 else 0 end)::text as owned_by_others,
        question.other is not null and (question.is_own or not exists (
          select from pg_catalog.pg_shdepend as elsewhere
          where elsewhere.refclassid = 'pg_catalog.pg_authid'::regclass and elsewhere.refobjid = question.other
            and elsewhere.dbid not in (0, (select database.oid from pg_catalog.pg_database as database where database.datname = current_database()))
        )) as other_is_left,
        (coalesce(counted.of_other, 0) + coalesce(default_right.of_other, 0) + (
          select count(*) from aclexplode(question.acl) as item where item.grantee = question.other and question.owner <> question.other
        ))::text as of_other
      from question
      cross join fixed
      left join counted on counted.namespace = question.namespace
      left join default_right on default_right.namespace = question.namespace`,
    values: [
      questions.map(({ schema }) => schema),
      questions.map(({ user }) => user),
      questions.map(({ other }) => other),
      questions.map(({ isOwn }) => isOwn),
      tenants,
      login,
      deploy,
      historyTable,
      logins,
    ],
  }
}
