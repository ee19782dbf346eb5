/** Where a lead stands in its column of the board: a number between those of its neighbours. */
import type { ClientBase } from 'pg'
import { ApiProblem } from '../api/problems.ts'

const step = 1024

export async function endOf(client: ClientBase, stage: string): Promise<number> {
  const { rows } = await client.query<{ last: number }>('select coalesce(max(position), 0) as last from leads where stage = $1', [
    stage,
  ])
  return rows[0]!.last + step
}

/**
 * @param before the lead of the column in front of which it comes; null: at the end
 * @throws ApiProblem where the column has no such lead
 */
export async function placeBefore(client: ClientBase, id: number, stage: string, before: number | null): Promise<number> {
  if (before === null) return endOf(client, stage)
  const place = await between(client, id, stage, before)
  if (place !== undefined) return place
  // The numbers have come too close. A board of thousands gets here after some fifty moves to one place.
  await client.query(
    `update leads set position = numbered.place * $2::float8
     from (select id, row_number() over (order by position, id) as place from leads where stage = $1) as numbered
     where leads.id = numbered.id`,
    [stage, step],
  )
  return (await between(client, id, stage, before))!
}

async function between(client: ClientBase, id: number, stage: string, before: number): Promise<number | undefined> {
  const { rows } = await client.query<{ next: number; previous: number | null }>(
    `select n.position as next,
       (select max(p.position) from leads p where p.stage = n.stage and p.id <> $1 and (p.position, p.id) < (n.position, n.id)) as previous
     from leads n where n.id = $3 and n.stage = $2 and n.id <> $1`,
    [id, stage, before],
  )
  if (rows[0] === undefined) throw new ApiProblem(400, 'INVALID_REFERENCE', 'The column has no such lead.')
  const { next, previous } = rows[0]
  const place = previous === null ? next - step : (previous + next) / 2
  return place < next && (previous === null || place > previous) ? place : undefined
}
