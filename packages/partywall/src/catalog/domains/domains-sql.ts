/** Statements about domains. Every name is qualified, so the search path does not matter. */
import type { Statement } from '../../sql/statement.ts'

const columns = `
        domain.domain as domain,
        domain.tenant_id::text as tenant_id,
        domain.is_primary::text as is_primary,
        floor(extract(epoch from domain.created_at) * 1000)::text as created_at`

/** The domains of one tenant; the primary one first. */
export function listDomainsSql(tenantId: string): Statement {
  return {
    text: `
      select ${columns}
      from partywall.domains as domain
      where domain.tenant_id = $1::uuid
      order by domain.is_primary desc, domain.domain`,
    values: [tenantId],
  }
}

/** One page of the domains of all tenants. */
export function domainPageSql(limit: number, after: string | undefined): Statement {
  return {
    text: `
      select ${columns}
      from partywall.domains as domain
      where $1::text is null or domain.domain > $1::text
      order by domain.domain
      limit $2::int`,
    values: [after ?? null, limit],
  }
}

/**
 * Adds domains, none of them primary. Domains that are taken are not among the returned rows. Inserted in sorted order, so that two
 * transactions that add the same domains cannot deadlock.
 */
export function insertDomainsSql(tenantId: string, domains: readonly string[]): Statement {
  return {
    text: `
      insert into partywall.domains as domain (domain, tenant_id)
      select given.domain, $1::uuid
      from unnest($2::text[]) as given (domain)
      order by given.domain collate "C"
      on conflict (domain) do nothing
      returning ${columns}`,
    values: [tenantId, [...domains]],
  }
}

/** Must run before `promoteSql`, because the unique index is checked for each statement. */
export function demoteSql(tenantId: string): Statement {
  return {
    text: `
      update partywall.domains
      set is_primary = false
      where tenant_id = $1::uuid
        and is_primary`,
    values: [tenantId],
  }
}

export function promoteSql(tenantId: string, domain: string): Statement {
  return {
    text: `
      update partywall.domains as domain
      set is_primary = true
      where domain.tenant_id = $1::uuid
        and domain.domain = $2::text
      returning ${columns}`,
    values: [tenantId, domain],
  }
}

export function deleteDomainSql(tenantId: string, domain: string): Statement {
  return {
    text: `
      delete from partywall.domains as domain
      where domain.tenant_id = $1::uuid
        and domain.domain = $2::text
      returning ${columns}`,
    values: [tenantId, domain],
  }
}

/** All domains of a tenant. */
export function deleteDomainsSql(tenantId: string): Statement {
  return {
    text: `
      delete from partywall.domains as domain
      where domain.tenant_id = $1::uuid
      returning ${columns}`,
    values: [tenantId],
  }
}
