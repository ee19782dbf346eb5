/** The roles that a tenant has in the cluster: its own, and the logins of its customer. They are named by its id, so a rename does not touch them. */
import type { Access } from '../../catalog/roles/access.ts'
import { tenantRole } from '../../names/role-name.ts'
import { identifier } from '../../names/identifier.ts'
import type { Queryable, Statement } from '../../sql/statement.ts'
import { readJson } from '../../sql/json-rows.ts'
import { explainPrivilege } from '../../sql/privilege.ts'
import { usedElsewhere } from '../boundary/used-elsewhere.ts'
import { readComment } from '../logins/login-comment.ts'
import { closeLoginSql, dropLoginSql, endSessionsSql, takeLoginSql } from '../logins/login-sql.ts'
import { loginPathText } from './own-texts.ts'

export interface TenantRole {
  readonly role: string
  /** A login of its customer; otherwise the role of the tenant itself. */
  readonly isCustomers: boolean
  /** Whether the login also reads the shared schema. */
  readonly isShared: boolean
  readonly logsIn: boolean
}

/** Those of this database: a copy of it on the same server has tenants of the same ids. Two statements. */
export async function rolesOf(queryable: Queryable, id: string): Promise<TenantRole[]> {
  const role = tenantRole(id)
  const rows = await readJson<RoleRow>(queryable, rolesSql(role))
  return rows.flatMap(({ name, comment, logsIn, database }): TenantRole[] => {
    if (name === role) return [{ role, isCustomers: false, isShared: false, logsIn }]
    const login = readComment(comment)
    return login?.database === database ? [{ role: name, isCustomers: true, isShared: login.shared, logsIn }] : []
  })
}

/** The customer's logins find the tables of the schema under its new name. */
export async function moveLogins(
  queryable: Queryable,
  id: string,
  schema: string,
  sharedSchema: string,
  isBack = false,
): Promise<void> {
  const logins = (await rolesOf(queryable, id)).filter(({ isCustomers }) => isCustomers)
  const texts = logins.map(({ role, isShared }) =>
    [
      loginPathText(role, [schema, ...(isShared ? [sharedSchema] : [])]),
      isBack ? `alter role ${identifier(role)} login;` : '',
    ].join('\n'),
  )
  await change(queryable, texts)
}

/** The customer cannot log in while the tenant is archived. */
export async function closeLogins(queryable: Queryable, id: string): Promise<void> {
  const logins = (await rolesOf(queryable, id)).filter(({ isCustomers, logsIn }) => isCustomers && logsIn)
  await change(
    queryable,
    logins.map(({ role }) => `${closeLoginSql(role)};`),
  )
}

/** No new session of any of the tenant's roles can begin. */
export async function closeRoles(queryable: Queryable, id: string): Promise<void> {
  const roles = (await rolesOf(queryable, id)).filter(({ logsIn }) => logsIn)
  await change(
    queryable,
    roles.map(({ role }) => `${closeLoginSql(role)};`),
  )
}

/** Ends the sessions of the roles and drops them, but for one that another database uses. Returns the names of those that stay. */
export async function dropRoles(transaction: Queryable, access: Access, id: string): Promise<string[]> {
  const roles = await rolesOf(transaction, id)
  if (roles.length === 0) return []
  const names = await access.names(transaction)
  const kept: string[] = []
  for (const { role } of roles) {
    if ((await usedElsewhere(transaction, role)).length > 0) {
      kept.push(role)
      continue
    }
    await change(transaction, [takeLoginSql(role, names.deploy, names.hasMembershipOptions)])
    await transaction.query(endSessionsSql(role))
    await change(transaction, [dropLoginSql(role)])
  }
  return kept
}

async function change(queryable: Queryable, texts: readonly string[]): Promise<void> {
  if (texts.length === 0) return
  try {
    await queryable.query({ text: texts.join('\n') })
  } catch (error) {
    throw explainPrivilege(
      error,
      'change the roles of the tenant',
      'Give the role of the option "database.deploy" the right to change roles: alter role … createrole; from PostgreSQL 16 on it must have made them ' +
        'itself, or be their member with the admin option.',
    )
  }
}

interface RoleRow {
  readonly name: string
  readonly comment: string | null
  readonly logsIn: boolean
  readonly database: string
}

function rolesSql(role: string): Statement {
  return {
    text: `
      select role.rolname::text as name, pg_catalog.shobj_description(role.oid, 'pg_authid') as comment,
        role.rolcanlogin as "logsIn", pg_catalog.current_database()::text as database
      from pg_catalog.pg_roles as role
      where role.rolname = $1::name
        or pg_catalog.starts_with(role.rolname::text, pg_catalog.concat($1::text, '_ro_'))
      order by role.rolname`,
    values: [role],
  }
}
