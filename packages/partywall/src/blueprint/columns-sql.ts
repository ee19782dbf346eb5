import { collationOf, commentOn, membersOf, privilegesOf, relationsOfSchema, sorted } from './fragments-sql.ts'

/** The columns of all tables and views in their order, each with the object id of its table. */
export const columnsSelect = `
    select
      relation.relname as relation,
      field.attname as name,
      pg_catalog.format_type(field.atttypid, field.atttypmod) as type,
      field.attnotnull as "notNull",
      (
        select pg_catalog.pg_get_expr(fallback.adbin, fallback.adrelid, true)
        from pg_catalog.pg_attrdef as fallback
        where fallback.adrelid = field.attrelid
          and fallback.adnum = field.attnum
      ) as default,
      case field.attidentity when 'a' then 'always' when 'd' then 'by default' end as identity,
      case field.attgenerated when 's' then 'stored' when 'v' then 'virtual' end as generated,
      ${collationOf('field.attcollation', 'field.atttypid')} as collation,
      case when field.attstorage <> (select type.typstorage from pg_catalog.pg_type as type where type.oid = field.atttypid) then
        case field.attstorage when 'p' then 'plain' when 'e' then 'external' when 'm' then 'main' else 'extended' end
      end as storage,
      case field.attcompression when 'p' then 'pglz' when 'l' then 'lz4' end as compression,
      -- The default is -1 up to PostgreSQL 16, and null since 17.
      nullif(field.attstattarget, -1) as statistics,
      ${sorted('field.attoptions')} as options,
      ${sorted('field.attfdwoptions')} as "foreignOptions",
      field.attislocal as local,
      field.attinhcount as inherited,
      ${privilegesOf('field.attacl', 'c', 'relation.relowner')} as privileges,
      ${commentOn('pg_class', 'field.attrelid', 'field.attnum')} as comment
    from ${relationsOfSchema} as relation
    join pg_catalog.pg_attribute as field
      on field.attrelid = relation.oid
      and field.attnum > 0
      and not field.attisdropped
    where relation.relkind in ('r', 'p', 'f', 'v', 'm')
    order by relation.relname, field.attnum`

/** The attributes of composite types in their order, each with the object id of its type. */
export const attributesSelect = `
    select
      composite.typname as type_of,
      field.attname as name,
      pg_catalog.format_type(field.atttypid, field.atttypmod) as type,
      ${collationOf('field.attcollation', 'field.atttypid')} as collation,
      ${commentOn('pg_class', 'field.attrelid', 'field.attnum')} as comment
    from ${membersOf('pg_type')} as member
    join pg_catalog.pg_type as composite on composite.oid = member.oid
    join pg_catalog.pg_attribute as field
      on field.attrelid = composite.typrelid
      and field.attnum > 0
      and not field.attisdropped
    where composite.typtype = 'c'
    order by composite.typname, field.attnum`
