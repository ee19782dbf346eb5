/** Reads the structure of one schema in two round trips, whatever else is in the database. */
import { TenancyError } from '../errors.ts'
import type { Queryable } from '../sql/statement.ts'
import { assemble, type Found } from './assemble.ts'
import type { Blueprint } from './blueprint.ts'
import { attributesSelect, columnsSelect } from './columns-sql.ts'
import { constraintsSelect } from './constraints-sql.ts'
import { indexesSelect } from './indexes-sql.ts'
import { relationsSelect, sequencesSelect } from './relations-sql.ts'
import { relativeSql } from './relative-sql.ts'
import { collationsSelect, statisticsSelect, unmodeledSelect } from './rest-sql.ts'
import { routinesSelect } from './routines-sql.ts'
import { schemaFactsSelect, schemaIdSql } from './schema-facts-sql.ts'
import { policiesSelect, rulesSelect, triggersSelect } from './triggers-sql.ts'
import { typesSelect } from './types-sql.ts'

const queries: Readonly<Record<keyof Found, string>> = {
  facts: schemaFactsSelect,
  relations: relationsSelect,
  sequences: sequencesSelect,
  columns: columnsSelect,
  constraints: constraintsSelect,
  indexes: indexesSelect,
  triggers: triggersSelect,
  rules: rulesSelect,
  policies: policiesSelect,
  types: typesSelect,
  attributes: attributesSelect,
  routines: routinesSelect,
  statistics: statisticsSelect,
  collations: collationsSelect,
  unmodeled: unmodeledSelect,
}

/**
 * The structure of a schema. Every role may read it, because PostgreSQL's catalog is open to all.
 * @param queryable a pool, a client or a transaction. Its search path does not matter, and is the same afterwards
 * @throws TenancyError SCHEMA_MISSING
 * @example const differences = compareBlueprints(await readBlueprint(pool, 'acme'), await readBlueprint(pool, 'globex'))
 */
export async function readBlueprint(queryable: Queryable, schema: string): Promise<Blueprint> {
  const oid = (await queryable.query<{ oid: string }>(schemaIdSql(schema))).rows[0]?.oid
  if (oid === undefined) throw missing(schema)
  const found = (await queryable.query<Found>(relativeSql({ schema, oid }, queries))).rows[0]!
  // The schema was dropped between the two statements.
  if (found.facts.length === 0) throw missing(schema)
  return assemble(found)
}

function missing(schema: string): TenancyError<'SCHEMA_MISSING'> {
  return new TenancyError(
    'SCHEMA_MISSING',
    `There is no schema ${JSON.stringify(schema)} in the database, so its structure cannot be read.`,
    {
      details: { schema },
    },
  )
}
