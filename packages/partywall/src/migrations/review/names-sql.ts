/** The statements that say in which schemas something of a name exists. */
import type { Statement } from '../../sql/statement.ts'

export interface NameInSchemas {
  readonly name: string
  /** The schema that the client is bound to has something of that name. */
  readonly isOwn: boolean
  /** The shared schema has. */
  readonly isShared: boolean
}

/** A row for each of these names. The client's own schema is the first of its search path. */
export function namesOfSchemaSql(names: readonly string[], sharedSchema: string): Statement {
  return {
    text: `
      select
        looked_up.name::text as name,
        ${hasName('pg_catalog.current_schema()')} as "isOwn",
        ${hasName('$2::pg_catalog.name')} as "isShared"
      from unnest($1::pg_catalog.name[]) as looked_up (name)`,
    values: [names, sharedSchema],
  }
}

/** A row for each name of something in a schema. */
export function allNamesSql(schema: string): Statement {
  return {
    text: catalogs
      .map(
        ([table, prefix]) => `
      select ${prefix}name::text as name
      from pg_catalog.${table}
      where ${prefix}namespace = (select oid from pg_catalog.pg_namespace where nspname = $1::pg_catalog.name)`,
      )
      .join('\n      union'),
    values: [schema],
  }
}

/** Whether the schema of a name has something of the name `looked_up.name`. */
function hasName(schema: string): string {
  return hasNameIn(`(select oid from pg_catalog.pg_namespace where nspname = ${schema})`)
}

/** @param namespace an expression for the object id of the schema */
export function hasNameIn(namespace: string): string {
  const exist = catalogs.map(
    ([table, prefix]) =>
      `exists (select from pg_catalog.${table} where ${prefix}name = looked_up.name and ${prefix}namespace = ${namespace})`,
  )
  return `(${exist.join(' or ')})`
}

/** The catalogs of what a schema holds, and the start of the names of their columns. */
const catalogs = [
  ['pg_class', 'rel'],
  ['pg_type', 'typ'],
  ['pg_proc', 'pro'],
  ['pg_operator', 'opr'],
  ['pg_collation', 'coll'],
  ['pg_conversion', 'con'],
  ['pg_statistic_ext', 'stx'],
  ['pg_opclass', 'opc'],
  ['pg_opfamily', 'opf'],
  ['pg_ts_config', 'cfg'],
  ['pg_ts_dict', 'dict'],
  ['pg_ts_parser', 'prs'],
  ['pg_ts_template', 'tmpl'],
] as const
