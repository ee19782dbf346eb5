/** Statements that give rights. Every name goes through identifier(), so the texts may hold several statements. */
import { identifier } from '../../names/identifier.ts'
import { literal } from '../../sql/literal.ts'
import type { Statement } from '../../sql/statement.ts'
import { letTakeGranterSql } from './admin-option.ts'
import type { RoleNames } from './role-names.ts'

export function roleExistsSql(role: string): Statement {
  return { text: 'select from pg_catalog.pg_roles as role where role.rolname = $1::name', values: [role] }
}

/** One row for a role that logs in itself. */
export function logsInSql(role: string): Statement {
  return { text: 'select from pg_catalog.pg_roles as role where role.rolname = $1::name and role.rolcanlogin', values: [role] }
}

export function createRoleSql(role: string): string {
  return `create role ${identifier(role)} nologin;`
}

/** A role that logs in itself. It may be taken by no other role. @param verifier what the server stores of its password */
export function createLoginSql(role: string, verifier: string): string {
  return `create role ${identifier(role)} login password ${literal(verifier)};`
}

export function alterLoginSql(role: string, verifier: string): string {
  return `alter role ${identifier(role)} login password ${literal(verifier)};`
}

/** The role may not be taken any more. */
export function mayNotTakeSql(role: string, login: string): string {
  return `revoke ${identifier(role)} from ${identifier(login)};`
}

/** The login may take the role, and has none of its rights before. */
export function mayTakeSql(
  role: string,
  { login, hasMembershipOptions }: Pick<RoleNames, 'login' | 'hasMembershipOptions'>,
): string {
  return `grant ${identifier(role)} to ${identifier(login)}${hasMembershipOptions ? ' with inherit false, set true' : ''};`
}

/**
 * A new role that the login may take. From PostgreSQL 16 on, a role without superuser's rights is a member of each role that it made. With 10,000 of them,
 * the server reads these memberships for 3.5 ms in CREATE ROLE, and for 24 ms in a GRANT of the new role: so this is one statement. bench/RESULTS.md has more.
 */
export function createTakenRoleSql(
  role: string,
  names: Pick<RoleNames, 'login' | 'hasMembershipOptions' | 'loginInherits'>,
): string {
  // Here the membership would be inherited, and the login would have the rights of all tenants at the same time.
  if (names.loginInherits && names.hasMembershipOptions) return `${createRoleSql(role)}\n${mayTakeSql(role, names)}`
  return `create role ${identifier(role)} nologin role ${identifier(names.login)};`
}

/**
 * Makes the role of a tenant a member of these groups, as the granter: the deploy role would walk through all the roles that it made, as above.
 * PostgreSQL 16 and newer lock the group until the transaction ends, so this is its last statement, and tenants are made side by side until then.
 */
export function joinSql(
  role: string,
  groups: readonly string[],
  { granter, deploy }: Pick<RoleNames, 'granter' | 'deploy'>,
): string {
  if (groups.length === 0) return ''
  return [
    `set local role ${identifier(granter)};`,
    ...groups.map((group) => `grant ${identifier(group)} to ${identifier(role)};`),
    `set local role ${identifier(deploy)};`,
  ].join('\n')
}

/** The opposite. From PostgreSQL 16 on a membership is taken by the role that gave it. */
export function leaveSql(role: string, group: string, { granter, deploy }: Pick<RoleNames, 'granter' | 'deploy'>): string {
  return [
    `set local role ${identifier(granter)};`,
    `revoke ${identifier(group)} from ${identifier(role)};`,
    `set local role ${identifier(deploy)};`,
  ].join('\n')
}

/** Lets the granter add members to the group. */
export function adoptGroupSql(group: string, { granter }: Pick<RoleNames, 'granter'>): string {
  return `grant ${identifier(group)} to ${identifier(granter)} with admin option;`
}

/** What the granter needs: the right to add members to the group, and the deploy role as the one that takes it. */
export function granterSql(names: RoleNames): string {
  return [letTakeGranterSql(names), adoptGroupSql(names.tenants, names)].join('\n')
}

export type Rights = 'read' | 'read and write'

