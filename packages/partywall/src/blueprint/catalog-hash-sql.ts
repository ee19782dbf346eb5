/**
 * A hash of the rows of PostgreSQL's catalogs about a schema, for one question: is it exactly like another schema of this database that was read and compared
 * before? An object of the schema has its name in them; the object id of any other is the same for both. Each query reads one catalog by an index: planning the
 * joins of the reader takes longer than running them, and with each new schema PostgreSQL forgets all plans.
 */
import { commentOn, membersOf, type Catalog } from './fragments-sql.ts'
import type { Statement } from '../sql/statement.ts'

/**
 * One row with `hash`; no row where the schema does not exist. The path is set and reset by the same statement: each query needs `ids`, which sets it, before its
 * first row. A test holds that it sees each difference that the reader sees.
 */
export function catalogHashSql(schema: string): Statement {
  const parts = Object.values(queries).map(
    (query) => `select coalesce(pg_catalog.md5(pg_catalog.string_agg(item::text, E'\\n')), '-') from (${query}) as item`,
  )
  return {
    text: `
      with before as materialized (
        select pg_catalog.current_setting('search_path') as value
      ), ids as materialized (
        select
          namespace.oid,
          ${Object.entries(ids)
            .map(([name, select]) => `array(${select}) as ${name}`)
            .join(',\n          ')},
          pg_catalog.set_config('search_path', pg_catalog.quote_ident(namespace.nspname) || ', pg_catalog, pg_temp', true) as path
        from pg_catalog.pg_namespace as namespace
        cross join before
        where namespace.nspname = $1::pg_catalog.name
          and before.value is not null
      )
      select
        (select pg_catalog.md5(pg_catalog.string_agg(part.hash, ' ')) from (${parts.join('\n union all ')}) as part (hash)) as hash,
        pg_catalog.set_config('search_path', before.value, true) as reset
      from before
      cross join ids`,
    values: [schema],
  }
}

const relations = `select member.oid from ${membersOf('pg_class', 'namespace.oid')} as member`
const types = `select member.oid from ${membersOf('pg_type', 'namespace.oid')} as member`
/** Looked up once. `classes` are all that have columns: relations, indexes and composite types. */
const ids = {
  relations,
  classes: `
    ${relations}
    union all select own.indexrelid from pg_catalog.pg_index as own where own.indrelid = any (array(${relations}))
    union all select own.typrelid from pg_catalog.pg_type as own where own.oid = any (array(${types})) and own.typrelid <> 0`,
  types,
  routines: `select member.oid from ${membersOf('pg_proc', 'namespace.oid')} as member`,
}

const read = ['pg_class', 'pg_type', 'pg_proc', 'pg_statistic_ext', 'pg_collation', 'pg_default_acl'] as const

