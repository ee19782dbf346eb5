/**
 * The tenants that django-tenants has recorded. Its models belong to the application, so their tables are found by the columns that the library's mixins
 * give them: schema_name; and domain, tenant_id, is_primary. The tables are read, and stay as they are.
 */
import { TenancyError } from '../../errors.ts'
import { identifier } from '../../names/identifier.ts'
import { readJson } from '../../sql/json-rows.ts'
import type { Queryable, Statement } from '../../sql/statement.ts'
import type { Candidate } from './candidate.ts'

export interface DjangoTables {
  /** The table of the tenant model, e.g. `customers_client`. @default the one with a column schema_name */
  readonly tenants?: string | undefined
  /** The table of the domain model, e.g. `customers_domain`. @default the one with the columns domain, tenant_id and is_primary */
  readonly domains?: string | undefined
}

/** @throws TenancyError INVALID_ARGUMENT where there is no such table, or several */
export async function readDjangoTenants(queryable: Queryable, schema: string, given: DjangoTables): Promise<Candidate[]> {
  const tenants = await only(queryable, schema, 'tenants', given.tenants, ['schema_name'])
  const domains = await only(queryable, schema, 'domains', given.domains, ['domain', 'tenant_id', 'is_primary'])
  const rows = await readJson<{ schema: string; name: string | null; domains: readonly string[] }>(
    queryable,
    tenantsSql(schema, tenants!, domains),
  )
  return rows.map(({ schema: own, name, domains: hosts }) => ({ schema: own, name: name?.trim() || undefined, domains: hosts }))
}

interface Table {
  readonly name: string
  readonly columns: readonly string[]
  readonly key: string | null
}

/** The table of the domain model may be missing. */
async function only(
  queryable: Queryable,
  schema: string,
  option: 'tenants' | 'domains',
  named: string | undefined,
  columns: readonly string[],
): Promise<Table | undefined> {
  const all = await readJson<Table>(queryable, tablesSql(schema, columns))
  const found = named === undefined ? all : all.filter(({ name }) => name === named)
  if (found.length === 1) return found[0]
  if (found.length === 0 && named === undefined && option === 'domains') return undefined
  const seen = found.length === 0 ? 'no table' : found.map(({ name }) => JSON.stringify(name)).join(', ')
  throw new TenancyError(
    'INVALID_ARGUMENT',
    `"django" of tenants.adoptAll looks in the schema ${JSON.stringify(schema)} for the table ${named === undefined ? '' : `${JSON.stringify(named)} `}of the ${option} of django-tenants, with the columns ` +
      `${columns.join(', ')}, and found ${seen}. Name the table: { django: { ${option}: '…' } }.`,
    { details: { option: 'django' } },
  )
}

function tablesSql(schema: string, columns: readonly string[]): Statement {
  return {
    text: `
      select relation.relname::text as name,
        array(
          select attribute.attname::text from pg_catalog.pg_attribute as attribute
          where attribute.attrelid = relation.oid and attribute.attnum > 0 and not attribute.attisdropped
        ) as columns,
        (
          select attribute.attname::text
          from pg_catalog.pg_constraint as key
          join pg_catalog.pg_attribute as attribute on attribute.attrelid = key.conrelid and attribute.attnum = key.conkey[1]
          where key.conrelid = relation.oid and key.contype = 'p'
        ) as key
      from pg_catalog.pg_class as relation
      where relation.relnamespace = (select oid from pg_catalog.pg_namespace where nspname = $1::pg_catalog.name)
        and relation.relkind in ('r', 'p')
        and (
          select pg_catalog.count(*) from pg_catalog.pg_attribute as attribute
          where attribute.attrelid = relation.oid and not attribute.attisdropped and attribute.attname = any ($2::pg_catalog.name[])
        ) = pg_catalog.cardinality($2::pg_catalog.name[])
      order by 1`,
    values: [schema, columns],
  }
}

/** The primary domain is the first one. */
function tenantsSql(schema: string, tenants: Table, domains: Table | undefined): Statement {
  const of = ({ name }: Table): string => `${identifier(schema)}.${identifier(name)}`
  const hosts =
    domains === undefined
      ? 'array[]::text[]'
      : `array(select host.domain::text from ${of(domains)} as host where host.tenant_id = client.${identifier(tenants.key ?? 'id')} order by host.is_primary desc, host.domain)`
  return {
    text: `
      select client.schema_name::text as schema, ${tenants.columns.includes('name') ? 'client.name::text' : 'null::text'} as name, ${hosts} as domains
      from ${of(tenants)} as client
      order by 1`,
  }
}
