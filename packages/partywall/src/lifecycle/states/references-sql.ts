/** What lies outside of a schema and depends on what is in it: a drop with `cascade` would take it along. */
import type { Statement } from '../../sql/statement.ts'

/**
 * Descriptions by the server, such as `constraint orders_owner_fkey on table shop.orders`. A part of a relation (a constraint, a default, a rule, a trigger, a
 * policy) is where its relation is. Casts, members of operator families and publications hold no data, and are parts of what they are made for.
 */
export function outsideReferencesSql(schema: string, most: number): Statement {
  return {
    text: `
      with home as materialized (
        select namespace.oid from pg_catalog.pg_namespace as namespace where namespace.nspname::text = $1::text
      ), own as materialized (
        select 'pg_catalog.pg_class'::regclass::oid as class, oid from pg_catalog.pg_class where relnamespace = (select oid from home)
        union all
        select 'pg_catalog.pg_type'::regclass, oid from pg_catalog.pg_type where typnamespace = (select oid from home)
        union all
        select 'pg_catalog.pg_proc'::regclass, oid from pg_catalog.pg_proc where pronamespace = (select oid from home)
        union all
        select 'pg_catalog.pg_constraint'::regclass, oid from pg_catalog.pg_constraint where connamespace = (select oid from home)
        union all
        select part.classid, part.objid
        from pg_catalog.pg_depend as part
        where part.refclassid = 'pg_catalog.pg_namespace'::regclass
          and part.refobjid = (select oid from home)
          and part.classid not in ('pg_catalog.pg_class'::regclass, 'pg_catalog.pg_type'::regclass, 'pg_catalog.pg_proc'::regclass)
      ), dependent as materialized (
        select distinct link.classid, link.objid, link.objsubid
        from own
        join pg_catalog.pg_depend as link on link.refclassid = own.class and link.refobjid = own.oid
        where link.deptype in ('n', 'a')
          and link.classid not in (
            'pg_catalog.pg_cast'::regclass, 'pg_catalog.pg_amop'::regclass, 'pg_catalog.pg_amproc'::regclass,
            'pg_catalog.pg_publication_rel'::regclass, 'pg_catalog.pg_default_acl'::regclass, 'pg_catalog.pg_transform'::regclass
          )
          and not exists (select from own as other where other.class = link.classid and other.oid = link.objid)
      ), outside as (
        select dependent.classid, dependent.objid, dependent.objsubid
        from dependent
        left join pg_catalog.pg_constraint as part_c on dependent.classid = 'pg_catalog.pg_constraint'::regclass and part_c.oid = dependent.objid
        left join pg_catalog.pg_attrdef as part_d on dependent.classid = 'pg_catalog.pg_attrdef'::regclass and part_d.oid = dependent.objid
        left join pg_catalog.pg_rewrite as part_r on dependent.classid = 'pg_catalog.pg_rewrite'::regclass and part_r.oid = dependent.objid
        left join pg_catalog.pg_trigger as part_t on dependent.classid = 'pg_catalog.pg_trigger'::regclass and part_t.oid = dependent.objid
        left join pg_catalog.pg_policy as part_p on dependent.classid = 'pg_catalog.pg_policy'::regclass and part_p.oid = dependent.objid
        left join pg_catalog.pg_class as relation
          on relation.oid = coalesce(part_c.conrelid, part_d.adrelid, part_r.ev_class, part_t.tgrelid, part_p.polrelid)
        where relation.relnamespace is distinct from (select oid from home)
          and (dependent.classid <> 'pg_catalog.pg_class'::regclass or not exists (
            select from pg_catalog.pg_class as toast
            where toast.oid = dependent.objid and toast.relnamespace = 'pg_toast'::regnamespace
          ))
      )
      select coalesce(pg_catalog.pg_describe_object(classid, objid, objsubid), 'an object that is being dropped') as reference
      from outside
      order by 1
      limit $2::int`,
    values: [schema, most],
  }
}
