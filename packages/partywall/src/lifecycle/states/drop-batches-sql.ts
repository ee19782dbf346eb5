/** What is dropped next of a schema. A transaction locks all that it drops until its end, so a batch is small, and takes what few other objects hang on. */
import type { Statement } from '../../sql/statement.ts'

export type DropKind = 'views' | 'partitions' | 'foreign keys' | 'tables' | 'sequences' | 'routines' | 'types'

/** In this order: what depends on others comes before them. */
export const dropKinds: readonly DropKind[] = ['views', 'partitions', 'foreign keys', 'tables', 'sequences', 'routines', 'types']

/** Each row has a statement without its end, such as `drop table acme.orders`. Members of extensions are left for the drop of the schema. */
export function nextDropsSql(kind: DropKind, schema: string, most: number): Statement {
  return { text: `${selects[kind]}\n      limit $2::int`, values: [schema, most] }
}

const home = `(select namespace.oid from pg_catalog.pg_namespace as namespace where namespace.nspname::text = $1::text)`

function isNoMember(catalog: string, oid: string): string {
  return `not exists (
          select from pg_catalog.pg_depend as member
          where member.classid = 'pg_catalog.${catalog}'::regclass and member.objid = ${oid} and member.deptype = 'e'
        )`
}

const hasNoChild = `not exists (select from pg_catalog.pg_inherits as child where child.inhparent = relation.oid)`

/** A foreign table has a word of its own. */
const dropTable = `pg_catalog.format('drop %s %I.%I', case relation.relkind when 'f' then 'foreign table' else 'table' end, $1::text, relation.relname)`

const selects: Record<DropKind, string> = {
  // A view that no other view reads. Views cannot form a circle.
  views: `
      select pg_catalog.format('drop %s %I.%I', case relation.relkind when 'm' then 'materialized view' else 'view' end, $1::text, relation.relname) as text
      from pg_catalog.pg_class as relation
      where relation.relnamespace = ${home}
        and relation.relkind in ('v', 'm')
        and ${isNoMember('pg_class', 'relation.oid')}
        and not exists (
          select from pg_catalog.pg_depend as link
          join pg_catalog.pg_rewrite as rule on link.classid = 'pg_catalog.pg_rewrite'::regclass and rule.oid = link.objid
          where link.refclassid = 'pg_catalog.pg_class'::regclass and link.refobjid = relation.oid and rule.ev_class <> relation.oid
        )`,
  partitions: `
      select ${dropTable} as text
      from pg_catalog.pg_class as relation
      where relation.relnamespace = ${home}
        and relation.relkind in ('r', 'p', 'f')
        and relation.relispartition
        and ${hasNoChild}`,
  'foreign keys': `
      select pg_catalog.format('alter table %I.%I drop constraint %I', $1::text, relation.relname, key.conname) as text
      from pg_catalog.pg_constraint as key
      join pg_catalog.pg_class as relation on relation.oid = key.conrelid
      where relation.relnamespace = ${home}
        and key.contype = 'f'
        and key.conparentid = 0
        and key.conrelid <> key.confrelid`,
  tables: `
      select ${dropTable} as text
      from pg_catalog.pg_class as relation
      where relation.relnamespace = ${home}
        and relation.relkind in ('r', 'p', 'f')
        and ${isNoMember('pg_class', 'relation.oid')}
        and ${hasNoChild}`,
  sequences: `
      select pg_catalog.format('drop sequence %I.%I', $1::text, relation.relname) as text
      from pg_catalog.pg_class as relation
      where relation.relnamespace = ${home}
        and relation.relkind = 'S'
        and ${isNoMember('pg_class', 'relation.oid')}
        and not exists (
          select from pg_catalog.pg_depend as owner
          where owner.classid = 'pg_catalog.pg_class'::regclass and owner.objid = relation.oid and owner.deptype in ('a', 'i')
        )`,
  routines: `
      select pg_catalog.format(
        'drop routine %I.%I(%s)', $1::text, routine.proname, pg_catalog.pg_get_function_identity_arguments(routine.oid)
      ) as text
      from pg_catalog.pg_proc as routine
      where routine.pronamespace = ${home}
        and not exists (
          select from pg_catalog.pg_depend as part
          where part.classid = 'pg_catalog.pg_proc'::regclass and part.objid = routine.oid and part.deptype in ('e', 'i')
        )
        and not exists (
          select from pg_catalog.pg_type as type where routine.oid in (type.typinput, type.typoutput)
        )`,
  types: `
      select pg_catalog.format('drop type %I.%I', $1::text, type.typname) as text
      from pg_catalog.pg_type as type
      left join pg_catalog.pg_class as relation on relation.oid = type.typrelid
      where type.typnamespace = ${home}
        and type.typtype in ('c', 'd', 'e', 'r')
        and (type.typrelid = 0 or relation.relkind = 'c')
        and ${isNoMember('pg_type', 'type.oid')}`,
}
