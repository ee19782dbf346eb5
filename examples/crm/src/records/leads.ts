import { memberOf } from 'partywall/express'
import type { z } from 'zod'
import { notFound } from '../api/problems.ts'
import { route, type ApiRoute } from '../api/route.ts'
import { idParam } from '../api/schemas/common.ts'
import { board, lead, leadChanges, leadMove, leadPage, leadQuery, newLead, stages } from '../api/schemas/leads.ts'
import type { Parts } from '../parts.ts'
import { inTransaction } from '../transaction.ts'
import { noteActivity } from './activity.ts'
import { endOf, placeBefore } from './lead-places.ts'
import { recordRoutes } from './record-routes.ts'
import { searchQuery, Where } from './where.ts'

const select = `r.id, r.title, r.stage, r.position, r.value_cents::float8 as "valueCents", r.customer_id as "customerId", c.name as "customerName",
  r.owner_id as "ownerId", u.name as "ownerName", r.expected_on::text as "expectedOn", r.closed_at as "closedAt",
  r.created_at as "createdAt", r.updated_at as "updatedAt"`
const from = 'leads r left join customers c on c.id = r.customer_id left join "user" u on u.id = r.owner_id'
const inColumn = 50

export function leadRoutes(parts: Pick<Parts, 'tenancy'>): ApiRoute[] {
  const { tenancy } = parts
  const routes = recordRoutes(parts, {
    kind: 'lead',
    path: '/api/leads',
    table: 'leads',
    select,
    from,
    title: 'title',
    columns: {
      title: 'title',
      stage: 'stage',
      position: 'position',
      valueCents: 'value_cents',
      customerId: 'customer_id',
      ownerId: 'owner_id',
      expectedOn: 'expected_on',
      closedAt: 'closed_at',
    },
    schemas: { query: leadQuery, page: leadPage, one: lead, create: newLead, change: leadChanges },
    where: ({ search, stage, customerId }: z.output<typeof leadQuery>) =>
      new Where()
        .add(search || undefined, (text) => `r.search @@ ${searchQuery(text)}`)
        .add(stage, (value) => `r.stage = ${value}`)
        .add(customerId, (value) => `r.customer_id = ${value}`),
    orderBy: () => 'r.id desc',
    fill: async (client, { stage }: z.output<typeof newLead>) => ({
      position: await endOf(client, stage),
      ...(isClosed(stage) && { closedAt: new Date() }),
    }),
    mayDelete: { can: 'records.delete' },
  })

  const readBoard = route({
    method: 'get',
    path: '/api/leads/board',
    side: 'tenant',
    rule: 'member',
    summary: `The board: each stage with its first ${inColumn} leads, and the count and the sum of all`,
    answer: board,
    handle: async () => {
      const [sums, leads] = await Promise.all([
        tenancy.pool.query<{ stage: string; count: number; valueCents: number }>(
          'select stage, count(*)::int as count, sum(value_cents)::float8 as "valueCents" from leads group by stage',
        ),
        tenancy.pool.query<{ stage: string }>(
          `select * from (
             select ${select}, row_number() over (partition by r.stage order by r.position, r.id) as place from ${from}
           ) as placed where place <= $1 order by place`,
          [inColumn],
        ),
      ])
      const columns = stages.map((stage) => ({
        ...(sums.rows.find((sum) => sum.stage === stage) ?? { stage, count: 0, valueCents: 0 }),
        leads: leads.rows.filter((each) => each.stage === stage),
      }))
      return { columns }
    },
  })

  const move = route({
    method: 'post',
    path: '/api/leads/:id/move',
    side: 'tenant',
    rule: 'member',
    summary: 'Moves a lead to another stage, or to another place in its own',
    params: idParam,
    body: leadMove,
    answer: lead,
    handle: ({ params, body, req }) =>
      inTransaction(tenancy.pool, async (client) => {
        // Two moves at once would both see the same gap.
        await client.query('lock table leads in share row exclusive mode')
        const known = await client.query<{ stage: string; title: string }>('select stage, title from leads where id = $1', [
          params.id,
        ])
        if (known.rows[0] === undefined) throw notFound()
        const { stage: old, title } = known.rows[0]
        const position = await placeBefore(client, params.id, body.stage, body.before ?? null)
        await client.query(
          `update leads set stage = $2, position = $3, updated_at = now(),
             closed_at = case when $4::boolean then coalesce(closed_at, now()) end
           where id = $1`,
          [params.id, body.stage, position, isClosed(body.stage)],
        )
        if (old !== body.stage)
          await noteActivity(client, {
            userId: memberOf(req).userId,
            action: 'moved',
            kind: 'lead',
            objectId: params.id,
            title: `${title}: ${old} → ${body.stage}`,
          })
        const { rows } = await client.query(`select ${select} from ${from} where r.id = $1`, [params.id])
        return rows[0]
      }),
  })

  // In front of `/api/leads/:id`.
  return [readBoard, ...Object.values(routes), move]
}

function isClosed(stage: string): boolean {
  return stage === 'won' || stage === 'lost'
}
