/** The rarer kinds of objects, and those that are only counted. */
import { commentOn, isNoMember, membersOf, ownerOf } from './fragments-sql.ts'

export const statisticsSelect = `
    select
      object.stxname as name,
      object.stxrelid::pg_catalog.regclass::text as table,
      pg_catalog.pg_get_statisticsobjdef_columns(object.oid) as columns,
      (
        select pg_catalog.json_agg(
          case kind when 'd' then 'ndistinct' when 'f' then 'dependencies' when 'm' then 'mcv' else 'expressions' end order by kind
        )
        from pg_catalog.unnest(object.stxkind) as kind
      ) as kinds,
      nullif(object.stxstattarget, -1) as target,
      ${ownerOf('object.stxowner')} as owner,
      ${commentOn('pg_statistic_ext', 'object.oid')} as comment
    from ${membersOf('pg_statistic_ext')} as member
    join pg_catalog.pg_statistic_ext as object on object.oid = member.oid
    order by name`

/** The names of the columns differ between the majors of PostgreSQL, so they are not named. */
export const collationsSelect = `
    select
      object.collname as name,
      pg_catalog.to_jsonb(object) - '{oid,collname,collnamespace,collowner}'::text[] as definition,
      ${ownerOf('object.collowner')} as owner,
      ${commentOn('pg_collation', 'object.oid')} as comment
    from ${membersOf('pg_collation')} as member
    join pg_catalog.pg_collation as object on object.oid = member.oid
    order by name`

/** What depends on the schema and is of no kind that the other statements read. */
export const unmodeledSelect = `
    select
      object.type as kind,
      case
        when pg_catalog.starts_with(words.description, object.type || ' ')
          then pg_catalog.substr(words.description, pg_catalog.length(object.type) + 2)
        else words.description
      end as name
    from pg_catalog.pg_depend as dependency
    left join pg_catalog.pg_type as type
      on dependency.classid = 'pg_catalog.pg_type'::pg_catalog.regclass
      and type.oid = dependency.objid
    left join pg_catalog.pg_class as relation
      on dependency.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
      and relation.oid = dependency.objid
    cross join lateral pg_catalog.pg_identify_object(dependency.classid, dependency.objid, 0) as object
    cross join lateral pg_catalog.pg_describe_object(dependency.classid, dependency.objid, 0) as words (description)
    where dependency.refclassid = 'pg_catalog.pg_namespace'::pg_catalog.regclass
      and dependency.refobjid = path.oid
      and ${isNoMember('dependency.classid', 'dependency.objid')}
      and case
        when type.oid is not null then type.typtype not in ('e', 'c', 'd', 'r', 'm')
        when relation.oid is not null then relation.relkind not in ('r', 'p', 'f', 'v', 'm', 'S')
        else dependency.classid not in (
          'pg_catalog.pg_proc'::pg_catalog.regclass,
          'pg_catalog.pg_statistic_ext'::pg_catalog.regclass,
          'pg_catalog.pg_collation'::pg_catalog.regclass,
          'pg_catalog.pg_ts_config'::pg_catalog.regclass,
          'pg_catalog.pg_ts_dict'::pg_catalog.regclass,
          'pg_catalog.pg_extension'::pg_catalog.regclass,
          'pg_catalog.pg_default_acl'::pg_catalog.regclass
        )
      end
    order by 2, 1`
