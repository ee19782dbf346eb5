/** What creating the objects of a schema needs beyond their definitions: the order, and what leads to them from outside of the schema. */
import { granteeOf, membersOf, objectsOf, privilegesOf, relationsOfSchema } from './fragments-sql.ts'

const key = (...parts: readonly string[]) => `pg_catalog.json_build_array(${parts.join(', ')})::text`
const routineName = (routine: string) =>
  `${routine}.proname || '(' || pg_catalog.pg_get_function_identity_arguments(${routine}.oid) || ')'`
const inCatalog = (name: string) => `'pg_catalog.${name}'::pg_catalog.regclass`

/** The names of options, in the order in which they were set. */
const namesOf = (options: string) => `(
      select pg_catalog.json_agg(pg_catalog.split_part(option, '=', 1) order by position)::text
      from pg_catalog.unnest(${options}) with ordinality as given (option, position)
    )`

/**
 * The objects of the schema with their keys. The row type of a table, the array type of a type and the constructors of a range stand for the
 * object that PostgreSQL made them with.
 */
const objects = `
      with relation as materialized (
        select relation.oid, relation.relname, relation.relkind, relation.reltype
        from ${relationsOfSchema} as relation
      ), type as materialized (
        select type.oid, type.typarray, type.typrelid, ${key(`'type'`, 'type.typname')} as key
        from ${membersOf('pg_type')} as member
        join pg_catalog.pg_type as type on type.oid = member.oid
      ), object (classid, oid, key) as materialized (
        select ${inCatalog('pg_class')}, relation.oid, ${key(`'relation'`, 'relation.relname')}
        from relation
        where relation.relkind in ('r', 'p', 'f', 'v', 'm', 'S')
        union all
        -- The attributes of a composite type.
        select ${inCatalog('pg_class')}, type.typrelid, type.key
        from type
        where type.typrelid <> 0
        union all
        select ${inCatalog('pg_class')}, index.oid, ${key(`'index'`, 'index.relname')}
        from relation
        join pg_catalog.pg_index as entry on entry.indrelid = relation.oid
        join pg_catalog.pg_class as index on index.oid = entry.indexrelid
        union all
        select ${inCatalog('pg_type')}, type.oid, type.key
        from type
        union all
        select ${inCatalog('pg_type')}, type.typarray, type.key
        from type
        where type.typarray <> 0
        union all
        select ${inCatalog('pg_type')}, row_type.oid, ${key(`'relation'`, 'relation.relname')}
        from relation
        join pg_catalog.pg_type as made on made.oid = relation.reltype
        cross join lateral (values (made.oid), (made.typarray)) as row_type (oid)
        union all
        select ${inCatalog('pg_type')}, range.rngmultitypid, type.key
        from type
        join pg_catalog.pg_range as range on range.rngtypid = type.oid
        union all
        select
          ${inCatalog('pg_proc')},
          routine.oid,
          coalesce(
            (
              select type.key
              from pg_catalog.pg_depend as made
              join type on type.oid = made.refobjid
              where made.classid = ${inCatalog('pg_proc')}
                and made.objid = routine.oid
                and made.deptype = 'i'
                and made.refclassid = ${inCatalog('pg_type')}
            ),
            ${key(`'routine'`, routineName('routine'))}
          )
        from ${membersOf('pg_proc')} as member
        join pg_catalog.pg_proc as routine on routine.oid = member.oid
        union all
        select ${inCatalog('pg_collation')}, object.oid, ${key(`'collation'`, 'object.collname')}
        from ${membersOf('pg_collation')} as member
        join pg_catalog.pg_collation as object on object.oid = member.oid
        union all
        select ${inCatalog('pg_constraint')}, rule.oid, ${key(`'constraint'`, 'relation.relname', 'rule.conname')}
        from relation
        join pg_catalog.pg_constraint as rule on rule.conrelid = relation.oid
        union all
        select ${inCatalog('pg_constraint')}, rule.oid, ${key(`'constraint'`, 'domain.typname', 'rule.conname')}
        from type
        join pg_catalog.pg_type as domain on domain.oid = type.oid and domain.typtype = 'd'
        join pg_catalog.pg_constraint as rule on rule.contypid = domain.oid
        union all
        select ${inCatalog('pg_attrdef')}, fallback.oid, ${key(`'default'`, 'relation.relname', 'field.attname')}
        from relation
        join pg_catalog.pg_attrdef as fallback on fallback.adrelid = relation.oid
        join pg_catalog.pg_attribute as field on field.attrelid = fallback.adrelid and field.attnum = fallback.adnum
        union all
        select ${inCatalog('pg_rewrite')}, rule.oid, ${key(`'query'`, 'relation.relname')}
        from relation
        join pg_catalog.pg_rewrite as rule on rule.ev_class = relation.oid and rule.rulename = '_RETURN'
      )`

