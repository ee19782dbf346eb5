import type { Queryable, Statement } from '../sql/statement.ts'

/** The result of `relativeSql`. It comes as text, because an application may have told pg to read JSON in a way of its own. */
export async function readSchemas<T>(queryable: Queryable, statement: Statement): Promise<readonly T[]> {
  const { rows } = await queryable.query<{ schemas: string }>(statement)
  return JSON.parse(rows[0]!.schemas) as readonly T[]
}
