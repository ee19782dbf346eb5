import { commentOn, extensionsOf, relationsOfSchema, sorted } from './fragments-sql.ts'

/** The indexes of tables and materialized views, each with the object id of its table. */
export const indexesSelect = `
    select
      relation.relname as relation,
      index.relname as name,
      pg_catalog.pg_get_indexdef(index.oid, 0, true) as definition,
      ${sorted('index.reloptions')} as options,
      entry.indisvalid as valid,
      entry.indisclustered as clustered,
      entry.indisreplident as "replicaIdentity",
      case when index.relispartition then (
        select parent.inhparent::pg_catalog.regclass::text
        from pg_catalog.pg_inherits as parent
        where parent.inhrelid = index.oid
      ) end as parent,
      case when index.reltablespace <> 0 then (
        select space.spcname
        from pg_catalog.pg_tablespace as space
        where space.oid = index.reltablespace
      ) end as tablespace,
      case when entry.indexprs is null then '[]'::json else (
        select coalesce(
          pg_catalog.json_agg(field.attnum::text || ': ' || field.attstattarget::text order by field.attnum),
          '[]'::json
        )
        from pg_catalog.pg_attribute as field
        where field.attrelid = index.oid
          and field.attstattarget <> -1
          and field.attnum > 0
      ) end as statistics,
      ${extensionsOf('pg_class', 'index.oid')} as "dependsOn",
      ${commentOn('pg_class', 'index.oid')} as comment
    from ${relationsOfSchema} as relation
    join pg_catalog.pg_index as entry on entry.indrelid = relation.oid
    join pg_catalog.pg_class as index on index.oid = entry.indexrelid
    order by relation.relname, index.relname`
