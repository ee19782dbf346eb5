/** Statements about invitations, and about the e-mail domains with which users join. Every name is qualified, so the search path does not matter. */
import type { Statement } from '../../sql/statement.ts'

const columns = `
        invitation.id::text as id,
        invitation.tenant_id::text as tenant_id,
        invitation.email as email,
        invitation.role as role,
        case
          when invitation.accepted_at is not null then 'accepted'
          when invitation.revoked_at is not null then 'revoked'
          when invitation.expires_at <= pg_catalog.now() then 'expired'
          else 'open'
        end as state,
        invitation.accepted_by as accepted_by,
        floor(extract(epoch from invitation.created_at) * 1000)::text as created_at,
        floor(extract(epoch from invitation.expires_at) * 1000)::text as expires_at`

/** Of these one may be accepted. */
const isOpen = `invitation.accepted_at is null
        and invitation.revoked_at is null
        and invitation.expires_at > pg_catalog.now()`

export interface NewInvitationRow {
  readonly tenantId: string
  readonly hash: Buffer
  readonly email: string
  readonly role: string
  readonly expiresInMs: number
}

export function insertInvitationSql({ tenantId, hash, email, role, expiresInMs }: NewInvitationRow): Statement {
  return {
    text: `
      insert into partywall.invitations as invitation (tenant_id, token_hash, email, role, expires_at)
      values ($1::uuid, $2::bytea, $3::text, $4::text, pg_catalog.now() + $5::float8 * interval '1 millisecond')
      returning ${columns}`,
    values: [tenantId, hash, email, role, expiresInMs],
  }
}

/** Those of an address that could be accepted: a new invitation takes their place. */
export function revokeForAddressSql(tenantId: string, email: string): Statement {
  return {
    text: `
      update partywall.invitations as invitation
      set revoked_at = pg_catalog.now()
      where invitation.tenant_id = $1::uuid
        and invitation.email = $2::text
        and ${isOpen}
      returning ${columns}`,
    values: [tenantId, email],
  }
}

/** Returns no row for one that cannot be accepted any more. */
export function revokeInvitationSql(tenantId: string, id: string): Statement {
  return {
    text: `
      update partywall.invitations as invitation
      set revoked_at = pg_catalog.now()
      where invitation.tenant_id = $1::uuid
        and invitation.id = $2::uuid
        and ${isOpen}
      returning ${columns}`,
    values: [tenantId, id],
  }
}

/** The open invitation with this hash. */
export function openInvitationSql(hash: Buffer): Statement {
  return {
    text: `
      select ${columns}
      from partywall.invitations as invitation
      where invitation.token_hash = $1::bytea
        and ${isOpen}`,
    values: [hash],
  }
}

/** Returns no row when another call has used it in the meantime. */
export function useInvitationSql(id: string, userId: string): Statement {
  return {
    text: `
      update partywall.invitations as invitation
      set accepted_at = pg_catalog.now(),
          accepted_by = $2::text
      where invitation.id = $1::uuid
        and ${isOpen}
      returning ${columns}`,
    values: [id, userId],
  }
}

/** One page of the invitations of a tenant, the newest first. */
export function invitationPageSql(tenantId: string, limit: number, after: string | undefined): Statement {
  return {
    text: `
      select ${columns}
      from partywall.invitations as invitation
      where invitation.tenant_id = $1::uuid
        and (
          $2::uuid is null
          or (invitation.created_at, invitation.id) < (
            select last.created_at, last.id
            from partywall.invitations as last
            where last.tenant_id = $1::uuid
              and last.id = $2::uuid
          )
        )
      order by invitation.created_at desc, invitation.id desc
      limit $3::int`,
    values: [tenantId, after ?? null, limit],
  }
}

const domainColumns = `
        permitted.tenant_id::text as tenant_id,
        permitted.domain as domain,
        permitted.role as role`

export function emailDomainsSql(tenantId: string): Statement {
  return {
    text: `
      select ${domainColumns}
      from partywall.member_email_domains as permitted
      where permitted.tenant_id = $1::uuid
      order by permitted.domain`,
    values: [tenantId],
  }
}

export function permitEmailDomainSql(tenantId: string, domain: string, role: string): Statement {
  return {
    text: `
      insert into partywall.member_email_domains as permitted (tenant_id, domain, role)
      values ($1::uuid, $2::text, $3::text)
      on conflict (tenant_id, domain) do update set role = excluded.role
      returning ${domainColumns}`,
    values: [tenantId, domain, role],
  }
}

/** Returns no row when the tenant has no such domain. */
export function forbidEmailDomainSql(tenantId: string, domain: string): Statement {
  return {
    text: `
      delete from partywall.member_email_domains as permitted
      where permitted.tenant_id = $1::uuid
        and permitted.domain = $2::text
      returning ${domainColumns}`,
    values: [tenantId, domain],
  }
}
