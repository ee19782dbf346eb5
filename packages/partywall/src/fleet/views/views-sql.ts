/** The SQL of a view over all tenants: a function that reads them one after the other, and a view of what it returns. */
import { identifier } from '../../names/identifier.ts'
import { literal } from '../../sql/literal.ts'
import type { Statement } from '../../sql/statement.ts'

export interface ViewColumn {
  readonly name: string
  /** As SQL; text where the types of the tenants differ, or are the tenants' own. */
  readonly type: string
}

export interface ViewShape {
  readonly schema: string
  readonly name: string
  readonly table: string
  /** Absent: every kind. */
  readonly kinds?: readonly string[] | undefined
  /** Absent: all columns. */
  readonly columns?: readonly string[] | undefined
}

const idColumn = 'tenant_id'
const schemaColumn = 'tenant_schema'
export const ownColumns: readonly string[] = [idColumn, schemaColumn]

/** Those that an application serves, or will serve again. */
const statuses = `('active', 'suspended', 'maintenance')`

function viewName({ schema, name }: Pick<ViewShape, 'schema' | 'name'>): string {
  return `${identifier(schema)}.${identifier(name)}`
}

function functionName({ schema, name }: Pick<ViewShape, 'schema' | 'name'>): string {
  return `${identifier(schema)}.${identifier(`${name}_rows`)}`
}

/**
 * The body of a function is text, so nothing depends on the tables of tenants: a tenant can be deleted, and migrated. Its names are fixed, or quoted by the server.
 * A tenant that is dropped while it is read has no rows.
 */
export function createViewText(shape: ViewShape, columns: readonly ViewColumn[], mark: string): string {
  const own = [`${idColumn} pg_catalog.uuid`, `${schemaColumn} pg_catalog.text`]
  const returned = [...own, ...columns.map(({ name, type }) => `${identifier(name)} ${type}`)]
  const names = columns.map(({ name }) => literal(name)).join(', ')
  const types = columns.map(({ type }) => literal(type)).join(', ')
  const kinds = shape.kinds === undefined ? '' : `\n        and tenant.kind in (${shape.kinds.map(literal).join(', ')})`
  const body = `
#variable_conflict use_column
declare
  part record;
begin
  for part in
    select tenant.id, tenant.schema, (
      select pg_catalog.string_agg(
        case when attribute.attname is null then pg_catalog.format('null::%s', wanted.type)
        else pg_catalog.format('part.%I::%s', wanted.name, wanted.type) end,
        ', ' order by wanted.place
      )
      from rows from (
        pg_catalog.unnest(array[${names}]::text[]), pg_catalog.unnest(array[${types}]::text[])
      ) with ordinality as wanted (name, type, place)
      left join pg_catalog.pg_attribute as attribute
        on attribute.attrelid = class.oid and attribute.attname = wanted.name::name and attribute.attnum > 0 and not attribute.attisdropped
    ) as columns
    from partywall.tenants as tenant
    join pg_catalog.pg_namespace as space on space.nspname = tenant.schema::name
    join pg_catalog.pg_class as class on class.relnamespace = space.oid and class.relname = ${literal(shape.table)}::name and class.relkind in ('r', 'p')
    where tenant.status in ${statuses}${kinds}
    order by tenant.schema
  loop
    begin
      return query execute pg_catalog.format(
        'select %L::pg_catalog.uuid, %L::pg_catalog.text, %s from %I.%I as part', part.id, part.schema, part.columns, part.schema, ${literal(shape.table)}
      );
    exception when undefined_table or invalid_schema_name then
      null;
    end;
  end loop;
end`
  return [
    `create function ${functionName(shape)}() returns table (${returned.join(', ')})`,
    `  language plpgsql stable security definer set search_path = pg_catalog, pg_temp`,
    `as ${literal(body)};`,
    `revoke all on function ${functionName(shape)}() from public;`,
    `create view ${viewName(shape)} as select * from ${functionName(shape)}();`,
    `comment on view ${viewName(shape)} is ${literal(mark)};`,
  ].join('\n')
}

/** Without `cascade`: what others have made of it stays, and the drop is refused. */
export function dropViewText(shape: Pick<ViewShape, 'schema' | 'name'>): string {
  return `drop view ${viewName(shape)};\ndrop function ${functionName(shape)}();`
}

export function grantText(shape: Pick<ViewShape, 'schema' | 'name'>, role: string): string {
  return [
    `grant usage on schema ${identifier(shape.schema)} to ${identifier(role)};`,
    `grant select on ${viewName(shape)} to ${identifier(role)};`,
    `grant execute on function ${functionName(shape)}() to ${identifier(role)};`,
  ].join('\n')
}

/** One row for each column of the table, over all tenants that have it. The type is text where tenants differ, or where it is a type of a tenant. */
export function columnsSql({ table, kinds }: Pick<ViewShape, 'table' | 'kinds'>): Statement {
  return {
    text: `
      select
        attribute.attname::text as name,
        case
          when count(distinct (attribute.atttypid, attribute.atttypmod)) = 1
            and pg_catalog.bool_and(not exists (
              select from partywall.tenants as other
              join pg_catalog.pg_namespace as home on home.nspname = other.schema::name
              where home.oid in (type.typnamespace, element.typnamespace)
            ))
          then pg_catalog.min(pg_catalog.format_type(attribute.atttypid, attribute.atttypmod))
          else 'pg_catalog.text'
        end as type,
        min(attribute.attnum) as place
      from partywall.tenants as tenant
      join pg_catalog.pg_namespace as space on space.nspname = tenant.schema::name
      join pg_catalog.pg_class as class on class.relnamespace = space.oid and class.relname = $1::name and class.relkind in ('r', 'p')
      join pg_catalog.pg_attribute as attribute on attribute.attrelid = class.oid and attribute.attnum > 0 and not attribute.attisdropped
      join pg_catalog.pg_type as type on type.oid = attribute.atttypid
      left join pg_catalog.pg_type as element on element.oid = type.typelem
      where tenant.status in ${statuses}
        and ($2::text[] is null or tenant.kind = any ($2::text[]))
      group by attribute.attname
      order by place, name`,
    values: [table, kinds ?? null],
  }
}

/** Views with our mark, with the roles that may read them besides their owner. */
export function viewsSql(): Statement {
  return {
    text: `
      select
        space.nspname::text as schema,
        class.relname::text as name,
        pg_catalog.obj_description(class.oid, 'pg_class') as mark,
        array(
          select distinct privilege.grantee::pg_catalog.regrole::text
          from pg_catalog.aclexplode(class.relacl) as privilege
          where privilege.grantee not in (0, class.relowner) and privilege.privilege_type = 'SELECT'
          order by 1
        ) as readers,
        (
          select pg_catalog.json_agg(pg_catalog.json_build_object('name', attribute.attname, 'type', pg_catalog.format_type(attribute.atttypid, attribute.atttypmod)) order by attribute.attnum)
          from pg_catalog.pg_attribute as attribute
          where attribute.attrelid = class.oid and attribute.attnum > 2 and not attribute.attisdropped
        ) as columns
      from pg_catalog.pg_class as class
      join pg_catalog.pg_namespace as space on space.oid = class.relnamespace
      where class.relkind = 'v'
        and pg_catalog.obj_description(class.oid, 'pg_class') like 'partywall view: %'
      order by 1, 2`,
  }
}

/** Whether the schema is there, and ours. */
export function schemaStateSql(schema: string): Statement {
  return {
    text: `select pg_catalog.obj_description(space.oid, 'pg_namespace') as mark from pg_catalog.pg_namespace as space where space.nspname = $1::name`,
    values: [schema],
  }
}
