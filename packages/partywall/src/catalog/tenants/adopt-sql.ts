/** Statements about tenants that are adopted, or released. */
import type { Statement } from '../../sql/statement.ts'
import { columns, type NewTenantRow } from './tenants-sql.ts'

export type AdoptedRow = Pick<NewTenantRow, 'schema' | 'name' | 'kind' | 'attributes' | 'externalId'>

/** Returns no row when a tenant has this schema already. A password comes later, with the rights. */
export function insertAdoptedSql({ schema, name, kind, attributes, externalId }: AdoptedRow): Statement {
  return {
    text: `
      insert into partywall.tenants as tenant (schema, name, kind, attributes, adopted, external_id)
      values ($1::text, $2::text, $3::text, $4::jsonb, true, $5::text)
      on conflict (schema) do nothing
      returning ${columns}`,
    values: [schema, name, kind, JSON.stringify(attributes), externalId ?? null],
  }
}

/** Its domains go with the row. */
export function removeTenantSql(id: string): Statement {
  return {
    text: `
      delete from partywall.tenants as tenant
      where tenant.id = $1::uuid
      returning ${columns}`,
    values: [id],
  }
}
