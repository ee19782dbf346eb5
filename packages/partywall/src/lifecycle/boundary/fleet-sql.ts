/** The tenants that work on boundaries is for. The deploy role reads them: that of the catalog may not exist yet. */
import type { parseTenantRef } from '../../catalog/tenants/tenant-ref.ts'
import type { CheckedSelection } from '../../catalog/tenants/selection.ts'
import type { Statement } from '../../sql/statement.ts'

export interface FleetMember {
  readonly id: string
  readonly schema: string
  readonly kind: string
}

/** @returns SQL for all tenants of a selection without names */
export function fleetSql({ kinds, status }: Pick<CheckedSelection, 'kinds' | 'status'>): Statement {
  return {
    text: `
      select tenant.id::text as id, tenant.schema::text as schema, tenant.kind
      from partywall.tenants as tenant
      where ($1::text[] is null or tenant.kind = any ($1::text[]))
        and ($2::text[] is null or tenant.status = any ($2::text[]))
      order by tenant.schema`,
    values: [kinds ?? null, status ?? null],
  }
}

/** @returns SQL for the one tenant that a reference names */
export function memberSql(ref: ReturnType<typeof parseTenantRef>): Statement {
  return {
    text: `
      select tenant.id::text as id, tenant.schema::text as schema, tenant.kind
      from partywall.tenants as tenant
      where case $1::text
        when 'id' then tenant.id::text = $2::text
        when 'schema' then tenant.schema = $2::text
        when 'externalId' then tenant.external_id = $2::text
        else tenant.id = (select domain.tenant_id from partywall.domains as domain where domain.domain = $2::text) end`,
    values: [ref.by, ref.value],
  }
}
