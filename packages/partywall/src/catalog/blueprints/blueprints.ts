/**
 * What a tenant should look like: the structure that its migrations gave in an empty schema. It is made by `lifecycle/drift/`, and kept here, so
 * that the next process need not make it, also one that has other files.
 */
import type { Blueprint } from '../../blueprint/blueprint.ts'
import type { Queryable } from '../../sql/statement.ts'
import { keepSql, keptSql } from './blueprints-sql.ts'
import type { KeptBlueprint } from './kept-blueprint.ts'

export type { KeptBlueprint } from './kept-blueprint.ts'

/** Undefined when none is kept for the server's major version. One query. */
export async function readKept(queryable: Queryable, kind: string, digest: string): Promise<KeptBlueprint | undefined> {
  const { rows } = await queryable.query<Omit<KeptBlueprint, 'blueprint'> & { blueprint: string }>(keptSql(kind, digest))
  return rows[0] && { ...rows[0], blueprint: JSON.parse(rows[0].blueprint) as Blueprint }
}

/** One statement. @param queryable of the deploy role: the application reads what is kept, and writes nothing of it */
export async function keep(queryable: Queryable, kind: string, digest: string, kept: KeptBlueprint): Promise<void> {
  await queryable.query(keepSql(kind, digest, kept))
}
