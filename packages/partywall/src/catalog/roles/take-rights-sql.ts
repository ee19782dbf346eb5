/** Statements that take rights back. Every name goes through identifier(), so the texts may hold several statements. */
import { identifier } from '../../names/identifier.ts'
import type { Statement } from '../../sql/statement.ts'
import { byKind, type Ownable } from './rights-sql.ts'

/** Rights on the schema itself, and on what the role of this connection will make there. */
export function takeSchemaSql(schema: string, role: string): string {
  return [
    `revoke all on schema ${identifier(schema)} from ${identifier(role)};`,
    ...['tables', 'sequences', 'routines'].map(
      (objects) => `alter default privileges in schema ${identifier(schema)} revoke all on ${objects} from ${identifier(role)};`,
    ),
  ].join('\n')
}

/** Rights on what the schema holds. */
export function takePresentSql(present: readonly Ownable[], role: string): string {
  return byKind(present)
    .map(({ objects }) => `revoke all on ${objects} from ${identifier(role)};`)
    .join('\n')
}

/** The policies of protected tables that only this role needs. Each row is a statement; the policy for tenants stays. */
export function policiesOfSql(role: string): Statement {
  return {
    text: `
      select pg_catalog.format('drop policy %I on %s;', policy.polname, policy.polrelid::pg_catalog.regclass) as text
      from pg_catalog.pg_policy as policy
      join pg_catalog.pg_roles as role on role.oid = any (policy.polroles)
      where policy.polname in ('partywall_shared', 'partywall_shared_only')
        and role.rolname = $1::name`,
    values: [role],
  }
}

export function dropRoleSql(role: string): string {
  return `drop role ${identifier(role)};`
}

/** The role is taken by the application's login again. */
export function noLoginSql(role: string): string {
  return `alter role ${identifier(role)} nologin password null;`
}

/** A role of a tenant changes rows, and nothing else in the cluster. */
export function weakRoleSql(role: string): string {
  return `alter role ${identifier(role)} nosuperuser nocreatedb nocreaterole noreplication nobypassrls;`
}
