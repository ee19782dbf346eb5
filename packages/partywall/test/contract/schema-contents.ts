/** What is in a schema, and which schemas it refers to, as PostgreSQL's catalogs say. */
import type { Client } from 'pg'

export interface Contents {
  readonly tables: readonly string[]
  readonly views: readonly string[]
  readonly sequences: readonly string[]
  readonly indexes: readonly string[]
  readonly enums: readonly string[]
  readonly columns: readonly string[]
  /** Values of the enums. */
  readonly labels: readonly string[]
}

/** The names of everything in a schema. */
export async function contentsOf(admin: Client, schema: string): Promise<Contents> {
  const names = async (text: string): Promise<string[]> =>
    (await admin.query<{ name: string }>(text, [schema])).rows.map(({ name }) => name)
  const relations = (kind: string): Promise<string[]> =>
    names(`
      select relname as name from pg_class join pg_namespace as n on n.oid = relnamespace
      where nspname = $1 and relkind = '${kind}' order by relname`)
  return {
    tables: await relations('r'),
    views: await relations('v'),
    sequences: await relations('S'),
    indexes: await relations('i'),
    enums: await names(`
      select typname as name from pg_type join pg_namespace as n on n.oid = typnamespace
      where nspname = $1 and typtype = 'e' order by typname`),
    columns: await names(`
      select table_name || '.' || column_name as name from information_schema.columns
      where table_schema = $1 order by table_name, column_name`),
    labels: await names(`
      select typname || ': ' || enumlabel as name
      from pg_enum join pg_type as t on t.oid = enumtypid join pg_namespace as n on n.oid = typnamespace
      where nspname = $1 order by typname, enumsortorder`),
  }
}

/** The schemas to which foreign keys, types, defaults and views of a schema refer, without PostgreSQL's own. */
export async function referencedSchemas(admin: Client, schema: string): Promise<string[]> {
  const { rows } = await admin.query<{ name: string }>(
    `with own as (select oid from pg_namespace where nspname = $1),
      relations as (select pg_class.* from pg_class join own on own.oid = relnamespace)
    select distinct nspname as name from (
      select c.relnamespace from pg_constraint join relations on conrelid = relations.oid join pg_class as c on c.oid = confrelid
      union all
      select typnamespace from pg_attribute join relations on attrelid = relations.oid join pg_type on pg_type.oid = atttypid
      union all
      select c.relnamespace from pg_rewrite join relations on ev_class = relations.oid
        join pg_depend as d on d.classid = 'pg_rewrite'::regclass and d.objid = pg_rewrite.oid and d.refclassid = 'pg_class'::regclass
        join pg_class as c on c.oid = d.refobjid
      union all
      select c.relnamespace from pg_attrdef join relations on adrelid = relations.oid
        join pg_depend as d on d.classid = 'pg_attrdef'::regclass and d.objid = pg_attrdef.oid and d.refclassid = 'pg_class'::regclass
        join pg_class as c on c.oid = d.refobjid
      union all
      select relnamespace from relations where relname = 'books'
    ) as led join pg_namespace on pg_namespace.oid = led.relnamespace
    where nspname <> 'pg_catalog'
    order by 1`,
    [schema],
  )
  return rows.map(({ name }) => name)
}
