/** The versions of the rows that PostgreSQL's catalogs have about a schema, catalog by catalog. All text is of this room. */

/** Those that every schema has rows of, or gets without an object of its own. */
export const everySchema: readonly string[] = ['namespace', 'class', 'attribute', 'description', 'dependents', 'extended']

/**
 * The object ids of what is in the schema ($1), and of what depends on that, also in other schemas, such as a view. All of it is found by an index of
 * pg_depend, and goes into arrays: each part below is then the scan of one index by object ids, which the server plans at once, whatever it knows of the size of
 * a catalog.
 */
export const objectsSql = `
      with inside as materialized (
        select
          coalesce(pg_catalog.array_agg(member.objid) filter (where member.classid = 'pg_catalog.pg_class'::pg_catalog.regclass), '{}') as relations,
          coalesce(pg_catalog.array_agg(member.objid) filter (where member.classid = 'pg_catalog.pg_type'::pg_catalog.regclass), '{}') as types,
          coalesce(pg_catalog.array_agg(member.objid) filter (where member.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass), '{}') as routines,
          coalesce(pg_catalog.array_agg(member.objid), '{}') as objects
        from pg_catalog.pg_depend as member
        where member.refclassid = 'pg_catalog.pg_namespace'::pg_catalog.regclass
          and member.refobjid = $1::pg_catalog.oid
      ), row_types as materialized (
        select array(
          select one.reltype from pg_catalog.pg_class as one where one.oid = any (inside.relations) and one.reltype <> 0
        ) as types
        from inside
      ), wanted as materialized (
        select
          inside.relations || array(
            select one.indexrelid from pg_catalog.pg_index as one where one.indrelid = any (inside.relations)
            union all
            select one.reltoastrelid from pg_catalog.pg_class as one where one.oid = any (inside.relations) and one.reltoastrelid <> 0
            union all
            select one.typrelid from pg_catalog.pg_type as one where one.oid = any (inside.types) and one.typrelid <> 0
          ) as relations,
          inside.types || row_types.types || array(
            select one.typarray from pg_catalog.pg_type as one where one.oid = any (inside.types || row_types.types) and one.typarray <> 0
          ) as types,
          inside.routines,
          inside.objects
        from inside
        cross join row_types
      ), direct as materialized (
        ${dependentsOn('pg_class', '(select wanted.relations from wanted)')}
        union all ${dependentsOn('pg_type', '(select wanted.types from wanted)')}
        union all ${dependentsOn('pg_proc', '(select wanted.routines from wanted)')}
        union all ${dependentsOn('pg_namespace', 'array[$1::pg_catalog.oid]')}
      ), dependents as materialized (
        select * from direct
        union all ${dependentsOn('pg_constraint', among('direct', 'pg_constraint'))}
      )`

