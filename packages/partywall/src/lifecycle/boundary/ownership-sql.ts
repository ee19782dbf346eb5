/** Who owns what is in a schema. The parts of extensions stay with their owner, and an owned sequence follows its table. */
import { identifier } from '../../names/identifier.ts'
import type { Statement } from '../../sql/statement.ts'

export interface OwnedByOther {
  /** The object for ALTER … OWNER, quoted by the server, e.g. `table acme.projects`. */
  readonly object: string
  readonly owner: string
  /** Whether the role of this connection may give it away. */
  readonly may_alter: boolean
}

/** The schema and the objects in it that another role owns than that of this connection. */
export function ownedByOthersSql(schema: string): Statement {
  return {
    text: `
      select found.object, pg_catalog.pg_get_userbyid(found.owner)::text as owner,
        pg_catalog.pg_has_role(found.owner, 'usage') as may_alter
      from (
        select format('schema %I', namespace.nspname) as object, namespace.nspowner as owner, 0 as place
        from pg_catalog.pg_namespace as namespace
        where namespace.nspname = $1
        union all
        select format('%s %I.%I', case relation.relkind when 'S' then 'sequence' when 'v' then 'view' when 'm' then 'materialized view' when 'f' then 'foreign table' else 'table' end,
          $1, relation.relname), relation.relowner, 1
        from pg_catalog.pg_class as relation
        where relation.relnamespace = (select oid from pg_catalog.pg_namespace where nspname = $1)
          and relation.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
          and not exists (
            select from pg_catalog.pg_depend as part
            where part.classid = 'pg_catalog.pg_class'::regclass and part.objid = relation.oid
              and (part.deptype = 'e' or relation.relkind = 'S' and part.deptype in ('a', 'i') and part.refclassid = 'pg_catalog.pg_class'::regclass)
          )
        union all
        select format('routine %s', routine.oid::regprocedure), routine.proowner, 2
        from pg_catalog.pg_proc as routine
        where routine.pronamespace = (select oid from pg_catalog.pg_namespace where nspname = $1)
          and not exists (select from pg_catalog.pg_depend as part where part.classid = 'pg_catalog.pg_proc'::regclass and part.objid = routine.oid and part.deptype = 'e')
        union all
        select format('type %I.%I', $1, type.typname), type.typowner, 3
        from pg_catalog.pg_type as type
        left join pg_catalog.pg_class as relation on relation.oid = type.typrelid
        where type.typnamespace = (select oid from pg_catalog.pg_namespace where nspname = $1)
          and type.typtype in ('e', 'd', 'r', 'c') and coalesce(relation.relkind, 'c') = 'c'
          and not exists (select from pg_catalog.pg_depend as part where part.classid = 'pg_catalog.pg_type'::regclass and part.objid = type.oid and part.deptype = 'e')
      ) as found
      where found.owner <> (select oid from pg_catalog.pg_roles where rolname = current_user)
      order by found.place, found.object`,
    values: [schema],
  }
}

/** @param object as `ownedByOthersSql` returned it */
export function giveToSql(object: string, role: string): string {
  return `alter ${object} owner to ${identifier(role)};`
}
