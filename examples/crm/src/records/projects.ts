import type { z } from 'zod'
import type { ApiRoute } from '../api/route.ts'
import { newProject, project, projectChanges, projectPage, projectQuery } from '../api/schemas/projects.ts'
import type { Parts } from '../parts.ts'
import { recordRoutes } from './record-routes.ts'
import { searchQuery, Where } from './where.ts'

type Query = z.output<typeof projectQuery>

export function projectRoutes(parts: Pick<Parts, 'tenancy'>): ApiRoute[] {
  const routes = recordRoutes(parts, {
    kind: 'project',
    path: '/api/projects',
    table: 'projects',
    select: `r.id, r.name, r.status, r.customer_id as "customerId", c.name as "customerName", r.budget_cents::float8 as "budgetCents",
      r.starts_on::text as "startsOn", r.ends_on::text as "endsOn",
      (select count(*)::int from tasks t where t.project_id = r.id and t.done_at is null) as "openTasks",
      r.created_at as "createdAt", r.updated_at as "updatedAt"`,
    from: 'projects r left join customers c on c.id = r.customer_id',
    title: 'name',
    columns: {
      name: 'name',
      status: 'status',
      customerId: 'customer_id',
      budgetCents: 'budget_cents',
      startsOn: 'starts_on',
      endsOn: 'ends_on',
    },
    schemas: { query: projectQuery, page: projectPage, one: project, create: newProject, change: projectChanges },
    where: ({ search, status, customerId }: Query) =>
      new Where()
        .add(search || undefined, (text) => `r.search @@ ${searchQuery(text)}`)
        .add(status, (value) => `r.status = ${value}`)
        .add(customerId, (value) => `r.customer_id = ${value}`),
    orderBy: () => 'r.id desc',
    mayDelete: { can: 'records.delete' },
  })
  return Object.values(routes)
}
