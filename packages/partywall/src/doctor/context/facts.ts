/** Reads what the examinations build on. Two statements. */
import { catalogMigrations } from '../../catalog/install/catalog-migrations.ts'
import { fixedRoleSql, tenantRolePattern } from '../../names/role-name.ts'
import type { Statement } from '../../sql/statement.ts'
import type { Ask, ServerFacts } from './examination.ts'

/** @param login the role that the application logs in as */
export async function readFacts(askDeploy: Ask, login: string): Promise<ServerFacts> {
  const [facts] = await askDeploy<Omit<ServerFacts, 'login' | 'isCatalogCurrent'>>(factsSql)
  const isCatalogCurrent = facts!.hasCatalog && (await installedVersion(askDeploy)) === knownVersion
  return { ...facts!, login, isCatalogCurrent }
}

/** The newest version of the catalog that this partywall knows. */
export const knownVersion = catalogMigrations.at(-1)!.number

/** 0 where it is not known: the role may not read it, which is a finding later. */
async function installedVersion(ask: Ask): Promise<number> {
  const [row] = await ask<{ installed: number | null }>(installedSql).catch(() => [])
  return row?.installed ?? 0
}

export const installedSql: Statement = { text: 'select max(number)::integer as installed from partywall.migrations' }

const factsSql: Statement = {
  text: `
    select
      current_setting('server_version_num')::integer as version,
      current_user::text as deploy,
      ${fixedRoleSql('tenants')} as tenants,
      ${fixedRoleSql('logins')} as logins,
      ${fixedRoleSql('granter')} as granter,
      ${fixedRoleSql('shared')} as shared,
      ${fixedRoleSql('catalog')} as catalog,
      exists (
        select
        from pg_catalog.pg_roles as role
        where role.rolname = (${fixedRoleSql('tenants')})::name
          or (role.rolname ~ '${tenantRolePattern}' and exists (
            select
            from pg_catalog.pg_shdepend as dependency
            where dependency.refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass
              and dependency.refobjid = role.oid
              and dependency.dbid = (select oid from pg_catalog.pg_database where datname = current_database())
          ))
      ) as "hasRoles",
      exists (
        select
        from pg_catalog.pg_class as relation
        join pg_catalog.pg_namespace as namespace on namespace.oid = relation.relnamespace
        where namespace.nspname = 'partywall' and relation.relname = 'tenants'
      ) as "hasCatalog"`,
}
