/** Reads the structure of one schema in one round trip, whatever else is in the database. */
import { TenancyError } from '../errors.ts'
import type { Queryable } from '../sql/statement.ts'
import { assemble, type Found } from './assemble.ts'
import type { Blueprint } from './blueprint.ts'
import { readSchemas } from './read-schemas.ts'
import { structureSql } from './structure-sql.ts'

/**
 * The structure of a schema. Every role may read it, because PostgreSQL's catalog is open to all.
 * @param queryable a pool, a client or a transaction. Its search path does not matter, and is the same afterwards
 * @throws TenancyError SCHEMA_MISSING
 * @example const differences = compareBlueprints(await readBlueprint(pool, 'acme'), await readBlueprint(pool, 'globex'))
 */
export async function readBlueprint(queryable: Queryable, schema: string): Promise<Blueprint> {
  const found = (await readBlueprints(queryable, [schema])).get(schema)
  if (found !== undefined) return found
  throw new TenancyError(
    'SCHEMA_MISSING',
    `There is no schema ${JSON.stringify(schema)} in the database, so it has no structure to read.`,
    {
      details: { schema },
    },
  )
}

/** Those of several schemas, by their names, in one statement. One that does not exist is not in the result. */
export async function readBlueprints(queryable: Queryable, schemas: readonly string[]): Promise<ReadonlyMap<string, Blueprint>> {
  const found = await readSchemas<Found & { readonly schema: string }>(queryable, structureSql(schemas))
  return new Map(found.map((one) => [one.schema, assemble(one)]))
}
