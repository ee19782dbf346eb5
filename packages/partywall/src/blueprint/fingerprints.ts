/** Finds out which of many schemas have the same structure, without bringing their structures here. */
import { createHash } from 'node:crypto'
import type { Queryable } from '../sql/statement.ts'
import { readSchemas } from './read-schemas.ts'
import { structureHashSql } from './structure-sql.ts'

/** So many schemas are read by one statement: about a second, and some megabytes in the server. */
const batch = 100

/**
 * A hash of the structure of each schema, by the name of the schema. Two schemas have the same hash if and only if `readBlueprint` gives the
 * same for both, on the same major version of PostgreSQL. A schema that does not exist is not in the result.
 *
 * It takes some milliseconds for a schema of 20 tables, and one round trip for 100 schemas.
 */
export async function readFingerprints(queryable: Queryable, schemas: readonly string[]): Promise<Map<string, string>> {
  const fingerprints = new Map<string, string>()
  for (let start = 0; start < schemas.length; start += batch) {
    const found = await readSchemas<Hashes>(queryable, structureHashSql(schemas.slice(start, start + batch)))
    for (const { schema, ...hashes } of found) {
      fingerprints.set(schema, createHash('sha256').update(JSON.stringify(hashes)).digest('hex'))
    }
  }
  return fingerprints
}

type Hashes = { readonly schema: string } & Readonly<Record<string, string>>
