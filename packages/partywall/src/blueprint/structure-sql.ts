/**
 * Everything that is read of a schema. The reader gets the rows, and the fingerprint is their hash, so neither sees more than the other,
 * except for what only rendering needs.
 */
import type { Found } from './assemble.ts'
import { attributesSelect, columnsSelect } from './columns-sql.ts'
import { constraintsSelect } from './constraints-sql.ts'
import { creationSelect } from './creation-sql.ts'
import { indexesSelect } from './indexes-sql.ts'
import { relationsSelect, sequencesSelect } from './relations-sql.ts'
import { collationsSelect, statisticsSelect, unmodeledSelect } from './rest-sql.ts'
import { routinesSelect } from './routines-sql.ts'
import { schemaFactsSelect } from './schema-facts-sql.ts'
import { policiesSelect, rulesSelect, triggersSelect } from './triggers-sql.ts'
import { configurationsSelect, dictionariesSelect } from './text-search-sql.ts'
import { typesSelect } from './types-sql.ts'
import { relativeSql } from './relative-sql.ts'
import type { Statement } from '../sql/statement.ts'

/** The rows of each of these schemas that exists. */
export function structureSql(schemas: readonly string[]): Statement {
  return relativeSql(schemas, { ...queries, creation: creationSelect }, `coalesce(pg_catalog.json_agg(item), '[]'::json)`)
}

/** The hashes of the rows. PostgreSQL prints a row faster as a record than as JSON. */
export function structureHashSql(schemas: readonly string[]): Statement {
  return relativeSql(schemas, queries, `pg_catalog.md5(coalesce(pg_catalog.string_agg(item::text, E'\\n'), ''))`)
}

const queries: Readonly<Record<Exclude<keyof Found, 'creation'>, string>> = {
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
  dictionaries: dictionariesSelect,
  configurations: configurationsSelect,
  unmodeled: unmodeledSelect,
}
