/** PW-134: tenants create nothing in the database: no schema, no temporary table, and no object in a schema that is on their search path. */
import { identifier } from '../../names/identifier.ts'
import { anyTenantPattern } from '../../names/role-name.ts'
import type { Statement } from '../../sql/statement.ts'
import type { Context, Examination, Observation } from '../context/examination.ts'
import { fromRole, groupsOf, roleNameSql, roleText } from '../context/tenants-sql.ts'
import { capital } from '../context/wording.ts'

export const createRights: Examination = {
  id: 'PW-134',
  title: 'Tenants may create objects',
  needs: 'roles',
  async run({ askDeploy, facts, options: { sharedSchema, extraSearchPath } }: Context) {
    const watched = [...groupsOf({ facts }), facts.shared, facts.catalog, ...(facts.login === facts.deploy ? [] : [facts.login])]
    const ofDatabase = await askDeploy<{ role: string; privilege: string; database: string }>(databaseSql(watched))
    const ofSchemas = await askDeploy<{ role: string; schema: string }>(
      schemasSql([sharedSchema, ...extraSearchPath, 'public'], watched),
    )
    return [...ofDatabase.map(inDatabase), ...ofSchemas.map(inSchema)]
  },
}

function inDatabase({ role, privilege, database }: { role: string; privilege: string; database: string }): Observation {
  const fix = `Run: revoke ${privilege.toLowerCase()} on database ${identifier(database)} from ${fromRole(role)}`
  if (privilege === 'TEMPORARY') {
    return {
      severity: 'warning',
      seen: `${capital(roleText(role))} may create temporary tables: SQL of a tenant can fill the disk, and partywall must look for what is left on a connection.`,
      fix,
    }
  }
  return {
    severity: 'error',
    seen: `${capital(roleText(role))} may create schemas in this database: SQL of a tenant can create tables and functions, and own them.`,
    fix,
  }
}

function inSchema({ role, schema }: { role: string; schema: string }): Observation {
  return {
    severity: 'error',
    seen: `${capital(roleText(role))} may create objects in the schema ${JSON.stringify(schema)}: a function or table that one tenant puts there is used by others, and by migrations.`,
    fix: `Run: revoke create on schema ${identifier(schema)} from ${fromRole(role)}. (PostgreSQL 14 gives it to PUBLIC on the schema public.)`,
  }
}

const isWatched = `(entry.grantee = 0 or grantee.rolname = any ($1::name[]) or grantee.rolname ~ '${anyTenantPattern}')`

function databaseSql(watched: readonly string[]): Statement {
  return {
    text: `
      select distinct ${roleNameSql('entry.grantee')} as role, entry.privilege_type as privilege, current_database()::text as database
      from pg_catalog.pg_database as database
      cross join lateral aclexplode(coalesce(database.datacl, acldefault('d', database.datdba))) as entry
      left join pg_catalog.pg_roles as grantee on grantee.oid = entry.grantee
      where database.datname = current_database()
        and entry.privilege_type in ('CREATE', 'TEMPORARY')
        and ${isWatched}
      order by 1, 2`,
    values: [watched],
  }
}

function schemasSql(schemas: readonly string[], watched: readonly string[]): Statement {
  return {
    text: `
      select distinct ${roleNameSql('entry.grantee')} as role, namespace.nspname::text as schema
      from pg_catalog.pg_namespace as namespace
      cross join lateral aclexplode(namespace.nspacl) as entry
      left join pg_catalog.pg_roles as grantee on grantee.oid = entry.grantee
      where namespace.nspname = any ($2::name[])
        and entry.privilege_type = 'CREATE'
        and entry.grantee <> namespace.nspowner
        and ${isWatched}
      order by 1, 2`,
    values: [watched, schemas],
  }
}
