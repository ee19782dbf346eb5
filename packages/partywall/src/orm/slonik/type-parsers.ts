/**
 * slonik's type parsers name types; the server sends their numbers. A type in a tenant's schema has another number in each tenant, so a
 * parser can only be given for a type that is the same for all: PostgreSQL's own types, and those of the shared schema.
 */
import type { Pool, PoolClient } from 'pg'
import type { DriverTypeParser } from 'slonik'
import { parseArrayText } from '../../sql/literal.ts'
import { TenancyError } from '../../errors.ts'

type Parse = (value: string) => unknown

export interface NumberedTypes {
  /** For one query on this client; the parsers of the client read every type that slonik has none for. */
  of(client: Pick<PoolClient, 'getTypeParser'>): { getTypeParser(type: number, format?: any): Parse }
}

/** @throws TenancyError INVALID_OPTION for a type that does not exist, or of which each tenant has its own */
export async function numberTypes(sharedPool: Pick<Pool, 'query'>, parsers: readonly DriverTypeParser[]): Promise<NumberedTypes> {
  const found = await visibleTypes(
    sharedPool,
    parsers.map(({ name }) => name),
  )
  const single = new Map<number, Parse>()
  const list = new Map<number, Parse>()
  for (const { name, parse } of parsers) {
    const type = found.get(name)
    if (type === undefined) throw unknownType(name)
    single.set(type.oid, parse)
    list.set(type.typarray, parse)
  }
  return {
    of: (client) => ({
      getTypeParser(type, format) {
        const parseEach = list.get(type)
        if (parseEach === undefined) return single.get(type) ?? client.getTypeParser(type, format)
        return (text) => deep(parseArrayText(textArray, text), parseEach)
      },
    }),
  }
}

interface TypeRow {
  readonly typname: string
  readonly oid: number
  readonly typarray: number
}

async function visibleTypes(sharedPool: Pick<Pool, 'query'>, names: readonly string[]): Promise<Map<string, TypeRow>> {
  if (names.length === 0) return new Map()
  const { rows } = await sharedPool.query<TypeRow>(
    `select typname, oid, typarray
     from pg_catalog.pg_type
     where typname = any ($1::text[])
       and pg_catalog.pg_type_is_visible(oid)`,
    [names],
  )
  return new Map(rows.map((row) => [row.typname, row]))
}

/** Arrays may hold arrays, and null. */
function deep(value: unknown, parse: Parse): unknown {
  if (Array.isArray(value)) return value.map((item) => deep(item, parse))
  return value === null ? null : parse(value as string)
}

function unknownType(name: string): TenancyError {
  return new TenancyError(
    'INVALID_OPTION',
    `tenantSlonik cannot read the type ${JSON.stringify(name)} of "typeParsers": it is neither PostgreSQL's own nor in the shared schema. ` +
      "A type in the tenants' schemas has another number in each of them: leave its parser out, and select such columns as text (::text, ::text[]).",
    { details: { option: 'typeParsers', type: name } },
  )
}

/** The type text[]. */
const textArray = 1009
