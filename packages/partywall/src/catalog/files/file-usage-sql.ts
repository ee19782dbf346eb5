/** Statements about what the files of tenants take. Every name is qualified. Numbers come as text: they may be larger than the parsers of an application take. */
import type { Statement } from '../../sql/statement.ts'

/** Locks the count of the tenant until the transaction ends. Fails where there is no such tenant. */
export function lockUsageSql(tenantId: string): Statement {
  return {
    text: `
      insert into partywall.file_usage as usage (tenant_id)
      values ($1::uuid)
      on conflict (tenant_id) do update set bytes = usage.bytes`,
    values: [tenantId],
  }
}

/**
 * Reserves as much as is wanted, or as much as there is room for, but at least what is needed; returns no row where that is more than there is. Under the lock of the count.
 * @param limit null: none
 */
export function reserveSql(reservation: {
  readonly id: string
  readonly tenantId: string
  readonly path: string
  readonly need: number
  readonly want: number
  readonly limit: number | null
}): Statement {
  const { id, tenantId, path, need, want, limit } = reservation
  return {
    text: `
      insert into partywall.file_reservations as reservation (id, tenant_id, path, bytes, expires_at)
      select $1::uuid, $2::uuid, $3::text, least(room.bytes, $5::bigint), now() + interval '1 hour'
      from (
        select coalesce($6::bigint - usage.bytes - others.bytes, $5::bigint) as bytes
        from partywall.file_usage as usage
        cross join (
          select coalesce(sum(other.bytes), 0)::bigint as bytes
          from partywall.file_reservations as other
          where other.tenant_id = $2::uuid
            and other.id <> $1::uuid
        ) as others
        where usage.tenant_id = $2::uuid
      ) as room
      where room.bytes >= $4::bigint
      on conflict (id) do update set bytes = excluded.bytes, expires_at = excluded.expires_at
      returning reservation.bytes::text as bytes`,
    values: [id, tenantId, path, need, want, limit],
  }
}

/** Changes of files whose process was killed. */
export function overdueSql(tenantId: string): Statement {
  return {
    text: `
      select reservation.id::text as id, reservation.path as path
      from partywall.file_reservations as reservation
      where reservation.tenant_id = $1::uuid
        and reservation.expires_at < now()
      order by reservation.expires_at
      limit 100`,
    values: [tenantId],
  }
}

/** One change of a file at a time is written down. Returns no row where the tenant is gone, or being deleted. */
export function lockPathSql(tenantId: string, path: string): Statement {
  return {
    text: `
      select tenant.id::text as id
      from partywall.tenants as tenant
      cross join pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('partywall.files ' || $1::text || ' ' || $2::text, 0)) as locked
      where tenant.id = $1::uuid
        and tenant.status <> 'deleting'`,
    values: [tenantId, path],
  }
}

/** Writes down what a file takes now, and gives back what was reserved for it. @param bytes null: there is no such file */
export function settleSql(tenantId: string, path: string, bytes: number | null, reservationId: string | null): Statement {
  return {
    text: `
      with done as (
        delete from partywall.file_reservations as reservation
        where reservation.id = $4::uuid
      ),
      before as (
        select file.bytes as bytes
        from partywall.stored_files as file
        where file.tenant_id = $1::uuid
          and file.path = $2::text
      ),
      removed as (
        delete from partywall.stored_files as file
        where file.tenant_id = $1::uuid
          and file.path = $2::text
          and $3::bigint is null
      ),
      kept as (
        insert into partywall.stored_files as file (tenant_id, path, bytes)
        select $1::uuid, $2::text, $3::bigint
        where $3::bigint is not null
        on conflict (tenant_id, path) do update set bytes = excluded.bytes
      ),
      change as (
        select
          coalesce($3::bigint, 0) - coalesce((select before.bytes from before), 0) as bytes,
          (case when $3::bigint is null then 0 else 1 end) - (select count(*) from before) as files
      )
      insert into partywall.file_usage as usage (tenant_id, bytes, files)
      select $1::uuid, change.bytes, change.files
      from change
      on conflict (tenant_id) do update set bytes = usage.bytes + excluded.bytes, files = usage.files + excluded.files`,
    values: [tenantId, path, bytes, reservationId],
  }
}

/** One row: what is counted, and what is reserved beside it. */
export function usageSql(tenantId: string): Statement {
  return {
    text: `
      select
        coalesce((select usage.bytes from partywall.file_usage as usage where usage.tenant_id = $1::uuid), 0)::text as bytes,
        coalesce((select usage.files from partywall.file_usage as usage where usage.tenant_id = $1::uuid), 0)::text as files,
        coalesce((select sum(reservation.bytes) from partywall.file_reservations as reservation where reservation.tenant_id = $1::uuid), 0)::text as reserved`,
    values: [tenantId],
  }
}

/** The files that are counted, page by page. */
export function countedSql(tenantId: string, after: string, limit: number): Statement {
  return {
    text: `
      select file.path as path, file.bytes::text as bytes
      from partywall.stored_files as file
      where file.tenant_id = $1::uuid
        and file.path > $2::text
      order by file.path
      limit $3::integer`,
    values: [tenantId, after, limit],
  }
}

/** The sum again, from what each file takes. Under the lock of the count. */
export function sumSql(tenantId: string): Statement {
  return {
    text: `
      update partywall.file_usage as usage
      set bytes = total.bytes, files = total.files
      from (
        select coalesce(sum(file.bytes), 0)::bigint as bytes, count(*) as files
        from partywall.stored_files as file
        where file.tenant_id = $1::uuid
      ) as total
      where usage.tenant_id = $1::uuid`,
    values: [tenantId],
  }
}
