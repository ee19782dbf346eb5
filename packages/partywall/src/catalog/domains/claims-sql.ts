/** Statements about claims of domains. Every name is qualified, so the search path does not matter. */
import type { Statement } from '../../sql/statement.ts'

const columns = `
        claim.domain as domain,
        claim.tenant_id::text as tenant_id,
        claim.token as token,
        floor(extract(epoch from claim.created_at) * 1000)::text as created_at,
        floor(extract(epoch from claim.checked_at) * 1000)::text as checked_at,
        floor(extract(epoch from claim.missing_since) * 1000)::text as missing_since,
        exists (
          select
          from partywall.domains as domain
          where domain.domain = claim.domain
            and domain.tenant_id = claim.tenant_id
        )::text as is_verified`

/** Returns no row where the tenant has this claim already, or as many as it may have. */
export function claimSql(tenantId: string, domain: string, token: string, most: number): Statement {
  return {
    text: `
      insert into partywall.domain_claims as claim (domain, tenant_id, token)
      select $2::text, $1::uuid, $3::text
      where (
        select count(*)
        from partywall.domain_claims as other
        where other.tenant_id = $1::uuid
          and other.domain <> $2::text
      ) < $4::int
      on conflict (domain, tenant_id) do nothing
      returning ${columns}`,
    values: [tenantId, domain, token, most],
  }
}

export function claimsOfTenantSql(tenantId: string): Statement {
  return {
    text: `
      select ${columns}
      from partywall.domain_claims as claim
      where claim.tenant_id = $1::uuid
      order by claim.domain`,
    values: [tenantId],
  }
}

export function claimOfSql(tenantId: string, domain: string): Statement {
  return {
    text: `
      select ${columns}
      from partywall.domain_claims as claim
      where claim.tenant_id = $1::uuid
        and claim.domain = $2::text`,
    values: [tenantId, domain],
  }
}

/** Claims that are proven, page by page. */
export function provenClaimsSql(limit: number, after: string | undefined): Statement {
  return {
    text: `
      select ${columns}
      from partywall.domain_claims as claim
      join partywall.domains as domain on domain.domain = claim.domain and domain.tenant_id = claim.tenant_id
      where $1::text is null or claim.domain > $1::text
      order by claim.domain
      limit $2::int`,
    values: [after ?? null, limit],
  }
}

/** @param found whether the record was found; the time of the first look that did not find it is kept */
export function notedLookSql(tenantId: string, domain: string, found: boolean): Statement {
  return {
    text: `
      update partywall.domain_claims as claim
      set checked_at = now(),
        missing_since = case when $3::boolean then null else coalesce(claim.missing_since, now()) end
      where claim.tenant_id = $1::uuid
        and claim.domain = $2::text
      returning ${columns}`,
    values: [tenantId, domain, found],
  }
}

export function releaseSql(tenantId: string, domain: string): Statement {
  return {
    text: `
      delete from partywall.domain_claims as claim
      where claim.tenant_id = $1::uuid
        and claim.domain = $2::text
      returning ${columns}`,
    values: [tenantId, domain],
  }
}
