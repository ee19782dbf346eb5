/** Statements about settings. Every name is qualified, so the search path does not matter. */
import type { Statement } from '../sql/statement.ts'

/** The settings that a tenant has of its own, sorted by key. */
export function settingsOfTenantSql(tenantId: string): Statement {
  return {
    text: `
      select setting.key as key, setting.value::text as value, pg_catalog.encode(setting.sealed, 'base64') as sealed, setting.sealed_by as sealed_by
      from partywall.settings as setting
      where setting.tenant_id = $1::uuid
      order by setting.key`,
    values: [tenantId],
  }
}

export interface SettingRow {
  readonly key: string
  /** JSON. */
  readonly value: string | null
  readonly sealed: string | null
  readonly sealed_by: string | null
}

/** JSON in text: a null of JSON in a record would become a null of SQL. */
export function writeSettingsSql(tenantId: string, rows: readonly SettingRow[]): Statement {
  return {
    text: `
      insert into partywall.settings as setting (tenant_id, key, value, sealed, sealed_by)
      select $1::uuid, given.key, given.value::jsonb, pg_catalog.decode(given.sealed, 'base64'), given.sealed_by
      from pg_catalog.jsonb_to_recordset($2::jsonb) as given (key text, value text, sealed text, sealed_by text)
      on conflict (tenant_id, key) do update
      set value = excluded.value, sealed = excluded.sealed, sealed_by = excluded.sealed_by, changed_at = pg_catalog.now()`,
    values: [tenantId, JSON.stringify(rows)],
  }
}

export function removeSettingsSql(tenantId: string, keys: readonly string[]): Statement {
  return {
    text: `
      delete from partywall.settings as setting
      where setting.tenant_id = $1::uuid
        and setting.key = any ($2::text[])`,
    values: [tenantId, [...keys]],
  }
}

/** The keys under which values stand that are not encrypted. */
export const plainKeysSql: Statement = {
  text: `
    select distinct setting.key as key
    from partywall.settings as setting
    where setting.sealed is null`,
}

/** Tenants with secrets that another key has encrypted, or with values of these keys that are not encrypted. */
export function tenantsToRotateSql(newest: string, plain: readonly string[]): Statement {
  return {
    text: `
      select distinct setting.tenant_id::text as tenant_id
      from partywall.settings as setting
      where setting.sealed_by <> $1::text
        or (setting.sealed is null and setting.key = any ($2::text[]))`,
    values: [newest, [...plain]],
  }
}
