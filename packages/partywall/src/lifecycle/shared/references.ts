/** Where rows of tenants refer to a row of a shared table: by foreign keys, which PostgreSQL knows, and by columns that the caller names. */
import { TenancyError } from '../../errors.ts'
import { identifier } from '../../names/identifier.ts'
import { readJson } from '../../sql/json-rows.ts'
import { sqlStateOf } from '../../sql/sqlstate.ts'
import type { Queryable, Statement } from '../../sql/statement.ts'
import type { FoundRow, SharedRow } from './shared-row.ts'

export interface SharedReference {
  /** Absent for a table that belongs to no tenant, such as another shared table. */
  readonly tenantId?: string
  readonly schema: string
  readonly table: string
  readonly columns: readonly string[]
  readonly by: 'foreign key' | 'column'
  readonly rows: number
}

/** A place that may hold references. */
export interface Place extends Omit<SharedReference, 'rows'> {
  /** The table as SQL. */
  readonly name: string
  /** The same columns, with what they are compared with: a column of the shared row, and the type of the comparison. */
  readonly links: readonly { readonly column: string; readonly of: string; readonly type: string; readonly isRequired: boolean }[]
}

/** All places, as the transaction sees them. One statement, and one where columns are named. */
export async function placesOf(queryable: Queryable, row: FoundRow, columns: SharedRow['columns'] = []): Promise<Place[]> {
  const byKey = await readJson<PlaceRow>(queryable, foreignKeysSql(row.oid))
  const byColumn = columns.length === 0 ? [] : await readJson<PlaceRow>(queryable, namedColumnsSql(columns))
  if (byColumn.length > 0 && row.primaryKey.length !== 1) {
    throw new TenancyError(
      'INVALID_ARGUMENT',
      `"columns" hold the primary key of the shared row, and that of ${JSON.stringify(row.table)} is not one column.`,
      { details: { option: 'columns', what: 'shared' } },
    )
  }
  const places = [
    ...byKey.map((one) => placeOf(one, 'foreign key')),
    ...byColumn.map((one) => placeOf({ ...one, of: [row.primaryKey[0]!] }, 'column')),
  ]
  // A column with a foreign key may be named, too.
  const known = new Set(places.filter(({ by }) => by === 'foreign key').map(nameOf))
  return places.filter((place) => place.by === 'foreign key' || !known.has(nameOf(place)))
}

interface PlaceRow {
  readonly tenantId: string | null
  readonly schema: string
  readonly table: string
  readonly columns: readonly string[]
  readonly of: readonly string[]
  readonly types: readonly string[]
  readonly required: readonly boolean[]
}

function nameOf({ name, columns }: Place): string {
  return JSON.stringify([name, columns])
}

function placeOf({ tenantId, schema, table, columns, of, types, required }: PlaceRow, by: Place['by']): Place {
  return {
    ...(tenantId !== null && { tenantId }),
    schema,
    table,
    columns,
    by,
    name: `${identifier(schema)}.${identifier(table)}`,
    links: columns.map((column, at) => ({ column, of: of[at]!, type: types[at]!, isRequired: required[at]! })),
  }
}

/** How many places are counted by one statement. */
const placesAtOnce = 100

/** The places with rows, and how many. One statement for 100 places. */
export async function countReferences(
  queryable: Queryable,
  row: FoundRow,
  places: readonly Place[],
): Promise<(Place & SharedReference)[]> {
  const found: (Place & SharedReference)[] = []
  for (let from = 0; from < places.length; from += placesAtOnce) {
    const some = places.slice(from, from + placesAtOnce)
    const values: string[] = []
    const parts = some.map(
      (place, at) => `select ${at} as at, count(*) as rows from ${place.name} as part where ${conditionOf(row, place, values)}`,
    )
    const counts = await explained(
      readJson<{ at: number; rows: number }>(queryable, { text: parts.join('\n union all '), values }),
    )
    for (const { at, rows } of counts) if (rows > 0) found.push({ ...some[at]!, rows })
  }
  return found
}

/** `part` is the table of the place. @param values what the parameters of the statement are; those of the condition are added */
export function conditionOf(row: FoundRow, { links }: Place, values: string[]): string {
  return links
    .map(({ column, of, type }) => {
      const value = row.columns.get(of)?.value
      if (value === undefined || value === null) return 'false'
      return `part.${identifier(column)} = $${values.push(value)}::text::${type}`
    })
    .join(' and ')
}

async function explained<T>(counting: Promise<T>): Promise<T> {
  try {
    return await counting
  } catch (error) {
    if (!/^(?:22|42883)/.test(sqlStateOf(error) ?? '')) throw error
    throw new TenancyError(
      'INVALID_ARGUMENT',
      'A column of "columns" cannot hold the primary key of the shared row: its type is another one. The error of the server is the cause.',
      { details: { option: 'columns', what: 'shared' }, cause: error },
    )
  }
}

/** Of partitioned tables only the whole. The comparison has the type of the referenced column, as that of the foreign key has. */
function foreignKeysSql(oid: string): Statement {
  return {
    text: `
      select
        tenant.id::text as "tenantId",
        space.nspname::text as schema,
        class.relname::text as table,
        pg_catalog.array_agg(own.attname::text order by part.place) as columns,
        pg_catalog.array_agg(other.attname::text order by part.place) as of,
        pg_catalog.array_agg(pg_catalog.format_type(other.atttypid, other.atttypmod) order by part.place) as types,
        pg_catalog.array_agg(own.attnotnull order by part.place) as required
      from pg_catalog.pg_constraint as key
      join pg_catalog.pg_class as class on class.oid = key.conrelid
      join pg_catalog.pg_namespace as space on space.oid = class.relnamespace
      cross join lateral rows from (pg_catalog.unnest(key.conkey), pg_catalog.unnest(key.confkey)) with ordinality as part (own, other, place)
      join pg_catalog.pg_attribute as own on own.attrelid = key.conrelid and own.attnum = part.own
      join pg_catalog.pg_attribute as other on other.attrelid = key.confrelid and other.attnum = part.other
      left join partywall.tenants as tenant on tenant.schema = space.nspname::text
      where key.contype = 'f'
        and key.confrelid = $1::oid
        and key.conparentid = 0
      group by key.oid, tenant.id, space.nspname, class.relname
      order by space.nspname, class.relname, key.oid`,
    values: [oid],
  }
}

/** In the schemas of all tenants, whatever their status. The comparison has the type of the column itself. */
function namedColumnsSql(columns: NonNullable<SharedRow['columns']>): Statement {
  return {
    text: `
      select
        tenant.id::text as "tenantId",
        tenant.schema as schema,
        class.relname::text as table,
        array[own.attname::text] as columns,
        array[]::text[] as of,
        array[pg_catalog.format_type(own.atttypid, own.atttypmod)] as types,
        array[own.attnotnull] as required
      from rows from (pg_catalog.unnest($1::text[]), pg_catalog.unnest($2::text[])) as given (relation, attribute)
      cross join partywall.tenants as tenant
      join pg_catalog.pg_namespace as space on space.nspname = tenant.schema::name
      join pg_catalog.pg_class as class
        on class.relnamespace = space.oid and class.relname = given.relation::name and class.relkind in ('r', 'p')
      join pg_catalog.pg_attribute as own
        on own.attrelid = class.oid and own.attname = given.attribute::name and own.attnum > 0 and not own.attisdropped
      order by tenant.schema, class.relname`,
    values: [columns.map(({ table }) => table), columns.map(({ column }) => column)],
  }
}
