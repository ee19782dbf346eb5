import { collationOf, commentOn, membersOf, ownerOf, privilegesOf } from './fragments-sql.ts'

/** Enums, composite types, domains and ranges. The constraints of domains and the attributes of composite types are read by others. */
export const typesSelect = `
    select
      type.typname as name,
      case type.typtype when 'e' then 'enum' when 'c' then 'composite type' when 'd' then 'domain' else 'range' end as kind,
      case when type.typtype = 'e' then (
        select coalesce(pg_catalog.json_agg(label.enumlabel order by label.enumsortorder), '[]'::json)
        from pg_catalog.pg_enum as label
        where label.enumtypid = type.oid
      ) end as labels,
      case when type.typtype = 'd' then pg_catalog.json_build_object(
        'base', pg_catalog.format_type(type.typbasetype, type.typtypmod),
        'notNull', type.typnotnull,
        'default', coalesce(pg_catalog.pg_get_expr(type.typdefaultbin, 0, true), type.typdefault),
        'collation', ${collationOf('type.typcollation', 'type.typbasetype')}
      ) end as domain,
      case when type.typtype = 'r' then (
        select pg_catalog.json_build_object(
          'subtype', pg_catalog.format_type(range.rngsubtype, null),
          'operatorClass', case when not pg_catalog.pg_opclass_is_visible(class.oid) then class.opcnamespace::pg_catalog.regnamespace::text || '.' else '' end
            || pg_catalog.quote_ident(class.opcname),
          'collation', ${collationOf('range.rngcollation', 'range.rngsubtype')},
          'canonical', nullif(range.rngcanonical::pg_catalog.oid::pg_catalog.regprocedure::text, '-'),
          'difference', nullif(range.rngsubdiff::pg_catalog.oid::pg_catalog.regprocedure::text, '-'),
          'multirange', range.rngmultitypid::pg_catalog.regtype::text
        )
        from pg_catalog.pg_range as range
        join pg_catalog.pg_opclass as class on class.oid = range.rngsubopc
        where range.rngtypid = type.oid
      ) end as range,
      ${ownerOf('type.typowner')} as owner,
      ${privilegesOf('type.typacl', 'T', 'type.typowner')} as privileges,
      ${commentOn('pg_type', 'type.oid')} as comment
    from ${membersOf('pg_type')} as member
    join pg_catalog.pg_type as type on type.oid = member.oid
    where type.typtype in ('e', 'c', 'd', 'r')
    order by type.typname`