/** By name: a query of one row, `amount` and `hash`. A sum of numbers does not depend on the order of rows. */
export const catalogParts: Readonly<Record<string, string>> = {
  namespace: versionsOf('pg_namespace', 'oid', 'array[$1::pg_catalog.oid]'),
  // Tables that had no rows have no room for rows on the disk.
  class: `
        select pg_catalog.count(*) as amount, pg_catalog.sum(${mixed(
          ['item.oid', `case when item.relkind in ('r', 'm') then (pg_catalog.pg_relation_size(item.oid) > 0)::integer end`],
          'item.xmin::text::bigint',
        )}) as hash
        from pg_catalog.pg_class as item
        where item.oid = any (${wanted('relations')}::pg_catalog.oid[])`,
  attribute: versionsOf('pg_attribute', 'attrelid', wanted('relations'), 'attnum'),
  description: versionsOf(
    'pg_description',
    'objoid',
    `(
          select $1::pg_catalog.oid || wanted.relations || wanted.objects || array(
            select dependents.objid
            from dependents
            where dependents.classid = any (array['pg_catalog.pg_constraint', 'pg_catalog.pg_trigger', 'pg_catalog.pg_policy', 'pg_catalog.pg_rewrite']::pg_catalog.regclass[]::pg_catalog.oid[])
          )
          from wanted
        )`,
    'objsubid',
  ),
  dependents: `
        select pg_catalog.count(*) as amount, pg_catalog.sum(${mixed(
          ['classid', 'objid', 'objsubid', 'refobjid', 'refobjsubid'].map((name) => `item.${name}`),
          'item.version',
        )}) as hash
        from dependents as item`,
  // Extensions that an object was declared to depend on: it is dropped with them.
  extended: `
        select pg_catalog.count(*) as amount, pg_catalog.sum(${mixed(['item.objid', 'item.refobjid'], 'item.xmin::text::bigint')}) as hash
        from pg_catalog.pg_depend as item
        where item.classid = any (array['pg_catalog.pg_class', 'pg_catalog.pg_proc', 'pg_catalog.pg_trigger']::pg_catalog.regclass[]::pg_catalog.oid[])
          and item.objid = any ((select wanted.relations || wanted.routines || ${among('dependents', 'pg_trigger')} from wanted)::pg_catalog.oid[])
          and item.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass`,
  attrdef: versionsOf('pg_attrdef', 'oid', among('dependents', 'pg_attrdef')),
  index: versionsOf('pg_index', 'indexrelid', wanted('relations')),
  constraint: versionsOf('pg_constraint', 'oid', among('dependents', 'pg_constraint')),
  trigger: versionsOf('pg_trigger', 'oid', among('dependents', 'pg_trigger')),
  rewrite: versionsOf('pg_rewrite', 'oid', among('dependents', 'pg_rewrite')),
  policy: versionsOf('pg_policy', 'oid', among('dependents', 'pg_policy')),
  sequence: versionsOf('pg_sequence', 'seqrelid', wanted('relations')),
  inherits: versionsOf('pg_inherits', 'inhrelid', wanted('relations'), 'inhparent'),
  partitioned_table: versionsOf('pg_partitioned_table', 'partrelid', wanted('relations')),
  foreign_table: versionsOf('pg_foreign_table', 'ftrelid', wanted('relations')),
  type: versionsOf('pg_type', 'oid', '(select inside.types from inside)'),
  enum: versionsOf('pg_enum', 'enumtypid', '(select inside.types from inside)', 'oid'),
  range: versionsOf('pg_range', 'rngtypid', '(select inside.types from inside)'),
  proc: versionsOf('pg_proc', 'oid', wanted('routines')),
  statistic_ext: versionsOf('pg_statistic_ext', 'oid', wanted('objects')),
  collation: versionsOf('pg_collation', 'oid', wanted('objects')),
  extension: versionsOf('pg_extension', 'oid', wanted('objects')),
  default_acl: versionsOf('pg_default_acl', 'oid', wanted('objects')),
}

function wanted(objects: 'relations' | 'types' | 'routines' | 'objects'): string {
  return `(select wanted.${objects} from wanted)`
}

/** Those of one catalog. */
function among(from: 'direct' | 'dependents', catalog: string): string {
  return `(select array(select ${from}.objid from ${from} where ${from}.classid = 'pg_catalog.${catalog}'::pg_catalog.regclass))`
}

/** @param column what an index of the catalog begins with; @param sub tells rows of one object apart */
function versionsOf(catalog: string, column: string, objects: string, sub?: string): string {
  const columns = [column, ...(sub === undefined ? [] : [sub])].map((name) => `item.${name}`)
  return `
        select pg_catalog.count(*) as amount, pg_catalog.sum(${mixed(columns, 'item.xmin::text::bigint')}) as hash
        from pg_catalog.${catalog} as item
        where item.${column} = any (${objects}::pg_catalog.oid[])`
}

/** A number that depends on all of these. */
function mixed(columns: readonly string[], version: string): string {
  return columns.reduce((inner, column) => `pg_catalog.hashint8extended(coalesce((${column})::bigint, 0), ${inner})`, version)
}

function dependentsOn(catalog: string, objects: string): string {
  return `
        select item.classid, item.objid, item.objsubid, item.refobjid, item.refobjsubid, item.xmin::text::bigint as version
        from pg_catalog.pg_depend as item
        where item.refclassid = 'pg_catalog.${catalog}'::pg_catalog.regclass
          and item.refobjid = any (${objects}::pg_catalog.oid[])`
}
