/** One table, from PostgreSQL's catalogs: its columns, keys and foreign keys, and what the current role may do. */
import { isShown, kindOf } from './tables-sql.ts'

const namesOf = (numbers: string, relation: string): string => `(
              select pg_catalog.json_agg(attribute.attname::pg_catalog.text order by place.at)
              from pg_catalog.unnest(${numbers}) with ordinality as place (number, at)
              join pg_catalog.pg_attribute as attribute on attribute.attrelid = ${relation} and attribute.attnum = place.number
            )`

/** Whether PostgreSQL can order values of a type: by an operator class of its own, of all types of its sort, or of a type that it is stored as. */
const isSortable = `exists (
              select
              from pg_catalog.pg_opclass as class
              join pg_catalog.pg_am as method on method.oid = class.opcmethod
              where method.amname = 'btree' and class.opcdefault and (
                class.opcintype = compared.oid
                or (compared.typtype = 'e' and class.opcintype = 'pg_catalog.anyenum'::pg_catalog.regtype)
                or (compared.typtype = 'r' and class.opcintype = 'pg_catalog.anyrange'::pg_catalog.regtype)
                or (compared.typtype = 'm' and class.opcintype = 'pg_catalog.anymultirange'::pg_catalog.regtype)
                or exists (
                  select from pg_catalog.pg_cast as alike
                  where alike.castsource = compared.oid and alike.casttarget = class.opcintype and alike.castmethod = 'b' and alike.castcontext = 'i'
                )
              )
            )`