const privilegesOf = {
  read: { tables: 'select', sequences: 'select', routines: 'execute' },
  'read and write': { tables: 'select, insert, update, delete', sequences: 'usage, select, update', routines: 'execute' },
} as const

export function usageSql(schema: string, role: string): string {
  return `grant usage on schema ${identifier(schema)} to ${identifier(role)};`
}

/** Rights on all that the role of this connection will make in the schema. */
export function futureRightsSql(schema: string, role: string, rights: Rights): string {
  return Object.entries(privilegesOf[rights])
    .map(
      ([objects, privileges]) =>
        `alter default privileges in schema ${identifier(schema)} grant ${privileges} on ${objects} to ${identifier(role)};`,
    )
    .join('\n')
}

/** A relation or routine as SQL, quoted by the server. */
export interface Ownable {
  readonly kind: 'tables' | 'sequences' | 'routines'
  readonly name: string
  /** The name of a relation alone; null for a routine. */
  readonly relation: string | null
}

export function presentRightsSql(present: readonly Ownable[], role: string, rights: Rights): string {
  return byKind(present)
    .map(({ kind, objects }) => `grant ${privilegesOf[rights][kind]} on ${objects} to ${identifier(role)};`)
    .join('\n')
}

/** The objects of each kind that there is, as GRANT and REVOKE name them: `table acme.projects, acme.notes`. */
export function byKind(present: readonly Ownable[]): { readonly kind: Ownable['kind']; readonly objects: string }[] {
  const words = { tables: 'table', sequences: 'sequence', routines: 'routine' } as const
  return [...Map.groupBy(present, ({ kind }) => kind)].map(([kind, some]) => ({
    kind,
    objects: `${words[kind]} ${some.map(({ name }) => name).join(', ')}`,
  }))
}

/**
 * What the role of this connection may give rights on. What another role has made in the schema, such as the tables of an extension, is not its own to
 * give. One row for each. It reads what depends on the schema: pg_class has no index by schema alone, and a large fleet has many relations.
 */
export function ownedInSql(schema: string): Statement {
  return {
    text: `
      select
        case relation.relkind when 'S' then 'sequences' else 'tables' end as kind,
        pg_catalog.format('%s.%I', $1::text, relation.relname) as name,
        relation.relname::text as relation
      from pg_catalog.pg_depend as dependency
      join pg_catalog.pg_class as relation on relation.oid = dependency.objid
      where dependency.refclassid = 'pg_catalog.pg_namespace'::pg_catalog.regclass
        and dependency.refobjid = $1::text::pg_catalog.regnamespace
        and dependency.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
        and relation.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
        and pg_catalog.pg_has_role(relation.relowner, 'usage')
      union all
      select 'routines', routine.oid::pg_catalog.regprocedure::text, null
      from pg_catalog.pg_depend as dependency
      join pg_catalog.pg_proc as routine on routine.oid = dependency.objid
      where dependency.refclassid = 'pg_catalog.pg_namespace'::pg_catalog.regclass
        and dependency.refobjid = $1::text::pg_catalog.regnamespace
        and dependency.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass
        and pg_catalog.pg_has_role(routine.proowner, 'usage')`,
    values: [identifier(schema)],
  }
}

export function mayUseSql(schema: string, role: string): Statement {
  return {
    text: `select pg_catalog.has_schema_privilege($1::name, $2::text, 'usage')::text as usable`,
    values: [role, schema],
  }
}

/** Rows may be added, with these columns, and neither read nor changed. The others have their defaults, so a row says when it was really added. */
export function onlyAppendSql(schema: string, table: string, columns: readonly string[], role: string): string {
  const name = `${identifier(schema)}.${identifier(table)}`
  return `
    revoke all on ${name} from ${identifier(role)};
    grant insert (${columns.map(identifier).join(', ')}) on ${name} to ${identifier(role)};`
}

/** What partywall has recorded is not for the code that it was recorded about. */
export function onlyReadSql(schema: string, table: string, role: string): string {
  return `revoke insert, update, delete on ${identifier(schema)}.${identifier(table)} from ${identifier(role)};`
}

/** Lets the role of the shared pool see the rows of all tenants in protected tables. */
export const openToSharedScopeSql: Statement = { text: 'select partywall.open_all_to_shared_scope()' }
