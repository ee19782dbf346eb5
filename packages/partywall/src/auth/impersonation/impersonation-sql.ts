/** Statements about tokens that work once. Every name is qualified, so the search path does not matter. */
import type { Statement } from '../../sql/statement.ts'

export interface TokenRow {
  readonly hash: Buffer
  readonly tenantId: string
  readonly url: string
  readonly userId: string
  readonly operator: string
  readonly reason: string
}

export function insertTokenSql({ hash, tenantId, url, userId, operator, reason }: TokenRow, ttlMs: number): Statement {
  return {
    text: `
      insert into partywall.single_use_tokens (token_hash, tenant_id, purpose, url, user_id, operator, reason, expires_at)
      values ($1::bytea, $2::uuid, 'impersonation', $3::text, $4::text, $5::text, $6::text, now() + make_interval(secs => $7::float8 / 1000))`,
    values: [hash, tenantId, url, userId, operator, reason, ttlMs],
  }
}

export function deleteOverSql(): Statement {
  return { text: 'delete from partywall.single_use_tokens as token where token.expires_at < now()' }
}

/** Uses the token up. Of two at once, one waits for the other, and finds no row. */
export function consumeSql(hash: Buffer, tenantId: string, url: string): Statement {
  return {
    text: `
      delete from partywall.single_use_tokens as token
      where token.token_hash = $1::bytea
        and token.tenant_id = $2::uuid
        and token.purpose = 'impersonation'
        and token.url = $3::text
        and token.expires_at > now()
      returning token.user_id as user_id, token.operator as operator, token.reason as reason`,
    values: [hash, tenantId, url],
  }
}
