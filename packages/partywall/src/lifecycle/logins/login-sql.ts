/** Roles for the SQL of a customer. What they are is a comment on the role, so it is dropped with the role. */
import { customerLoginPattern } from '../../names/role-name.ts'
import { identifier } from '../../names/identifier.ts'
import { literal } from '../../sql/literal.ts'
import type { Statement } from '../../sql/statement.ts'

export interface LoginRow {
  readonly role: string
  readonly comment: string | null
  /** `infinity` has no date in JSON. */
  readonly expires: string | null
  readonly isExpired: boolean
  readonly limit: number
  readonly sessions: number
}

/** All of the server: the comment says to which database each belongs. */
export function loginsSql(): Statement {
  return {
    text: `
      select role.rolname::text as role, pg_catalog.shobj_description(role.oid, 'pg_authid') as comment,
        case when isfinite(role.rolvaliduntil) then role.rolvaliduntil::timestamptz end as expires,
        coalesce(role.rolvaliduntil < now(), false) as "isExpired", role.rolconnlimit as limit,
        (select count(*) from pg_catalog.pg_stat_activity as activity where activity.usesysid = role.oid)::int as sessions
      from pg_catalog.pg_roles as role
      where role.rolname ~ '${customerLoginPattern}'
      order by role.rolname`,
  }
}

export interface NewLoginRole {
  readonly role: string
  readonly verifier: string
  readonly expires: Date | undefined
  readonly connections: number
  readonly searchPath: readonly string[]
  readonly statementTimeoutMs: number
  readonly comment: string
}

/** The server stores a verifier as it is, so the password is in no statement and no log. */
export function createLoginSql({
  role,
  verifier,
  expires,
  connections,
  searchPath,
  statementTimeoutMs,
  comment,
}: NewLoginRole): string {
  const name = identifier(role)
  return [
    `create role ${name} login noinherit connection limit ${connections} password ${literal(verifier)}` +
      `${expires === undefined ? '' : ` valid until ${literal(expires.toISOString())}`};`,
    `comment on role ${name} is ${literal(comment)};`,
    `alter role ${name} set search_path to ${searchPath.map(identifier).join(', ')};`,
    `alter role ${name} set default_transaction_read_only to on;`,
    `alter role ${name} set statement_timeout to ${statementTimeoutMs};`,
    `alter role ${name} set idle_in_transaction_session_timeout to 60000;`,
  ].join('\n')
}

export function limitTempFilesSql(role: string, kilobytes: number): string {
  return `alter role ${identifier(role)} set temp_file_limit to ${kilobytes}`
}

/** Reading alone: also of what the deploy role will make in the schema. */
export function readRightsSql(schema: string, tables: readonly string[], role: string): string {
  const [name, reader] = [identifier(schema), identifier(role)]
  return [
    `grant usage on schema ${name} to ${reader};`,
    `alter default privileges in schema ${name} grant select on tables to ${reader};`,
    tables.length > 0 ? `grant select on table ${tables.join(', ')} to ${reader};` : '',
  ].join('\n')
}

/** One row if the role may connect to the database of this connection. */
export function mayConnectSql(role: string): Statement {
  return {
    text: `select from pg_catalog.pg_roles where has_database_privilege($1::name, current_database()::text, 'connect') limit 1`,
    values: [role],
  }
}

export function letConnectSql(role: string, database: string): string {
  return `grant connect on database ${identifier(database)} to ${identifier(role)}`
}

export function closeLoginSql(role: string): string {
  return `alter role ${identifier(role)} nologin`
}

/** Takes the role, to act for it: a role that makes roles may drop only what it may take. */
export function takeLoginSql(role: string, deploy: string, hasMembershipOptions: boolean): string {
  return `grant ${identifier(role)} to ${identifier(deploy)}${hasMembershipOptions ? ' with inherit true' : ''}`
}

/** Waits up to 5 seconds for each session. */
export function endSessionsSql(role: string): Statement {
  return {
    text: `
      select pg_catalog.pg_terminate_backend(activity.pid, 5000)::text as ended
      from pg_catalog.pg_stat_activity as activity
      where activity.usename = $1::name`,
    values: [role],
  }
}

export function dropLoginSql(role: string): string {
  return `drop owned by ${identifier(role)}; drop role ${identifier(role)}`
}
