/**
 * The names of the roles that partywall makes. Roles belong to the whole cluster of databases, so that of a tenant is named by its id, and those that
 * exist once for a database by the name of the database.
 */

/** The role of a tenant: `partywall_` and its id without dashes. */
export function tenantRole(id: string): string {
  return `partywall_${id.replaceAll('-', '')}`
}

/** What matches the role of any tenant, as a regular expression of PostgreSQL. */
export const tenantRolePattern = '^partywall_[0-9a-f]{32}$'

/** All tenants are members of `tenants`; the shared pool and the catalog's statements run as the two others. */
export type FixedRole = 'tenants' | 'shared' | 'catalog'

/** The name of a fixed role in the database of the connection, as an SQL expression of type text. PostgreSQL cuts it at 63 bytes. */
export function fixedRoleSql(role: FixedRole): string {
  return `pg_catalog.concat('partywall_${role}_', pg_catalog.current_database())::pg_catalog.name::pg_catalog.text`
}
