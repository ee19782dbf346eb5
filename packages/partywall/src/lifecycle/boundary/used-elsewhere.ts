/**
 * Roles belong to the whole server. A database that was copied has tenants of the same ids, so their roles are those of the first one: what changes the
 * role itself would change it there, too.
 */
import { TenancyError } from '../../errors.ts'
import { readJson } from '../../sql/json-rows.ts'
import type { Queryable, Statement } from '../../sql/statement.ts'

/** The other databases in which the role owns something or has rights. Costs one statement. */
export async function usedElsewhere(queryable: Queryable, role: string): Promise<readonly string[]> {
  return (await readJson<{ database: string }>(queryable, otherDatabasesSql(role))).map(({ database }) => database)
}

export function usedByOthers(role: string, schema: string, databases: readonly string[]): TenancyError {
  return new TenancyError(
    'ROLE_EXISTS',
    `The role ${role} of the tenant ${JSON.stringify(schema)} was not changed, because it has rights in the database ` +
      `${databases
        .slice(0, 5)
        .map((one) => JSON.stringify(one))
        .join(', ')}, too, and would change there. Move one of the databases to a server of its own.`,
    { details: { schema, role } },
  )
}

function otherDatabasesSql(role: string): Statement {
  return {
    text: `
      select distinct database.datname::text as database
      from pg_catalog.pg_shdepend as part
      join pg_catalog.pg_database as database on database.oid = part.dbid
      where part.refclassid = 'pg_catalog.pg_authid'::regclass
        and part.refobjid = (select role.oid from pg_catalog.pg_roles as role where role.rolname = $1::name)
        and database.datname <> current_database()
      order by 1`,
    values: [role],
  }
}
