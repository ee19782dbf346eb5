/** The tables that attacks are made against, and what removes them. */
import { identifier } from '../names/identifier.ts'
import { tenantRolePattern } from '../names/role-name.ts'
import { literal } from '../sql/literal.ts'
import { setConfigFunction } from '../sql/set-config.ts'
import type { Statement } from '../sql/statement.ts'
import type { SharedObjects } from './groups/world.ts'
import { namesOfAttacks } from './throw-away-names.ts'

export interface Planted {
  readonly schema: string
  readonly secret: string
  readonly number: string
  readonly code: string
}

/** The same keys in all tenants. @param isOther gives the table another order of columns */
export function tablesText({ schema, secret, number, code }: Planted, isOther: boolean): string {
  const at = identifier(schema)
  const columns = isOther ? ['added integer', 'secret text'] : ['secret text', 'added integer']
  return `
    create table ${at}.notes (id integer primary key, ${columns.join(', ')});
    insert into ${at}.notes (id, secret) select n, ${literal(secret)} from generate_series(1, 3) as n;
    analyze ${at}.notes;
    create sequence ${at}.tickets start ${number};
    create view ${at}.secrets as select note.secret, ${literal(code)} as code from ${at}.notes as note;
    create function ${at}.last_number() returns bigint language sql as 'select pg_catalog.lastval()';
    create function ${at}.whose() returns text language sql as ${literal(`select ${literal(code)}::text`)};
    ${Object.entries(leavingBodies)
      .map(([name, body]) => hiddenText(`${at}.${name}()`, body))
      .join('\n')}`
}

/** Functions that leave something on the session, which the text of their call does not show. */
const leavingBodies = {
  leave_temporary_table: `execute 'create temporary table left_behind as select secret from notes'`,
  leave_setting: `perform pg_catalog.set_config('attack.kept', (select secret from notes limit 1), false)`,
  leave_read_only: `execute 'set default_transaction_read_only = on'`,
  leave_lock: 'perform pg_catalog.pg_advisory_lock(4711004711)',
  leave_listening: `execute 'listen attack_left'`,
  leave_seed: 'perform pg_catalog.setseed(0.4711)',
  leave_prepared: `execute 'prepare attack_left as select secret from notes'`,
} as const

function hiddenText(signature: string, body: string): string {
  return `create function ${signature} returns void language plpgsql as ${literal(`begin ${body}; end`)};`
}

/** @param name of the three objects, without their endings */
export function sharedText(sharedSchema: string, name: string, sibling: string): string {
  const at = sharedObjects(sharedSchema, name)
  const body = `declare note notes; begin select * into note from notes where id = 1; return note.secret; end`
  return `
    set local check_function_bodies = off;
    create table ${at.table} (id integer, secret text);
    create view ${at.view} as select secret from ${identifier(sibling)}.notes;
    create function ${at.routine}() returns text language plpgsql as ${literal(body)};`
}

/** @param name of the objects, without their endings */
export function sharedObjects(schema: string, name: string): SharedObjects {
  const nameOf = (ending: string): string => `${identifier(schema)}.${identifier(`${name}_${ending}`)}`
  return { table: nameOf('table'), view: nameOf('view'), routine: nameOf('routine'), spareTable: nameOf('spare') }
}

/** Names that attacks have made: schemas, and objects in the shared schema. `now` is the server's clock, in milliseconds. */
export function leftoversSql(sharedSchema: string): Statement {
  return {
    text: `
      select left_over.kind, left_over.name, (extract(epoch from pg_catalog.clock_timestamp()) * 1000)::pg_catalog.text as now
      from (
        select 'schema' as kind, nspname::pg_catalog.text as name from pg_catalog.pg_namespace
        union all
        select 'shared', relname::pg_catalog.text from pg_catalog.pg_class where relnamespace = $2::text::pg_catalog.regnamespace and relkind = 'r'
        union all
        select 'role', 'partywall_attack_' || pg_catalog.substr(rolname::pg_catalog.text, 11)
        from pg_catalog.pg_roles
        where rolname ~ '${tenantRolePattern}'
      ) as left_over
      where left_over.name ~ $1::text
        and not exists (
          select from partywall.tenants as tenant
          where tenant.schema = left_over.name
            or pg_catalog.strpos(left_over.name, pg_catalog.replace(tenant.id::pg_catalog.text, '-', '')) > 0
        )`,
    values: [namesOfAttacks, identifier(sharedSchema)],
  }
}

/** @param name of the three objects, without their endings */
export function dropSharedText(sharedSchema: string, name: string): string {
  const at = sharedObjects(sharedSchema, name)
  return `
    drop function if exists ${at.routine}();
    drop view if exists ${at.view};
    drop table if exists ${at.table};`
}

export function dropSchemasText(schemas: readonly string[]): string {
  return schemas.map((schema) => `drop schema if exists ${identifier(schema)} cascade;`).join('\n')
}

/** Large objects have no schema: attacks give them the name of one as a comment. */
export function dropLargeObjectsSql(schemas: readonly string[]): Statement {
  return {
    text: `
      select pg_catalog.lo_unlink(large_object.oid)
      from pg_catalog.pg_largeobject_metadata as large_object
      where pg_catalog.obj_description(large_object.oid, 'pg_largeobject') = any ($1::text[])
        and pg_catalog.pg_has_role(large_object.lomowner, 'usage')`,
    values: [[...schemas]],
  }
}

/** Those of these roles that exist. */
export function rolesSql(names: readonly string[]): Statement {
  return { text: 'select rolname::text as role from pg_catalog.pg_roles where rolname = any ($1::text[])', values: [[...names]] }
}

/** What the role owns, such as a large object, would keep it from being dropped; the role that made it may become a member of it. */
export function dropRoleText(role: string): string {
  const name = identifier(role)
  return `grant ${name} to current_user; drop owned by ${name}; drop role ${name};`
}

export function mayRunSetConfigSql(): Statement {
  return {
    text: `
      select pg_catalog.has_function_privilege('public', '${setConfigFunction}', 'execute')::pg_catalog.text as may`,
  }
}
