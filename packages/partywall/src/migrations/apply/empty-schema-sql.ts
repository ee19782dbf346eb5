/** Statements that find and drop all that is in one schema. The schema itself stays, with its id, its grants and its default privileges. */
import type { Statement } from '../../sql/statement.ts'

/** One object, as PostgreSQL names it: quoted, and with its schema. */
export interface SchemaObject {
  readonly type: string
  readonly identity: string
}

/**
 * What is directly in the schema. An object that belongs to another one is left out, because it is dropped with that one: the sequence of
 * an identity column, the type of the rows of a table.
 */
export function objectsInSql(schema: string): Statement {
  return {
    text: `
      select identified.type::text as type, identified.identity::text as identity
      from (${directlyIn}) as object
      cross join lateral pg_catalog.pg_identify_object(object.classid, object.objid, 0) as identified
      where not exists (
        select
        from pg_catalog.pg_depend as owner
        where owner.classid = object.classid
          and owner.objid = object.objid
          and owner.deptype = 'i'
          -- A partitioned table belongs to the columns of its own key.
          and (owner.refclassid, owner.refobjid) <> (object.classid, object.objid)
      )`,
    values: [schema],
  }
}

/**
 * What is elsewhere and depends on something in the schema, so that it would be dropped with it: a view of another schema, a foreign key of
 * another tenant, an extension, which serves the whole database.
 */
export function dependentsOutsideSql(schema: string): Statement {
  return {
    text: `
      with recursive dependent as (
        ${directlyIn}
        union
        select dependency.classid, dependency.objid
        from pg_catalog.pg_depend as dependency
        join dependent on dependency.refclassid = dependent.classid and dependency.refobjid = dependent.objid
      )
      select distinct identified.type::text as type, identified.identity::text as identity
      from dependent
      cross join lateral pg_catalog.pg_identify_object(dependent.classid, dependent.objid, 0) as identified
      where case
        when identified.schema is not null then identified.schema not in ($1, 'pg_toast')
        -- These belong to the schema of their table.
        when identified.type in ('table constraint', 'trigger', 'rule', 'policy', 'default value') then
          (pg_catalog.pg_identify_object_as_address(dependent.classid, dependent.objid, 0)).object_names[1] <> $1
        else identified.type in (
          'extension', 'event trigger', 'publication', 'publication relation', 'subscription', 'transform', 'foreign-data wrapper',
          'server', 'user mapping', 'language', 'access method'
        )
      end
      or exists (
        select
        from pg_catalog.pg_depend as extension
        where extension.classid = dependent.classid and extension.objid = dependent.objid and extension.deptype = 'e'
      )
      order by 1, 2`,
    values: [schema],
  }
}

/** One text that drops these objects, tables first. An object may be gone by its turn, with another that it depends on. */
export function dropText(objects: readonly SchemaObject[]): string {
  return objects
    .toSorted((a, b) => turnOf(a) - turnOf(b))
    .map(({ type, identity }) => `drop ${words[type] ?? type} if exists ${identity} cascade`)
    .join(';\n')
}

/** Default privileges and publications of a whole schema depend on it, too, and are not in it. */
const directlyIn = `
  select object.classid, object.objid
  from pg_catalog.pg_depend as object
  where object.refclassid = 'pg_catalog.pg_namespace'::pg_catalog.regclass
    and object.refobjid = (select oid from pg_catalog.pg_namespace where nspname = $1)
    and object.classid not in (
      'pg_catalog.pg_default_acl'::pg_catalog.regclass,
      coalesce(pg_catalog.to_regclass('pg_catalog.pg_publication_namespace'), 0::pg_catalog.regclass)
    )`

/** The sequences of a table, and functions that its columns need, cannot be dropped before the table. */
const first = ['table', 'foreign table', 'view', 'materialized view', 'sequence']

function turnOf({ type }: SchemaObject): number {
  const index = first.indexOf(type)
  return index === -1 ? first.length : index
}

/** Where DROP has another word than the catalog. */
const words: Readonly<Record<string, string>> = {
  function: 'routine',
  procedure: 'routine',
  aggregate: 'routine',
  'statistics object': 'statistics',
}
