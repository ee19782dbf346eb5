/** Everything in one schema, and what depends on what: one statement. A part (an index, a key, a default, a trigger) stands for the object that it belongs to. */
import type { Statement } from '../../sql/statement.ts'

/**
 * One row with lists as JSON. An object of a schema is what depends on the namespace itself, so the statement starts from the index for that.
 * The sequence of a column, the row type of a table and the array of a type are parts: PostgreSQL moves them with their object.
 */
export function factsSql(schema: string): Statement {
  return {
    text: `
      with home as materialized (
        select namespace.oid from pg_catalog.pg_namespace as namespace where namespace.nspname = $1::pg_catalog.name
      ),
      owned as materialized (
        select part.objid as sequence, part.refobjid as relation
        from pg_catalog.pg_class as sequence
        join pg_catalog.pg_depend as part
          on part.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
          and part.objid = sequence.oid
          and part.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
          and part.deptype in ('a', 'i')
        where sequence.relnamespace = (select oid from home)
          and sequence.relkind = 'S'
      ),
      top as materialized (
        select distinct entry.classid, entry.objid
        from pg_catalog.pg_depend as entry
        where entry.refclassid = 'pg_catalog.pg_namespace'::pg_catalog.regclass
          and entry.refobjid = (select oid from home)
          and entry.deptype = 'n'
          and entry.classid::pg_catalog.regclass::text not in (
            'pg_extension', 'pg_default_acl', 'pg_publication_namespace',
            'pg_catalog.pg_extension', 'pg_catalog.pg_default_acl', 'pg_catalog.pg_publication_namespace'
          )
          and not (entry.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and entry.objid in (select sequence from owned))
      ),
      -- The types that come with a relation, a type or a range.
      types as materialized (
        select top.classid as top_class, top.objid as top, type.oid as type
        from top
        join pg_catalog.pg_class as relation on top.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and relation.oid = top.objid
        join pg_catalog.pg_type as type on type.oid = relation.reltype
        union all
        select top.classid, top.objid, type.oid
        from top
        join pg_catalog.pg_type as type on top.classid = 'pg_catalog.pg_type'::pg_catalog.regclass and type.oid = top.objid
        union all
        select top.classid, top.objid, range.rngmultitypid
        from top
        join pg_catalog.pg_range as range on top.classid = 'pg_catalog.pg_type'::pg_catalog.regclass and range.rngtypid = top.objid
      ),
      relations as materialized (
        select top.objid as top, top.objid as relation from top where top.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
        union all
        select owned.relation, owned.sequence from owned
        union all
        select index.indrelid, index.indexrelid
        from pg_catalog.pg_index as index
        join top on top.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and top.objid = index.indrelid
      ),
      parts as materialized (
        select top.classid as class, top.objid as part, top.classid as top_class, top.objid as top from top
        union
        select 'pg_catalog.pg_class'::pg_catalog.regclass, relation, 'pg_catalog.pg_class'::pg_catalog.regclass, top from relations
        union
        select 'pg_catalog.pg_type'::pg_catalog.regclass, type, top_class, top from types
        union
        select 'pg_catalog.pg_type'::pg_catalog.regclass, type.typarray, types.top_class, types.top
        from types
        join pg_catalog.pg_type as type on type.oid = types.type
        where type.typarray <> 0
        union
        -- The relation behind a composite type.
        select 'pg_catalog.pg_class'::pg_catalog.regclass, type.typrelid, types.top_class, types.top
        from types
        join pg_catalog.pg_type as type on type.oid = types.type
        where type.typrelid <> 0
        union
        select 'pg_catalog.pg_constraint'::pg_catalog.regclass, part.oid, 'pg_catalog.pg_class'::pg_catalog.regclass, relations.top
        from relations
        join pg_catalog.pg_constraint as part on part.conrelid = relations.relation
        union
        select 'pg_catalog.pg_constraint'::pg_catalog.regclass, part.oid, types.top_class, types.top
        from types
        join pg_catalog.pg_constraint as part on part.contypid = types.type
        union
        select 'pg_catalog.pg_attrdef'::pg_catalog.regclass, part.oid, 'pg_catalog.pg_class'::pg_catalog.regclass, relations.top
        from relations
        join pg_catalog.pg_attrdef as part on part.adrelid = relations.relation
        union
        -- The server's own triggers of a foreign key stand on both tables.
        select 'pg_catalog.pg_trigger'::pg_catalog.regclass, part.oid, 'pg_catalog.pg_class'::pg_catalog.regclass, relations.top
        from relations
        join pg_catalog.pg_trigger as part on part.tgrelid = relations.relation and not part.tgisinternal
        union
        select 'pg_catalog.pg_rewrite'::pg_catalog.regclass, part.oid, 'pg_catalog.pg_class'::pg_catalog.regclass, relations.top
        from relations
        join pg_catalog.pg_rewrite as part on part.ev_class = relations.relation
        union
        select 'pg_catalog.pg_policy'::pg_catalog.regclass, part.oid, 'pg_catalog.pg_class'::pg_catalog.regclass, relations.top
        from relations
        join pg_catalog.pg_policy as part on part.polrelid = relations.relation
      ),
      edges as materialized (
        select
          dependent.top_class, dependent.top, parts.top_class as used_class, parts.top as used,
          link.classid, link.objid, link.objsubid
        from parts
        join pg_catalog.pg_depend as link on link.refclassid = parts.class and link.refobjid = parts.part
        left join parts as dependent on dependent.class = link.classid and dependent.part = link.objid
        where link.deptype in ('n', 'a', 'i')
          and (dependent.top is null or (dependent.top_class, dependent.top) <> (parts.top_class, parts.top))
          -- Not the server's own triggers, nor TOAST tables.
          and not exists (
            select from pg_catalog.pg_trigger as trigger
            where link.classid = 'pg_catalog.pg_trigger'::pg_catalog.regclass and trigger.oid = link.objid and trigger.tgisinternal
          )
          and not exists (
            select from pg_catalog.pg_class as toast
            where link.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
              and toast.oid = link.objid
              and toast.relnamespace = 'pg_toast'::pg_catalog.regnamespace
          )
          -- These are in no schema, and parts of what they are made for.
          and link.classid not in (
            'pg_catalog.pg_publication_rel'::pg_catalog.regclass, 'pg_catalog.pg_default_acl'::pg_catalog.regclass,
            'pg_catalog.pg_cast'::pg_catalog.regclass, 'pg_catalog.pg_transform'::pg_catalog.regclass,
            'pg_catalog.pg_amop'::pg_catalog.regclass, 'pg_catalog.pg_amproc'::pg_catalog.regclass
          )
      )
      select
        (
          select coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(
            'id', pg_catalog.concat(top.classid, '.', top.objid),
            'kind', known.type,
            'name', coalesce(relation.relname::text, type.typname::text, routine.proname::text, known.name, known.identity),
            'identity', known.identity,
            'isTable', coalesce(relation.relkind in ('r', 'p', 'f'), false),
            'isRelation', relation.oid is not null,
            'rows', case when relation.relkind in ('r', 'm') and relation.reltuples >= 0 then relation.reltuples::bigint end,
            'bytes', case when relation.relkind in ('r', 'm', 'p') then pg_catalog.pg_total_relation_size(relation.oid) end,
            'isMember', exists (
              select from pg_catalog.pg_depend as member
              where member.classid = top.classid and member.objid = top.objid and member.deptype = 'e'
            ),
            'mayMove', pg_catalog.pg_has_role(
              coalesce(relation.relowner, type.typowner, routine.proowner, statistics.stxowner, (select oid from pg_catalog.pg_roles where rolname = current_user)), 'usage'
            ),
            'code', case
              when routine.prokind in ('f', 'p') and language.lanname not in ('c', 'internal') and routine.prosqlbody is null
              then pg_catalog.json_build_object(
                'language', language.lanname,
                'definition', pg_catalog.pg_get_functiondef(routine.oid),
                'body', routine.prosrc
              )
            end,
            'path', (select setting from pg_catalog.unnest(routine.proconfig) as setting where setting like 'search_path=%')
          ) order by known.type, known.identity), '[]'::json)
          from top
          cross join lateral pg_catalog.pg_identify_object(top.classid, top.objid, 0) as known
          left join pg_catalog.pg_class as relation on top.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and relation.oid = top.objid
          left join pg_catalog.pg_type as type on top.classid = 'pg_catalog.pg_type'::pg_catalog.regclass and type.oid = top.objid
          left join pg_catalog.pg_statistic_ext as statistics on top.classid = 'pg_catalog.pg_statistic_ext'::pg_catalog.regclass and statistics.oid = top.objid
          left join pg_catalog.pg_proc as routine on top.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass and routine.oid = top.objid
          left join pg_catalog.pg_language as language on language.oid = routine.prolang
        )::text as objects,
        (
          select coalesce(pg_catalog.json_agg(pg_catalog.json_build_object('user', found.dependent, 'used', found.used, 'via', found.via, 'isKey', found.is_key)), '[]'::json)
          from (
            select distinct
              pg_catalog.concat(edges.top_class, '.', edges.top) as dependent,
              pg_catalog.concat(edges.used_class, '.', edges.used) as used,
              coalesce(pg_catalog.pg_describe_object(edges.classid, edges.objid, edges.objsubid), 'a dropped object') as via,
              coalesce(constraint_.contype = 'f', false) as is_key
            from edges
            left join pg_catalog.pg_constraint as constraint_
              on edges.classid = 'pg_catalog.pg_constraint'::pg_catalog.regclass and constraint_.oid = edges.objid
            where edges.top is not null
            order by 1, 2, 3
          ) as found
        )::text as links,
        (
          select coalesce(pg_catalog.json_agg(pg_catalog.json_build_object('used', found.used, 'via', found.via)), '[]'::json)
          from (
            select distinct
              pg_catalog.concat(edges.used_class, '.', edges.used) as used,
              coalesce(pg_catalog.pg_describe_object(edges.classid, edges.objid, edges.objsubid), 'a dropped object') as via
            from edges
            where edges.top is null
            order by 1, 2
          ) as found
        )::text as outside,
        (
          select coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(
            'child', pg_catalog.concat('pg_catalog.pg_class'::pg_catalog.regclass::oid, '.', tree.inhrelid),
            'parent', pg_catalog.concat('pg_catalog.pg_class'::pg_catalog.regclass::oid, '.', tree.inhparent),
            'childName', tree.inhrelid::pg_catalog.regclass::text,
            'parentName', tree.inhparent::pg_catalog.regclass::text,
            'isPartition', child.relispartition
          )), '[]'::json)
          from pg_catalog.pg_inherits as tree
          join pg_catalog.pg_class as child on child.oid = tree.inhrelid and child.relkind in ('r', 'p', 'f')
          join pg_catalog.pg_class as parent on parent.oid = tree.inhparent
          where (select oid from home) in (child.relnamespace, parent.relnamespace)
        )::text as trees,
        (
          select coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(
            'table', pg_catalog.concat('pg_catalog.pg_class'::pg_catalog.regclass::oid, '.', member.prrelid),
            'name', publication.pubname::text
          )), '[]'::json)
          from pg_catalog.pg_publication_rel as member
          join pg_catalog.pg_publication as publication on publication.oid = member.prpubid
          join pg_catalog.pg_class as relation on relation.oid = member.prrelid and relation.relnamespace = (select oid from home)
        )::text as published,
        (
          select coalesce(pg_catalog.json_agg(distinct found.name), '[]'::json)
          from (
            select publication.pubname::text as name from pg_catalog.pg_publication as publication where publication.puballtables
            union all
            -- FOR TABLES IN SCHEMA: the catalog of it is new in PostgreSQL 15.
            select pg_catalog.pg_describe_object(entry.classid, entry.objid, 0)
            from pg_catalog.pg_depend as entry
            where entry.refclassid = 'pg_catalog.pg_namespace'::pg_catalog.regclass
              and entry.refobjid = (select oid from home)
              and entry.classid::pg_catalog.regclass::text in ('pg_publication_namespace', 'pg_catalog.pg_publication_namespace')
          ) as found
        )::text as "publishedWhole",
        exists (select from home)::text as "isThere"`,
    values: [schema],
  }
}