const queries: Readonly<Record<string, string>> = {
  schema: `
    select own.nspowner, own.nspacl
    from pg_catalog.pg_namespace as own
    where own.oid = (select ids.oid from ids)`,
  defaults: `
    select own.defaclrole, own.defaclobjtype, own.defaclacl
    from pg_catalog.pg_default_acl as own
    where own.oid = any (array(select member.oid from ${membersOf('pg_default_acl', '(select ids.oid from ids)')} as member))
    order by 1, 2`,
  classes: `
    select
      own.oid::pg_catalog.regclass::text, own.relkind, own.relpersistence, own.relowner, own.relacl, own.relam, own.reltablespace,
      own.reloptions, own.relispopulated, own.relreplident, own.relrowsecurity, own.relforcerowsecurity, own.relispartition,
      own.reloftype::pg_catalog.regtype,
      (select toast.reloptions from pg_catalog.pg_class as toast where toast.oid = own.reltoastrelid),
      case when own.relpartbound is not null then pg_catalog.pg_get_expr(own.relpartbound, own.oid) end,
      case
        when own.relkind in ('v', 'm') then pg_catalog.pg_get_viewdef(own.oid)
        when own.relkind = 'p' then pg_catalog.pg_get_partkeydef(own.oid)
      end,
      ${extensions('pg_class')}
    from pg_catalog.pg_class as own
    where own.oid = any ((select ids.classes from ids)::pg_catalog.oid[])
    order by 1`,
  columns: `
    select
      own.attrelid::pg_catalog.regclass::text, own.attnum, own.attname, pg_catalog.format_type(own.atttypid, own.atttypmod),
      own.attnotnull, own.attidentity, own.attgenerated, own.attcollation::pg_catalog.regcollation, own.attstorage, own.attcompression,
      own.attstattarget, own.attoptions, own.attfdwoptions, own.attislocal, own.attinhcount, own.attisdropped, own.attacl
    from pg_catalog.pg_attribute as own
    where own.attrelid = any ((select ids.classes from ids)::pg_catalog.oid[])
      and own.attnum > 0
    order by 1, 2`,
  expressions: `
    select own.adrelid::pg_catalog.regclass::text, own.adnum, pg_catalog.pg_get_expr(own.adbin, own.adrelid)
    from pg_catalog.pg_attrdef as own
    where own.adrelid = any ((select ids.relations from ids)::pg_catalog.oid[])
    order by 1, 2`,
  // The ids of operator classes and collations are those of others. Only expressions need to be printed, which takes long.
  indexes: `
    select
      own.indexrelid::pg_catalog.regclass::text, own.indrelid::pg_catalog.regclass::text, own.indisunique, own.indisprimary,
      own.indisexclusion, own.indimmediate, own.indisvalid, own.indisready, own.indislive, own.indisclustered, own.indisreplident,
      own.indnkeyatts, own.indkey::text, own.indoption::text, own.indclass::text, own.indcollation::text,
      case
        when own.indexprs is not null or own.indpred is not null or not own.indisprimary and own.indisunique
          then pg_catalog.pg_get_indexdef(own.indexrelid, 0, true)
      end
    from pg_catalog.pg_index as own
    where own.indrelid = any ((select ids.relations from ids)::pg_catalog.oid[])
    order by 1`,
  parents: `
    select
      own.inhrelid::pg_catalog.regclass::text, own.inhseqno, own.inhparent::pg_catalog.regclass::text, own.inhdetachpending
    from pg_catalog.pg_inherits as own
    where own.inhrelid = any ((select ids.classes from ids)::pg_catalog.oid[])
    order by 1, 2`,
  constraints: constraints('conrelid', 'relations'),
  domainConstraints: constraints('contypid', 'types'),
  triggers: `
    select
      own.tgrelid::pg_catalog.regclass::text,
      -- The name of a trigger that PostgreSQL makes has an object id in it.
      case when own.tgisinternal then '' else own.tgname end,
      own.tgtype, own.tgattr::text, own.tgargs, own.tgdeferrable, own.tginitdeferred, own.tgoldtable, own.tgnewtable,
      own.tgconstrrelid::pg_catalog.regclass, case when own.tgqual is not null then pg_catalog.pg_get_triggerdef(own.oid, true) end,
      (select of.conname from pg_catalog.pg_constraint as of where of.oid = own.tgconstraint) as of_constraint,
      own.tgfoid::pg_catalog.regprocedure::text as function, own.tgenabled, own.tgparentid <> 0,
      ${extensions('pg_trigger')}, ${commentOn('pg_trigger', 'own.oid')}
    from pg_catalog.pg_trigger as own
    where own.tgrelid = any ((select ids.relations from ids)::pg_catalog.oid[])
    order by 1, 2, of_constraint, 3, function`,
  rules: `
    select own.ev_class::pg_catalog.regclass::text, own.rulename, pg_catalog.pg_get_ruledef(own.oid, true), own.ev_enabled,
      ${commentOn('pg_rewrite', 'own.oid')}
    from pg_catalog.pg_rewrite as own
    where own.ev_class = any ((select ids.relations from ids)::pg_catalog.oid[])
      and own.rulename <> '_RETURN'
    order by 1, 2`,
  policies: `
    select
      own.polrelid::pg_catalog.regclass::text, own.polname, own.polcmd, own.polpermissive, own.polroles,
      pg_catalog.pg_get_expr(own.polqual, own.polrelid), pg_catalog.pg_get_expr(own.polwithcheck, own.polrelid),
      ${commentOn('pg_policy', 'own.oid')}
    from pg_catalog.pg_policy as own
    where own.polrelid = any ((select ids.relations from ids)::pg_catalog.oid[])
    order by 1, 2`,
  types: `
    select
      own.oid::pg_catalog.regtype::text, own.typtype, own.typowner, own.typacl, own.typnotnull, own.typdefault,
      pg_catalog.format_type(own.typbasetype, own.typtypmod), own.typcollation::pg_catalog.regcollation,
      array(select label.enumlabel from pg_catalog.pg_enum as label where label.enumtypid = own.oid order by label.enumsortorder),
      array(
        select row (
          range.rngsubtype::pg_catalog.regtype, range.rngmultitypid::pg_catalog.regtype, range.rngcollation, range.rngsubopc,
          range.rngcanonical::pg_catalog.oid::pg_catalog.regprocedure, range.rngsubdiff::pg_catalog.oid::pg_catalog.regprocedure
        )::text
        from pg_catalog.pg_range as range
        where range.rngtypid = own.oid
      ),
      ${commentOn('pg_type', 'own.oid')}
    from pg_catalog.pg_type as own
    where own.oid = any ((select ids.types from ids)::pg_catalog.oid[])
    order by 1`,
  routines: `
    select
      own.oid::pg_catalog.regprocedure::text, pg_catalog.pg_get_function_arguments(own.oid), pg_catalog.pg_get_function_result(own.oid),
      own.prokind, own.prolang, own.prosrc, pg_catalog.pg_get_function_sqlbody(own.oid), own.probin, own.provolatile, own.proparallel,
      own.proisstrict, own.prosecdef, own.proleakproof, own.procost, own.prorows, own.prosupport, own.proconfig, own.protrftypes,
      own.proowner, own.proacl,
      array(select pg_catalog.row_to_json(aggregate)::text from pg_catalog.pg_aggregate as aggregate where aggregate.aggfnoid = own.oid),
      ${extensions('pg_proc')}, ${commentOn('pg_proc', 'own.oid')}
    from pg_catalog.pg_proc as own
    where own.oid = any ((select ids.routines from ids)::pg_catalog.oid[])
    order by 1`,
  statistics: `
    select
      own.stxname, own.stxrelid::pg_catalog.regclass::text, own.stxkind, own.stxstattarget, own.stxowner,
      pg_catalog.pg_get_statisticsobjdef_columns(own.oid), ${commentOn('pg_statistic_ext', 'own.oid')}
    from pg_catalog.pg_statistic_ext as own
    where own.stxrelid = any ((select ids.relations from ids)::pg_catalog.oid[])
    order by 1`,
  collations: `
    select own.collname, pg_catalog.to_jsonb(own) - '{oid,collnamespace}'::text[], ${commentOn('pg_collation', 'own.oid')}
    from pg_catalog.pg_collation as own
    where own.oid = any (array(select member.oid from ${membersOf('pg_collation', '(select ids.oid from ids)')} as member))
    order by 1`,
  sequences: `
    select
      own.seqrelid::pg_catalog.regclass::text, own.seqtypid, own.seqstart, own.seqincrement, own.seqmin, own.seqmax, own.seqcache,
      own.seqcycle
    from pg_catalog.pg_sequence as own
    where own.seqrelid = any ((select ids.relations from ids)::pg_catalog.oid[])
    order by 1`,
  owners: `
    select own.objid::pg_catalog.regclass::text, own.refobjid::pg_catalog.regclass::text, own.refobjsubid, own.deptype
    from pg_catalog.pg_depend as own
    where own.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
      and own.objid = any ((select ids.relations from ids)::pg_catalog.oid[])
      and own.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
      and own.refobjsubid > 0
      and own.deptype in ('a', 'i')
    order by 1, 2, 3`,
  foreignTables: `
    select own.ftrelid::pg_catalog.regclass::text, own.ftserver, own.ftoptions
    from pg_catalog.pg_foreign_table as own
    where own.ftrelid = any ((select ids.relations from ids)::pg_catalog.oid[])
    order by 1`,
  comments: `
    select own.objoid::pg_catalog.regclass::text, own.objsubid, own.description
    from pg_catalog.pg_description as own
    where own.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass
      and own.objoid = any ((select ids.classes from ids)::pg_catalog.oid[])
    order by 1, 2`,
  // What the others do not read. Its object ids are its own, so the schema is like no other one.
  rest: `
    select own.classid, own.objid
    from pg_catalog.pg_depend as own
    where own.refclassid = 'pg_catalog.pg_namespace'::pg_catalog.regclass
      and own.refobjid = (select ids.oid from ids)
      and own.classid <> all (array[${read.map((catalog) => `'pg_catalog.${catalog}'`).join(', ')}]::pg_catalog.regclass[])
    order by 1, 2`,
}

function constraints(column: 'conrelid' | 'contypid', owners: 'relations' | 'types'): string {
  return `
    select
      own.conrelid::pg_catalog.regclass::text, own.contypid::pg_catalog.regtype::text, own.conname,
      own.contype, own.conkey, case when own.contype <> 'n' then pg_catalog.pg_get_constraintdef(own.oid, true) end,
      own.convalidated, own.conindid::pg_catalog.regclass, own.conislocal,
      own.coninhcount, own.connoinherit, own.conparentid <> 0,
      ${commentOn('pg_constraint', 'own.oid')}
    from pg_catalog.pg_constraint as own
    where own.${column} = any ((select ids.${owners} from ids)::pg_catalog.oid[])
    order by 1, 2, 3`
}

/** The extensions that an object was declared to depend on. */
function extensions(catalog: Catalog): string {
  return `array(
        select needed.refobjid
        from pg_catalog.pg_depend as needed
        where needed.classid = 'pg_catalog.${catalog}'::pg_catalog.regclass
          and needed.objid = own.oid
          and needed.deptype = 'x'
        order by 1
      )`
}
