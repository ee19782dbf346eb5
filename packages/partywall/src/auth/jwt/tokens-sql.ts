/** Statements about keys and revoked tokens. Every name is qualified, so the search path does not matter. */
import type { Statement } from '../../sql/statement.ts'

/** The newest key that signs, of those that were derived from this secret. */
export function signingKeySql(tenantId: string, master: string): Statement {
  return {
    text: `
      select key.kid as kid
      from partywall.signing_keys as key
      where key.tenant_id = $1::uuid
        and key.valid_until is null
        and left(key.kid, 8) = $2::text
      order by key.created_at desc, key.kid
      limit 1`,
    values: [tenantId, master],
  }
}

/** Adds a key that signs. */
export function addKeySql(tenantId: string, kid: string): Statement {
  return {
    text: `
      insert into partywall.signing_keys as key (tenant_id, kid)
      values ($1::uuid, $2::text)
      returning key.kid as kid, key.tenant_id::text as tenant_id`,
    values: [tenantId, kid],
  }
}

/** The keys of a tenant other than this one sign no more, and their tokens are refused after the time. Keys that are over are deleted. */
export function retireKeysSql(tenantId: string, except: string, graceMs: number): Statement {
  return {
    text: `
      with over as (
        delete from partywall.signing_keys as key
        where key.tenant_id = $1::uuid
          and key.valid_until < now()
      )
      update partywall.signing_keys as key
      set valid_until = least(key.valid_until, now() + make_interval(secs => $3::float8 / 1000))
      where key.tenant_id = $1::uuid
        and key.kid <> $2::text
        and (key.valid_until is null or key.valid_until >= now())`,
    values: [tenantId, except, graceMs],
  }
}

/** Whether the key may still be accepted, and whether one of the ids was revoked. */
export function standingSql(tenantId: string, kid: string, tokenIds: readonly string[]): Statement {
  return {
    text: `
      select
        exists (
          select
          from partywall.signing_keys as key
          where key.tenant_id = $1::uuid
            and key.kid = $2::text
            and (key.valid_until is null or key.valid_until > now())
        )::text as has_key,
        exists (
          select
          from partywall.revoked_tokens as revoked
          where revoked.tenant_id = $1::uuid
            and revoked.token_id = any ($3::text[])
        )::text as is_revoked`,
    values: [tenantId, kid, tokenIds],
  }
}

/** Returns a row for the first call with an id, and none for every other: of two at once, one waits for the other. Deletes rows that are over. */
export function revokeSql(tenantId: string, tokenId: string, expiresAt: Date): Statement {
  return {
    text: `
      with over as (
        delete from partywall.revoked_tokens as old
        where (old.tenant_id, old.token_id) in (
          select past.tenant_id, past.token_id
          from partywall.revoked_tokens as past
          where past.expires_at < now()
          order by past.expires_at
          limit 100
          for update skip locked
        )
      )
      insert into partywall.revoked_tokens as revoked (tenant_id, token_id, expires_at)
      values ($1::uuid, $2::text, $3::timestamptz)
      on conflict (tenant_id, token_id) do nothing
      returning revoked.tenant_id::text as tenant_id, revoked.token_id as token_id`,
    values: [tenantId, tokenId, expiresAt.toISOString()],
  }
}