/** Routines of other schemas whose text has the name of this one in front of a dot: their code may name what is in it. */
export function foreignCodeSql(schema: string): Statement {
  return {
    text: `
      select
        pg_catalog.format('function %s', routine.oid::pg_catalog.regprocedure) as name,
        language.lanname::text as language,
        pg_catalog.pg_get_functiondef(routine.oid) as definition,
        routine.prosrc as body
      from pg_catalog.pg_proc as routine
      join pg_catalog.pg_language as language on language.oid = routine.prolang
      join pg_catalog.pg_namespace as namespace on namespace.oid = routine.pronamespace
      where namespace.nspname not in ('pg_catalog', 'information_schema', 'partywall', $1::pg_catalog.name)
        and namespace.nspname not like 'pg\\_%'
        and routine.prokind in ('f', 'p')
        and language.lanname not in ('c', 'internal')
        and routine.prosqlbody is null
        and (
          pg_catalog.strpos(routine.prosrc, pg_catalog.concat($1::text, '.')) > 0
          or pg_catalog.strpos(routine.prosrc, pg_catalog.concat('"', $1::text, '".')) > 0
        )
        and not exists (
          select from pg_catalog.pg_depend as member
          where member.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass and member.objid = routine.oid and member.deptype = 'e'
        )
      order by 1
      limit 500`,
    values: [schema],
  }
}
