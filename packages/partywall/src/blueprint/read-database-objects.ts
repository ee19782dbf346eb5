/** Lists what a database holds outside of some schemas, so that work in these schemas can be shown to have changed nothing else. */
import { createHash } from 'node:crypto'
import { TenancyError } from '../errors.ts'
import type { Queryable } from '../sql/statement.ts'
import type { Blueprint } from './blueprint.ts'
import { type DatabaseFact, databaseFactsSql, otherSchemasSql } from './database-facts-sql.ts'
import type { DatabaseObject, DatabaseObjectChange } from './database-object.ts'
import { readBlueprint } from './read-blueprint.ts'

/**
 * One entry for each object outside of these schemas: what other schemas hold, the schemas themselves, and what belongs to no schema, such as
 * extensions, roles, event triggers and default privileges. What PostgreSQL or an extension brings is left out, as are the histories of
 * migrations. Compare two listings of one database with `compareDatabaseObjects`.
 *
 * It takes some 20 ms and one round trip for each other schema. Roles and their settings belong to the whole server, so another database
 * may be the reason why they change.
 * @param except the schemas to leave out. One that does not exist is left out, too, so the same list can be used before it is created
 */
export async function readDatabaseObjects(queryable: Queryable, except: readonly string[]): Promise<readonly DatabaseObject[]> {
  const { rows: schemas } = await queryable.query<{ schema: string }>(otherSchemasSql(except))
  const { rows: facts } = await queryable.query<DatabaseFact>(databaseFactsSql(except))
  const objects = facts.map(({ kind, name, definition }) => ({ kind, schema: null, name, hash: hashOf(definition) }))
  for (const { schema } of schemas) objects.push(...((await objectsOf(queryable, schema)) as typeof objects))
  return objects
}

/** What is in `after` and not in `before`, or otherwise; in the order of schema, kind and name. */
export function compareDatabaseObjects(
  before: readonly DatabaseObject[],
  after: readonly DatabaseObject[],
): readonly DatabaseObjectChange[] {
  const [old, current] = [keyed(before), keyed(after)]
  return [...new Set([...old.keys(), ...current.keys()])].toSorted().flatMap((key) => {
    const [was, is] = [old.get(key), current.get(key)]
    if (was?.hash === is?.hash) return []
    const { kind, schema, name } = (is ?? was)!
    return [{ change: was === undefined ? 'created' : is === undefined ? 'dropped' : 'changed', kind, schema, name }]
  })
}

function keyed(objects: readonly DatabaseObject[]): Map<string, DatabaseObject> {
  return new Map(objects.map((object) => [`${object.schema ?? ''}\0${object.kind}\0${object.name}`, object]))
}

async function objectsOf(queryable: Queryable, schema: string): Promise<readonly DatabaseObject[]> {
  const blueprint = await blueprintOf(queryable, schema)
  if (blueprint === undefined) return []
  const lists: readonly (readonly [kind: string, list: readonly { readonly name: string; readonly kind?: string }[]])[] = [
    ['relation', blueprint.relations],
    ['sequence', blueprint.sequences],
    ['type', blueprint.types],
    ['routine', blueprint.routines],
    ['statistics', blueprint.statistics],
    ['collation', blueprint.collations],
    ['text search dictionary', blueprint.dictionaries],
    ['text search configuration', blueprint.configurations],
    ['default privileges', blueprint.defaultPrivileges],
    ['object', blueprint.unmodeled],
  ]
  return lists.flatMap(([kind, list]) =>
    list.map((object) => ({ kind: object.kind ?? kind, schema, name: object.name, hash: hashOf(JSON.stringify(object)) })),
  )
}

/** Undefined when the schema was dropped since the list of schemas was read. */
async function blueprintOf(queryable: Queryable, schema: string): Promise<Blueprint | undefined> {
  try {
    return await readBlueprint(queryable, schema)
  } catch (error) {
    if (error instanceof TenancyError && error.code === 'SCHEMA_MISSING') return undefined
    throw error
  }
}

function hashOf(definition: string): string {
  return createHash('sha256').update(definition).digest('hex')
}
