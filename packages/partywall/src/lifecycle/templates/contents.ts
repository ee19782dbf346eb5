/** What a schema holds besides its structure. */
import type { Blueprint } from '../../blueprint/blueprint.ts'
import type { Contents } from '../../catalog/templates/template.ts'
import type { Queryable } from '../../sql/statement.ts'
import { movedSequencesSql, rowDigestsSql, tablesOf } from './rows-sql.ts'

/** At most two queries, which read all rows. @param names only these tables. @default all */
export async function readContents(
  queryable: Queryable,
  schema: string,
  blueprint: Blueprint,
  names?: readonly string[],
): Promise<Contents> {
  const tables = tablesOf(blueprint).filter(({ name }) => names === undefined || names.includes(name))
  const { sequences } = blueprint
  return {
    tables: tables.length === 0 ? [] : (await queryable.query<Contents['tables'][number]>(rowDigestsSql(schema, tables))).rows,
    sequences:
      sequences.length === 0
        ? []
        : (await queryable.query<{ name: string }>(movedSequencesSql(schema, blueprint))).rows.map(({ name }) => name),
  }
}

/** Tables whose rows differ. */
export function differentRows(one: Contents, other: Contents): readonly string[] {
  const digests = new Map(other.tables.map(({ name, digest }) => [name, digest]))
  const names = new Set([...one.tables, ...other.tables].map(({ name }) => name))
  const own = new Map(one.tables.map(({ name, digest }) => [name, digest]))
  return [...names].filter((name) => own.get(name) !== digests.get(name)).toSorted()
}
