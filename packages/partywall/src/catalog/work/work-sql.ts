/** Statements about resumable work on many tenants. Every name is qualified. Leases are compared by the clock of the server. */
import type { Statement } from '../../sql/statement.ts'

/**
 * Claims a tenant, unless it is done or another holder's lease is not over. `attempt` is null where it is not claimed; `state` is null where this statement does
 * not see a record, because another holder has just made it; `exists` says whether there is such a tenant.
 */
export function claimSql(key: string, tenantId: string, holder: string, leaseMs: number): Statement {
  return {
    text: `
      with claimed as (
        insert into partywall.fleet_work as work (key, tenant_id, holder, lease_until)
        select $1::text, tenant.id, $3::uuid, ${leaseEnd('$4')}
        from partywall.tenants as tenant
        where tenant.id = $2::uuid
        on conflict (key, tenant_id) do update
          set state = 'running',
              attempt = work.attempt + 1,
              holder = excluded.holder,
              lease_until = excluded.lease_until,
              ended_at = null
          where work.state <> 'done'
            and (work.state <> 'running' or work.lease_until < pg_catalog.clock_timestamp())
        returning work.attempt
      )
      select
        (select claimed.attempt::text from claimed) as attempt,
        (select work.state from partywall.fleet_work as work where work.key = $1::text and work.tenant_id = $2::uuid) as state,
        exists (select from partywall.tenants as tenant where tenant.id = $2::uuid)::text as exists`,
    values: [key, tenantId, holder, leaseMs],
  }
}

export function renewSql(key: string, holder: string, leaseMs: number): Statement {
  return {
    text: `
      update partywall.fleet_work as work
      set lease_until = ${leaseEnd('$3')}
      where work.key = $1::text
        and work.holder = $2::uuid
        and work.state = 'running'
      returning work.tenant_id::text as id`,
    values: [key, holder, leaseMs],
  }
}

/** No row when another holder has taken the tenant over, or the tenant was deleted. */
export function endWorkSql(key: string, tenantId: string, holder: string, state: 'done' | 'failed'): Statement {
  return {
    text: `
      update partywall.fleet_work as work
      set state = $4::text,
          ended_at = pg_catalog.clock_timestamp()
      where work.key = $1::text
        and work.tenant_id = $2::uuid
        and work.holder = $3::uuid
        and work.state = 'running'
      returning work.tenant_id::text as id`,
    values: [key, tenantId, holder, state],
  }
}

export const listWorkSql: Statement = {
  text: `
    select
      work.key as key,
      count(*) filter (where work.state = 'done') as done,
      count(*) filter (where work.state = 'failed') as failed,
      count(*) filter (where work.state = 'running' and work.lease_until >= pg_catalog.clock_timestamp()) as running,
      count(*) filter (where work.state = 'running' and work.lease_until < pg_catalog.clock_timestamp()) as interrupted,
      pg_catalog.floor(extract(epoch from min(work.started_at)) * 1000) as "startedAt",
      pg_catalog.floor(extract(epoch from max(coalesce(work.ended_at, work.started_at))) * 1000) as "lastAt"
    from partywall.fleet_work as work
    group by work.key
    order by work.key`,
}

/** How many records there were; none where a holder is at work. */
export function forgetWorkSql(key: string): Statement {
  return {
    text: `
      with forgotten as (
        delete from partywall.fleet_work as work
        where work.key = $1::text
          and not exists (
            select from partywall.fleet_work as other
            where other.key = $1::text and other.state = 'running' and other.lease_until >= pg_catalog.clock_timestamp()
          )
        returning work.tenant_id
      )
      select count(*)::text as forgotten from forgotten`,
    values: [key],
  }
}

function leaseEnd(parameter: string): string {
  return `pg_catalog.clock_timestamp() + ${parameter}::double precision * interval '1 millisecond'`
}
