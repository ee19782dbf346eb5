/** Tables, views and materialized views without what hangs on them, and sequences. */
import { commentOn, extensionsOf, ownerOf, privilegesOf, relationsOfSchema, sorted } from './fragments-sql.ts'

export const relationsSelect = `
    select
      relation.relname as name,
      case relation.relkind
        when 'r' then 'table' when 'p' then 'partitioned table' when 'f' then 'foreign table' when 'v' then 'view'
        else 'materialized view'
      end as kind,
      ${persistence('relation')} as persistence,
      case when relation.relkind in ('v', 'm') then pg_catalog.pg_get_viewdef(relation.oid, true) end as definition,
      relation.relispopulated as populated,
      pg_catalog.pg_get_partkeydef(relation.oid) as "partitionKey",
      pg_catalog.pg_get_expr(relation.relpartbound, relation.oid, true) as "partitionBound",
      (
        select coalesce(pg_catalog.json_agg(
          parent.inhparent::pg_catalog.regclass::text || case when parent.inhdetachpending then ', detach pending' else '' end
          order by parent.inhseqno), '[]'::json)
        from pg_catalog.pg_inherits as parent
        where parent.inhrelid = relation.oid
      ) as parents,
      case when relation.reloftype <> 0 then relation.reloftype::pg_catalog.regtype::text end as "ofType",
      ${sorted('relation.reloptions')} as options,
      case when relation.reltoastrelid = 0 then '[]'::json else (
        select ${sorted('toast.reloptions')}
        from pg_catalog.pg_class as toast
        where toast.oid = relation.reltoastrelid
      ) end as "toastOptions",
      case relation.relreplident when 'd' then 'default' when 'n' then 'nothing' when 'f' then 'full' else 'index' end
        as "replicaIdentity",
      relation.relrowsecurity as "rowSecurity",
      relation.relforcerowsecurity as "forceRowSecurity",
      (
        select method.amname
        from pg_catalog.pg_am as method
        where method.oid = relation.relam
          and method.amname <> pg_catalog.current_setting('default_table_access_method')
      ) as "accessMethod",
      case when relation.reltablespace <> 0 then (
        select space.spcname
        from pg_catalog.pg_tablespace as space
        where space.oid = relation.reltablespace
      ) end as tablespace,
      case when distant.ftserver is not null then (
        select server.srvname
        from pg_catalog.pg_foreign_server as server
        where server.oid = distant.ftserver
      ) end as server,
      ${sorted('distant.ftoptions')} as "foreignOptions",
      ${extensionsOf('pg_class', 'relation.oid')} as "dependsOn",
      ${ownerOf('relation.relowner')} as owner,
      ${privilegesOf('relation.relacl', 'r', 'relation.relowner')} as privileges,
      ${commentOn('pg_class', 'relation.oid')} as comment
    from ${relationsOfSchema} as relation
    left join pg_catalog.pg_foreign_table as distant on distant.ftrelid = relation.oid
    where relation.relkind in ('r', 'p', 'f', 'v', 'm')
    order by relation.relname`

export const sequencesSelect = `
    select
      relation.relname as name,
      ${persistence('relation')} as persistence,
      pg_catalog.format_type(sequence.seqtypid, null) as type,
      sequence.seqstart::text as start,
      sequence.seqincrement::text as increment,
      sequence.seqmin::text as minimum,
      sequence.seqmax::text as maximum,
      sequence.seqcache::text as cache,
      sequence.seqcycle as cycle,
      used.owner_column as "ownedBy",
      coalesce(used.is_identity, false) as "isIdentity",
      ${ownerOf('relation.relowner')} as owner,
      ${privilegesOf('relation.relacl', 's', 'relation.relowner')} as privileges,
      ${commentOn('pg_class', 'relation.oid')} as comment
    from ${relationsOfSchema} as relation
    join pg_catalog.pg_sequence as sequence on sequence.seqrelid = relation.oid
    left join lateral (
      select
        owner.refobjid::pg_catalog.regclass::text || '.' || pg_catalog.quote_ident(field.attname) as owner_column,
        owner.deptype = 'i' as is_identity
      from pg_catalog.pg_depend as owner
      join pg_catalog.pg_attribute as field on field.attrelid = owner.refobjid and field.attnum = owner.refobjsubid
      where owner.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
        and owner.objid = relation.oid
        and owner.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
        and owner.refobjsubid > 0
        and owner.deptype in ('a', 'i')
      offset 0
    ) as used on true
    order by relation.relname`

function persistence(relation: string): string {
  return `case ${relation}.relpersistence when 'u' then 'unlogged' else 'permanent' end`
}