/**
 * One query for all of it, because PostgreSQL takes most of the time to plan it. What an object needs has an id, and each id is told once: a
 * join of the objects with themselves would be made row by row, because PostgreSQL expects few of them.
 */
export const creationSelect = `${objects}
    select object.key as object, null::text as needs, 'object'::text as kind, object.classid::pg_catalog.oid || ' ' || object.oid as name
    from object
    union all
    select object.key, dependency.refclassid || ' ' || dependency.refobjid, 'need', null
    from object
    join pg_catalog.pg_depend as dependency
      on dependency.classid = object.classid
      and dependency.objid = object.oid
      and dependency.deptype in ('n', 'a')
    union all
    select distinct
      null,
      null,
      case dependency.classid
        when ${inCatalog('pg_cast')} then 'cast' when ${inCatalog('pg_publication_rel')} then 'publication of a table'
        when ${inCatalog('pg_transform')} then 'transform' when ${inCatalog('pg_event_trigger')} then 'event trigger'
        when ${inCatalog('pg_am')} then 'access method' when ${inCatalog('pg_language')} then 'language' else 'foreign data wrapper'
      end,
      pg_catalog.pg_describe_object(dependency.classid, dependency.objid, 0)
    from object
    join pg_catalog.pg_depend as dependency
      on dependency.refclassid = object.classid
      and dependency.refobjid = object.oid
    where dependency.deptype in ('n', 'a')
      and dependency.classid in (
        ${['pg_cast', 'pg_publication_rel', 'pg_transform', 'pg_event_trigger', 'pg_am', 'pg_language', 'pg_foreign_data_wrapper']
          .map(inCatalog)
          .join(', ')}
      )
    union all
    select
      null,
      null,
      'child',
      'table ' || (object.key::json ->> 1) || ', which has ' || case when child.relispartition then 'partitions' else 'children' end
        || ' in another schema'
    from object
    join pg_catalog.pg_inherits as inheritance on inheritance.inhparent = object.oid
    join pg_catalog.pg_class as child on child.oid = inheritance.inhrelid
    where object.classid = ${inCatalog('pg_class')}
      and child.relkind in ('r', 'p', 'f')
      and child.relnamespace <> path.oid
      and child.relpersistence <> 't'
    group by object.key, child.relispartition
    union all
    select null, null, 'system column', 'system column ' || field.attname || ' of ' || (object.key::json ->> 1) || ', which has privileges'
    from object
    join pg_catalog.pg_attribute as field on field.attrelid = object.oid and field.attnum < 0 and field.attacl is not null
    where object.classid = ${inCatalog('pg_class')}
    union all
    select null, null, 'security label', 'security label of ' || label.provider || ' on ' || object.key
    from object
    join pg_catalog.pg_seclabel as label
      on label.classoid = object.classid
      and label.objoid = object.oid
    union all
    select object.key, null, 'options', ${namesOf('stored.reloptions')}
    from object
    join pg_catalog.pg_class as stored on stored.oid = object.oid
    where object.classid = ${inCatalog('pg_class')}
      and pg_catalog.cardinality(stored.reloptions) > 1
    union all
    select object.key, null, 'settings', ${namesOf('stored.proconfig')}
    from object
    join pg_catalog.pg_proc as stored on stored.oid = object.oid
    where object.classid = ${inCatalog('pg_proc')}
      and pg_catalog.cardinality(stored.proconfig) > 1
    union all
    select holder.key, null, 'grantees', (
        select pg_catalog.json_agg(${granteeOf('entry.grantee', 'holder.owner')} order by entry.position)::text
        from pg_catalog.aclexplode(holder.list) with ordinality as entry (grantor, grantee, privilege_type, is_grantable, position)
      )
    from (
      select object.key, stored.relowner as owner, stored.relacl as list
      from object
      join pg_catalog.pg_class as stored on stored.oid = object.oid
      where object.classid = ${inCatalog('pg_class')}
      union all
      select object.key, stored.proowner, stored.proacl
      from object
      join pg_catalog.pg_proc as stored on stored.oid = object.oid
      where object.classid = ${inCatalog('pg_proc')}
      union all
      select '["schema"]', namespace.nspowner, namespace.nspacl
      from pg_catalog.pg_namespace as namespace
      where namespace.oid = path.oid
    ) as holder
    where pg_catalog.cardinality(holder.list) > 2
    union all
    select
      ${objectsOf('defaults.defaclobjtype')},
      null,
      'defaults',
      ${privilegesOf('defaults.defaclacl', 'c', 'defaults.defaclrole')}::text
    from pg_catalog.pg_default_acl as defaults
    where defaults.defaclnamespace = 0
      and defaults.defaclrole = (select role.oid from pg_catalog.pg_roles as role where role.rolname = current_user)
    union all
    select null, null, 'server', (pg_catalog.current_setting('server_version_num')::integer / 10000)::text`
