/** Statements about members and their roles. Every name is qualified, so the search path does not matter. */
import type { Statement } from '../../sql/statement.ts'
import { columns as tenantColumns } from '../tenants/tenants-sql.ts'

const columns = `
        member.tenant_id::text as tenant_id,
        member.user_id as user_id,
        member.role as role,
        (
          select pg_catalog.array_to_json(defined.permissions)::text
          from partywall.member_roles as defined
          where defined.tenant_id = member.tenant_id
            and defined.name = member.role
        ) as permissions,
        floor(extract(epoch from member.created_at) * 1000)::text as created_at`

export function memberSql(tenantId: string, userId: string): Statement {
  return {
    text: `
      select ${columns}
      from partywall.members as member
      where member.tenant_id = $1::uuid
        and member.user_id = $2::text`,
    values: [tenantId, userId],
  }
}

/** One page of the members of a tenant, sorted by user. */
export function memberPageSql(tenantId: string, limit: number, after: string | undefined): Statement {
  return {
    text: `
      select ${columns}
      from partywall.members as member
      where member.tenant_id = $1::uuid
        and ($2::text is null or member.user_id > $2::text)
      order by member.user_id
      limit $3::int`,
    values: [tenantId, after ?? null, limit],
  }
}

/** One page of the tenants of a user, sorted by schema; those that are archived, or cannot be entered again, are left out. */
export function tenantsOfUserSql(userId: string, limit: number, after: string | undefined): Statement {
  return {
    text: `
      select ${tenantColumns}
      from partywall.members as member
      join partywall.tenants as tenant on tenant.id = member.tenant_id
      where member.user_id = $1::text
        and tenant.status not in ('archived', 'deleting', 'failed')
        and ($2::text is null or tenant.schema > $2::text)
      order by tenant.schema
      limit $3::int`,
    values: [userId, after ?? null, limit],
  }
}

export function membersOfUserSql(userId: string, tenantIds: readonly string[]): Statement {
  return {
    text: `
      select ${columns}
      from partywall.members as member
      where member.user_id = $1::text
        and member.tenant_id = any ($2::uuid[])`,
    values: [userId, [...tenantIds]],
  }
}

/** Returns no row for a user who is a member already. */
export function insertMemberSql(tenantId: string, userId: string, role: string): Statement {
  return {
    text: `
      insert into partywall.members as member (tenant_id, user_id, role)
      values ($1::uuid, $2::text, $3::text)
      on conflict (tenant_id, user_id) do nothing
      returning ${columns}`,
    values: [tenantId, userId, role],
  }
}

export function setRoleSql(tenantId: string, userId: string, role: string): Statement {
  return {
    text: `
      update partywall.members as member
      set role = $3::text
      where member.tenant_id = $1::uuid
        and member.user_id = $2::text
      returning ${columns}`,
    values: [tenantId, userId, role],
  }
}

export function deleteMemberSql(tenantId: string, userId: string): Statement {
  return {
    text: `
      delete from partywall.members as member
      where member.tenant_id = $1::uuid
        and member.user_id = $2::text
      returning ${columns}`,
    values: [tenantId, userId],
  }
}

/** One row: how many members a tenant has. */
export function countMembersSql(tenantId: string): Statement {
  return {
    text: `
      select pg_catalog.count(*)::text as members
      from partywall.members as member
      where member.tenant_id = $1::uuid`,
    values: [tenantId],
  }
}

/** A row where another user owns the tenant, too. */
export function otherOwnerSql(tenantId: string, userId: string): Statement {
  return {
    text: `
      select
      from partywall.members as member
      where member.tenant_id = $1::uuid
        and member.role = 'owner'
        and member.user_id <> $2::text
      limit 1`,
    values: [tenantId, userId],
  }
}

/** The roles that a tenant has defined. */
export function definedRolesSql(tenantId: string): Statement {
  return {
    text: `
      select defined.name as name, pg_catalog.array_to_json(defined.permissions)::text as permissions
      from partywall.member_roles as defined
      where defined.tenant_id = $1::uuid
      order by defined.name`,
    values: [tenantId],
  }
}

export function defineRoleSql(tenantId: string, name: string, permissions: readonly string[]): Statement {
  return {
    text: `
      insert into partywall.member_roles as defined (tenant_id, name, permissions)
      values ($1::uuid, $2::text, $3::text[])
      on conflict (tenant_id, name) do update set permissions = excluded.permissions
      returning defined.tenant_id::text as tenant_id, defined.name as name`,
    values: [tenantId, name, [...permissions]],
  }
}

/** Returns no row when a tenant has no such role. */
export function removeRoleSql(tenantId: string, name: string): Statement {
  return {
    text: `
      delete from partywall.member_roles as defined
      where defined.tenant_id = $1::uuid
        and defined.name = $2::text
      returning defined.tenant_id::text as tenant_id, defined.name as name`,
    values: [tenantId, name],
  }
}

/** A row where a member has this role. */
export function roleIsUsedSql(tenantId: string, name: string): Statement {
  return {
    text: `
      select
      from partywall.members as member
      where member.tenant_id = $1::uuid
        and member.role = $2::text
      limit 1`,
    values: [tenantId, name],
  }
}
