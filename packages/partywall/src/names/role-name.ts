/**
 * The names of the roles that partywall makes. Roles belong to the whole cluster of databases, so that of a tenant is named by its id, and those that
 * exist once for a database by the name of the database.
 */
import { createHash } from 'node:crypto'

/** The role of a tenant: `partywall_` and its id without dashes. */
export function tenantRole(id: string): string {
  return `partywall_${id.replaceAll('-', '')}`
}

/** What matches the role of any tenant, as a regular expression of PostgreSQL. */
export const tenantRolePattern = '^partywall_[0-9a-f]{32}$'

/** What matches the name of a login for a customer's own tools: the role of its tenant, and a random end. */
export const customerLoginPattern = '^partywall_[0-9a-f]{32}_ro_[0-9a-f]{8}$'

/** What matches both: every role with which a tenant, or its customer, sends SQL. */
export const anyTenantPattern = '^partywall_[0-9a-f]{32}(_ro_[0-9a-f]{8})?$'

/**
 * All tenants are members of `tenants`, those with a login of their own also of `logins`; `granter` adds them to these groups. The shared pool and the
 * catalog's statements run as the two others.
 */
export type FixedRole = 'tenants' | 'logins' | 'granter' | 'shared' | 'catalog'

/** Longer names of databases are hashed: PostgreSQL would cut the name of the role, and two databases would share it. */
const mostBytes = 40

/** The name of a fixed role in a database. */
export function fixedRole(role: FixedRole, database: string): string {
  const isShort = Buffer.byteLength(database) <= mostBytes
  return `partywall_${role}_${isShort ? database : createHash('md5').update(database).digest('hex')}`
}

/** The same for the database of the connection, as an SQL expression of type text. */
export function fixedRoleSql(role: FixedRole): string {
  const database = 'pg_catalog.current_database()::pg_catalog.text'
  return (
    `pg_catalog.concat('partywall_${role}_', case when pg_catalog.octet_length(${database}) operator(pg_catalog.<=) ${mostBytes} ` +
    `then ${database} else pg_catalog.md5(${database}) end)`
  )
}
