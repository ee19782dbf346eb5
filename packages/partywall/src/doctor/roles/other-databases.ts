/** PW-138: the role of a tenant has rights in this database only. Roles belong to the whole cluster of databases. */
import type { Statement } from '../../sql/statement.ts'
import type { Context, Examination } from '../context/examination.ts'
import { tenantCte, tenantValues } from '../context/tenants-sql.ts'
import { onlyTenant, someTenantsSql, tenantsText, type SomeTenants } from '../context/wording.ts'

export const otherDatabases: Examination = {
  id: 'PW-138',
  title: 'Roles of tenants that another database uses',
  needs: 'roles',
  async run(context: Context) {
    const rows = await context.askDeploy<SomeTenants & { database: string }>(sharedSql(context))
    return rows.map(({ database, ...some }) => ({
      severity: 'warning',
      seen: `The role of ${tenantsText(some)} has rights in the database ${JSON.stringify(database)}, too: the two databases share the role, and cannot drop it.`,
      fix: 'If the other database is a copy of this one, restore it on another cluster, or run in it: drop owned by … for these roles.',
      ...onlyTenant(some),
    }))
  },
}

function sharedSql(context: Context): Statement {
  return {
    text: `
      with ${tenantCte}
      select coalesce(database.datname::text, 'a database that was dropped') as database, ${someTenantsSql()}
      from (
        select distinct dependency.dbid, dependency.refobjid
        from pg_catalog.pg_shdepend as dependency
        where dependency.refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass
          and dependency.dbid <> 0
          and dependency.dbid <> (select oid from pg_catalog.pg_database where datname = current_database())
      ) as used
      join tenant on tenant.role = used.refobjid
      left join pg_catalog.pg_database as database on database.oid = used.dbid
      group by 1
      order by 1`,
    values: tenantValues(context),
  }
}
