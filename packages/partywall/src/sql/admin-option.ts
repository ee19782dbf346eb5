/**
 * Who may give, change and drop a role. From PostgreSQL 16 on these are the roles that have it with the admin option: the one that made it, and those that
 * were given the option. Before, CREATEROLE is enough.
 */

/** A condition: the role of this connection may not give away the role with this object id. */
export function isOfOthersSql(oid: string): string {
  return (
    `(pg_catalog.current_setting('server_version_num')::integer >= 160000 ` +
    `and not pg_catalog.pg_has_role(${oid}, 'MEMBER WITH ADMIN OPTION'))`
  )
}
