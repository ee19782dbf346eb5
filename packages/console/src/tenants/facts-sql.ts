/** Statements about many tenants at once. Every name is qualified; each row is one JSON text. */
import type { Statement } from './catalog.ts'

/** How many tenants there are of each status and kind. */
export const countsSql: Statement = {
  text: `
    select pg_catalog.json_build_object('status', status, 'kind', kind, 'tenants', pg_catalog.count(*))::text as entry
    from partywall.tenants
    group by status, kind`,
}

export interface CountRow {
  readonly status: string
  readonly kind: string
  readonly tenants: number
}

/** Periods of usage that are looked at for the last activity, the newest ones: more would be read for tenants that no one uses. */
const sheets = 48

/** @param ids at most a page of them */
export function factsSql(ids: readonly string[]): Statement {
  return {
    text: `
      select
        pg_catalog.json_build_object(
          'id', tenant.id,
          'revision', tenant.revision::text,
          'domain', (select domain.domain from partywall.domains as domain where domain.tenant_id = tenant.id and domain.is_primary),
          'domains', (select pg_catalog.count(*) from partywall.domains as domain where domain.tenant_id = tenant.id),
          'action', entry.action,
          'actedAt', pg_catalog.floor(extract(epoch from entry.at) * 1000),
          'usedAt', pg_catalog.floor(extract(epoch from used.at) * 1000),
          'digest', (
            select pg_catalog.obj_description(class.oid, 'pg_class')
            from pg_catalog.pg_namespace as space
            join pg_catalog.pg_class as class on class.relnamespace = space.oid and class.relname = 'partywall_migrations'
            where space.nspname = tenant.schema::name
          )
        )::text as entry
      from partywall.tenants as tenant
      left join lateral (
        select audit.action, audit.at
        from partywall.audit as audit
        where audit.tenant_id = tenant.id
        order by audit.at desc
        limit 1
      ) as entry on true
      left join lateral (
        select pg_catalog.max(least(sheet.period_until, sheet.flushed_at)) as at
        from (select id, period_until, flushed_at from partywall.usage_sheets order by period_until desc limit ${sheets}) as sheet
        join partywall.usage as usage on usage.sheet_id = sheet.id and usage.tenant_id = tenant.id
      ) as used on true
      where tenant.id = any ($1::uuid[])`,
    values: [[...ids]],
  }
}

export interface FactRow {
  readonly id: string
  readonly revision: string
  readonly domain: string | null
  readonly domains: number
  readonly action: string | null
  readonly actedAt: number | null
  readonly usedAt: number | null
  readonly digest: string | null
}

/** It enters through pg_depend: pg_class has no index by schema alone, and a fleet has many tables. */
export function sizesSql(schemas: readonly string[]): Statement {
  return {
    text: `
      select
        pg_catalog.json_build_object(
          'schema', space.nspname,
          'bytes', coalesce(pg_catalog.sum(pg_catalog.pg_total_relation_size(class.oid)), 0),
          'tables', pg_catalog.count(*) filter (where class.relkind <> 'm' and class.relname <> 'partywall_migrations')
        )::text as entry
      from pg_catalog.pg_namespace as space
      left join pg_catalog.pg_depend as dependency
        on dependency.refclassid = 'pg_catalog.pg_namespace'::pg_catalog.regclass
        and dependency.refobjid = space.oid
        and dependency.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
      left join pg_catalog.pg_class as class on class.oid = dependency.objid and class.relkind in ('r', 'p', 'm')
      where space.nspname = any ($1::text[]::name[])
      group by space.nspname`,
    values: [[...schemas]],
  }
}

export interface SizeRow {
  readonly schema: string
  readonly bytes: number
  readonly tables: number
}
