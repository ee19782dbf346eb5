/** Statements that move a tenant through its life. Each checks the state that the move may start from, and returns the tenant. */
import type { Statement } from '../../sql/statement.ts'
import type { TenantStatus } from '../../types.ts'
import { moves } from './moves.ts'
import { columns } from './tenants-sql.ts'

export function renameTenantSql(id: string, schema: string, name: string): Statement {
  return {
    text: `
      update partywall.tenants as tenant
      set schema = $2::text,
          name = $3::text
      where tenant.id = $1::uuid
        and tenant.status = any ($4::text[])
      returning ${columns}`,
    values: [id, schema, name, [...moves.rename.from]],
  }
}

export interface Leave {
  readonly to: 'archived' | 'deleting'
  /** The name of its schema while it is away. */
  readonly away: string
  /** The name that the schema had; undefined for one that is away already. */
  readonly schema: string | undefined
  /** The domains that were freed; undefined keeps what was stored. */
  readonly freed: readonly string[] | undefined
  /** After how many milliseconds it may be purged; null never. */
  readonly purgeAfterMs: number | null
}

/** The tenant leaves its name: it is archived, or its deletion begins. */
export function leaveSql(id: string, { to, away, schema, freed, purgeAfterMs }: Leave): Statement {
  return {
    text: `
      update partywall.tenants as tenant
      set status = $2::text,
          schema = $3::text,
          archived_schema = coalesce($4::text, tenant.archived_schema),
          archived_domains = coalesce($5::text[], tenant.archived_domains),
          archived_at = case when $2::text = 'archived' then pg_catalog.now() else tenant.archived_at end,
          purge_at = case
            when $2::text = 'archived' then pg_catalog.now() + $6::float8 * interval '1 millisecond'
            else tenant.purge_at
          end
      where tenant.id = $1::uuid
        and tenant.status = any ($7::text[])
      returning ${columns}`,
    values: [
      id,
      to,
      away,
      schema ?? null,
      freed === undefined ? null : [...freed],
      purgeAfterMs,
      [...moves[to === 'archived' ? 'archive' : 'delete'].from],
    ],
  }
}

export function restoreTenantSql(id: string, schema: string, status: TenantStatus): Statement {
  return {
    text: `
      update partywall.tenants as tenant
      set status = $3::text,
          schema = $2::text,
          archived_schema = null,
          archived_domains = null,
          archived_at = null,
          purge_at = null
      where tenant.id = $1::uuid
        and tenant.status = any ($4::text[])
      returning ${columns}`,
    values: [id, schema, status, [...moves.restore.from]],
  }
}

/** The last statement of a deletion. */
export function deleteTenantSql(id: string): Statement {
  return {
    text: `
      delete from partywall.tenants as tenant
      where tenant.id = $1::uuid
        and tenant.status = 'deleting'
      returning ${columns}`,
    values: [id],
  }
}

/** The domains that an archive has freed, the primary one first. */
export function freedDomainsSql(id: string): Statement {
  return {
    text: `
      select domain.name
      from partywall.tenants as tenant
      cross join lateral unnest(tenant.archived_domains) with ordinality as domain (name, place)
      where tenant.id = $1::uuid
      order by domain.place`,
    values: [id],
  }
}

/** Tenants that are away and had this name, with the state that a call needs. */
export function awayBySchemaSql(schema: string, status: readonly TenantStatus[]): Statement {
  return {
    text: `
      select ${columns}
      from partywall.tenants as tenant
      where tenant.archived_schema = $1::text
        and tenant.status = any ($2::text[])
      order by tenant.archived_at, tenant.id`,
    values: [schema, [...status]],
  }
}

/** Tenants whose time is over. The server's clock decides. @param id only this one */
export function dueTenantsSql(
  { expired, archived }: { readonly expired: boolean; readonly archived: boolean },
  id?: string,
): Statement {
  return {
    text: `
      select ${columns}
      from partywall.tenants as tenant
      where (
          ($1::boolean and tenant.expires_at <= pg_catalog.now() and tenant.status <> 'archived')
          or ($2::boolean and tenant.purge_at <= pg_catalog.now() and tenant.status in ('archived', 'deleting'))
        )
        and ($3::uuid is null or tenant.id = $3::uuid)
      order by coalesce(tenant.archived_schema, tenant.schema), tenant.id`,
    values: [expired, archived, id ?? null],
  }
}
