/** A schema that is named as a place beside the tenants: in one of a tenant, its tables would be mixed with those of another customer. */
import { TenancyError } from '../../errors.ts'
import { catalogSchema } from '../../names/identifier.ts'
import type { Queryable, Statement } from '../../sql/statement.ts'

/** One query. @throws TenancyError INVALID_ARGUMENT */
export async function assertNoTenant(queryable: Queryable, schema: string, option: string, call: string): Promise<void> {
  if (!isOfSystem(schema) && (await queryable.query(tenantOfSql(schema))).rows.length === 0) return
  throw new TenancyError(
    'INVALID_ARGUMENT',
    `"${option}" of ${call} is ${JSON.stringify(schema)}, the schema of a tenant or of the system. Choose another schema.`,
    { details: { option } },
  )
}

function isOfSystem(schema: string): boolean {
  return schema === catalogSchema || /^pg_|^information_schema$/.test(schema)
}

function tenantOfSql(schema: string): Statement {
  return { text: 'select from partywall.tenants as tenant where tenant.schema = $1::text', values: [schema] }
}
