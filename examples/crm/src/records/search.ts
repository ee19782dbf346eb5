/** One search over all kinds, in the words of which a text has the beginnings. Plain full text search of PostgreSQL: no extension. */
import { route, type ApiRoute } from '../api/route.ts'
import { hits, searchQuery as searchRequest } from '../api/schemas/search.ts'
import type { Parts } from '../parts.ts'
import { searchQuery } from './where.ts'

const about = 'customer_id as "customerId", lead_id as "leadId", project_id as "projectId"'
const nothing = 'null::int as "customerId", null::int as "leadId", null::int as "projectId"'

/** The best of each kind first; a page of one kind is what the lists are for. */
const text = `
  with wanted as materialized (select ${searchQuery('$1')} as query)
  select kind, id, title, detail, "customerId", "leadId", "projectId" from (
    (select 1 as place, 'customer' as kind, id, name as title, nullif(concat_ws(', ', contact, city), '') as detail, ${nothing}, ts_rank(search, query) as rank
     from customers, wanted where search @@ query order by rank desc, id limit $2)
    union all
    (select 2, 'lead', id, title, stage, customer_id, null, null, ts_rank(search, query) as rank
     from leads, wanted where search @@ query order by rank desc, id limit $2)
    union all
    (select 3, 'project', id, name, status, customer_id, null, null, ts_rank(search, query) as rank
     from projects, wanted where search @@ query order by rank desc, id limit $2)
    union all
    (select 4, 'task', id, title, due_on::text, ${about}, ts_rank(search, query) as rank
     from tasks, wanted where search @@ query order by rank desc, id limit $2)
    union all
    (select 5, 'note', id, left(text, 120), null, ${about}, ts_rank(search, query) as rank
     from notes, wanted where search @@ query order by rank desc, id limit $2)
    union all
    (select 6, 'file', id, name, content_type, ${about}, ts_rank(search, query) as rank
     from files, wanted where search @@ query order by rank desc, id limit $2)
  ) as found
  order by rank desc, place, id
  limit $2`

export function searchRoutes({ tenancy }: Pick<Parts, 'tenancy'>): ApiRoute[] {
  return [
    route({
      method: 'get',
      path: '/api/search',
      side: 'tenant',
      rule: 'member',
      summary: 'Searches customers, leads, projects, tasks, notes and files',
      query: searchRequest,
      answer: hits,
      handle: async ({ query: { q, limit } }) => ({ items: (await tenancy.pool.query(text, [q, limit])).rows }),
    }),
  ]
}
