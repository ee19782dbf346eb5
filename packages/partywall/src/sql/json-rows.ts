/** Rows as JSON: an application may have changed how node-postgres reads booleans, numbers and arrays. */
import type { Queryable, Statement } from './statement.ts'

/** Costs what the statement costs. Its columns need names. */
export async function readJson<Row>(queryable: Queryable, { text, values }: Statement): Promise<Row[]> {
  const { rows } = await queryable.query<{ row: string }>({
    text: `select pg_catalog.row_to_json(answer)::text as row from (${text}\n) as answer`,
    ...(values && { values }),
  })
  return rows.map(({ row }) => JSON.parse(row) as Row)
}
