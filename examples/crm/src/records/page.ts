import type { Pool } from 'pg'
import type { Page } from '../api/schemas/common.ts'
import type { Where } from './where.ts'

/** One page of a list, and how many rows there are. `select` and the others are SQL of this app; what a client sends is in `where`. */
export async function readPage(
  pool: Pool,
  given: { select: string; from: string; where: Where; orderBy: string; page: number; limit: number },
): Promise<Page<unknown>> {
  const { select, from, where, orderBy, page, limit } = given
  const values = [...where.values]
  const counting = pool.query<{ total: number }>(`select count(*)::int as total from ${from} ${where.toString()}`, values)
  const last = values.length
  const reading = pool.query(
    `select ${select} from ${from} ${where.toString()} order by ${orderBy} limit $${last + 1} offset $${last + 2}`,
    [...values, limit, (page - 1) * limit],
  )
  const [counted, read] = await Promise.all([counting, reading])
  return { items: read.rows, total: counted.rows[0]!.total, page, limit }
}