/** $1: the schema, $2: the table. */
export const tableSql = `
        select
          class.oid::pg_catalog.text as oid,
          ${kindOf} as kind,
          class.relrowsecurity as "hasPolicies",
          class.reltuples::pg_catalog.float8 as tuples,
          case when class.relkind in ('r', 'm') then pg_catalog.pg_relation_size(class.oid) else 0 end as bytes,
          pg_catalog.left(pg_catalog.obj_description(class.oid, 'pg_class'), 300) as comment,
          pg_catalog.has_table_privilege(class.oid, 'SELECT') as "mayReadAll",
          pg_catalog.has_table_privilege(class.oid, 'DELETE') as "mayDelete",
          coalesce((
            select pg_catalog.json_agg(pg_catalog.json_build_object(
              'name', attribute.attname::pg_catalog.text,
              'type', pg_catalog.format_type(attribute.atttypid, attribute.atttypmod),
              'cast', pg_catalog.quote_ident(space_of_type.nspname) || '.' || pg_catalog.quote_ident(type.typname),
              'base', case when base.typnamespace = 'pg_catalog'::pg_catalog.regnamespace then base.typname::pg_catalog.text else '' end,
              'sort', base.typtype::pg_catalog.text,
              'isArray', base.typcategory = 'A' and base.typelem <> 0,
              'isSortable', compared.typtype <> 'c' and ${isSortable},
              'isIndexed', exists (
                select from pg_catalog.pg_index as index
                where index.indrelid = class.oid and index.indisvalid and index.indpred is null and index.indkey[0] = attribute.attnum
              ),
              'isNullable', not attribute.attnotnull and not type.typnotnull,
              'isNotNull', attribute.attnotnull,
              'isGenerated', attribute.attgenerated <> '',
              'identity', attribute.attidentity::pg_catalog.text,
              'default', case when attribute.attgenerated = '' then pg_catalog.left(pg_catalog.pg_get_expr(preset.adbin, preset.adrelid), 300) end,
              'options', case when base.typtype = 'e' then (
                select pg_catalog.json_agg(label.enumlabel::pg_catalog.text order by label.enumsortorder)
                from pg_catalog.pg_enum as label where label.enumtypid = base.oid
              ) end,
              'comment', pg_catalog.left(pg_catalog.col_description(class.oid, attribute.attnum), 300),
              'mayRead', pg_catalog.has_column_privilege(class.oid, attribute.attnum, 'SELECT'),
              'mayInsert', pg_catalog.has_column_privilege(class.oid, attribute.attnum, 'INSERT'),
              'mayUpdate', pg_catalog.has_column_privilege(class.oid, attribute.attnum, 'UPDATE')
            ) order by attribute.attnum)
            from pg_catalog.pg_attribute as attribute
            join pg_catalog.pg_type as type on type.oid = attribute.atttypid
            join pg_catalog.pg_namespace as space_of_type on space_of_type.oid = type.typnamespace
            join lateral (
              with recursive layer as (
                select first.* from pg_catalog.pg_type as first where first.oid = attribute.atttypid
                union all
                select below.* from layer join pg_catalog.pg_type as below on below.oid = layer.typbasetype
              )
              select * from layer where layer.typbasetype = 0
            ) as base on true
            join pg_catalog.pg_type as compared
              on compared.oid = case when base.typcategory = 'A' and base.typelem <> 0 then base.typelem else base.oid end
            left join pg_catalog.pg_attrdef as preset on preset.adrelid = attribute.attrelid and preset.adnum = attribute.attnum
            where attribute.attrelid = class.oid and attribute.attnum > 0 and not attribute.attisdropped
          ), '[]'::pg_catalog.json) as columns,
          coalesce((
            select pg_catalog.json_agg(pg_catalog.json_build_object(
              'name', named.relname::pg_catalog.text,
              'isPrimary', index.indisprimary,
              'isPlain', index.indimmediate and index.indisvalid and index.indpred is null and index.indexprs is null,
              'columns', coalesce(${namesOf('index.indkey::pg_catalog.int2[]', 'class.oid')}, '[]'::pg_catalog.json),
              'parts', index.indnkeyatts
            ) order by not index.indisprimary, index.indnkeyatts, index.indexrelid)
            from pg_catalog.pg_index as index
            join pg_catalog.pg_class as named on named.oid = index.indexrelid
            where index.indrelid = class.oid and (index.indisunique or index.indisexclusion)
          ), '[]'::pg_catalog.json) as keys,
          coalesce((
            select pg_catalog.json_agg(pg_catalog.json_build_object(
              'name', checked.conname::pg_catalog.text, 'columns', coalesce(${namesOf('checked.conkey', 'class.oid')}, '[]'::pg_catalog.json)
            ))
            from pg_catalog.pg_constraint as checked
            where checked.conrelid = class.oid and checked.contype = 'c'
          ), '[]'::pg_catalog.json) as checks,
          coalesce((
            select pg_catalog.json_agg(pg_catalog.json_build_object(
              'name', key.conname::pg_catalog.text,
              'schema', target_space.nspname::pg_catalog.text,
              'table', target.relname::pg_catalog.text,
              'columns', ${namesOf('key.conkey', 'key.conrelid')},
              'toColumns', ${namesOf('key.confkey', 'key.confrelid')},
              'toKey', (
                select ${namesOf('index.indkey::pg_catalog.int2[]', 'index.indrelid')}
                from pg_catalog.pg_index as index where index.indrelid = key.confrelid and index.indisprimary
              )
            ) order by key.conname)
            from pg_catalog.pg_constraint as key
            join pg_catalog.pg_class as target on target.oid = key.confrelid
            join pg_catalog.pg_namespace as target_space on target_space.oid = target.relnamespace
            where key.conrelid = class.oid and key.contype = 'f'
          ), '[]'::pg_catalog.json) as links
        from pg_catalog.pg_class as class
        join pg_catalog.pg_namespace as space on space.oid = class.relnamespace
        where space.nspname = $1::pg_catalog.text::pg_catalog.name
          and class.relname = $2::pg_catalog.text::pg_catalog.name
          and ${isShown}`

/** $1: the oid of a table. Tables of the same schema whose foreign keys lead to it. */
export const referencesSql = `
        select
          class.relname::pg_catalog.text as table,
          ${namesOf('key.conkey', 'key.conrelid')} as columns,
          ${namesOf('key.confkey', 'key.confrelid')} as "toColumns"
        from pg_catalog.pg_constraint as key
        join pg_catalog.pg_class as class on class.oid = key.conrelid
        join pg_catalog.pg_class as target on target.oid = key.confrelid and target.relnamespace = class.relnamespace
        where key.contype = 'f' and key.confrelid = $1::pg_catalog.text::pg_catalog.oid and key.conparentid = 0
          and pg_catalog.has_table_privilege(class.oid, 'SELECT')
        order by class.relname, key.conname
        limit 30`
