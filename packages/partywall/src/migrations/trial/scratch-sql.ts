/** The statements about the databases of a trial. */
import { identifier } from '../../names/identifier.ts'
import { literal } from '../../sql/literal.ts'
import type { Statement } from '../../sql/statement.ts'

/** By this comment a trial knows the databases that another one has left. */
const mark = 'A trial of partywall migrate try. It can be dropped when no trial runs.'

export function mayCreateSql(): Statement {
  return {
    text: `
      select rolname::text as role, rolcreatedb or rolsuper as may
      from pg_catalog.pg_roles
      where rolname = current_user`,
  }
}

/** From template0: a template of the user's own may hold anything. */
export function createDatabaseSql(name: string): Statement {
  return { text: `create database ${identifier(name)} template template0` }
}

export function commentOnDatabaseSql(name: string): Statement {
  return { text: `comment on database ${identifier(name)} is ${literal(mark)}` }
}

/** @param isForced ends the connections of others; otherwise the statement fails when there are any */
export function dropDatabaseSql(name: string, isForced: boolean): Statement {
  return { text: `drop database if exists ${identifier(name)}${isForced ? ' with (force)' : ''}` }
}

/** Databases of trials that nothing is connected to. @param form a regular expression for their names */
export function leftOversSql(form: string): Statement {
  return {
    text: `
      select datname::text as name
      from pg_catalog.pg_database as database
      where datname ~ $1::text
        and pg_catalog.shobj_description(database.oid, 'pg_database') = $2::text
        and not exists (select from pg_catalog.pg_stat_activity as session where session.datid = database.oid)`,
    values: [form, mark],
  }
}

/** The extensions among these that the server does not have. */
export function missingExtensionsSql(names: readonly string[]): Statement {
  return {
    text: `
      select wanted.name
      from unnest($1::text[]) as wanted (name)
      where not exists (select from pg_catalog.pg_available_extensions as known where known.name = wanted.name)
      order by wanted.name`,
    values: [names],
  }
}

/** The extensions of this database, without the language that each database has. */
export function extensionsSql(): Statement {
  return { text: `select extname::text as name from pg_catalog.pg_extension where extname <> 'plpgsql' order by extname` }
}

/** How many rows each of these tables has. */
export function rowCountsSql(tables: readonly (readonly [schema: string, table: string])[]): Statement {
  const counts = tables.map(
    ([schema, table]) =>
      `select ${literal(table)}::text as name, count(*)::int8::text as count from ${identifier(schema)}.${identifier(table)}`,
  )
  return { text: counts.join('\nunion all\n') }
}
