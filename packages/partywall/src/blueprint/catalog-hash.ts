import type { Queryable } from '../sql/statement.ts'
import { catalogHashSql } from './catalog-hash-sql.ts'

/**
 * A hash of what PostgreSQL's catalogs say of a schema, the table of its history included. Two schemas of one database with the same hash have the same structure, as
 * `readBlueprint` gives it; with different ones they may have. So it answers, in less than half of the time of `readFingerprints`, for schemas that the same statements
 * make again and again. Undefined: there is no such schema. One round trip.
 */
export async function readCatalogHash(queryable: Queryable, schema: string): Promise<string | undefined> {
  const { rows } = await queryable.query<{ hash: string }>(catalogHashSql(schema))
  return rows[0]?.hash
}
