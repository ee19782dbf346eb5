import type { z } from 'zod'
import type { ApiRoute } from '../api/route.ts'
import { newTask, task, taskChanges, taskPage, taskQuery } from '../api/schemas/tasks.ts'
import type { Parts } from '../parts.ts'
import { recordRoutes } from './record-routes.ts'
import { today } from './today.ts'
import { aboutWhere, Where } from './where.ts'

type Query = z.output<typeof taskQuery>

export function taskRoutes(parts: Pick<Parts, 'tenancy'>): ApiRoute[] {
  const routes = recordRoutes(parts, {
    kind: 'task',
    path: '/api/tasks',
    table: 'tasks',
    select: `r.id, r.title, r.done_at is not null as "isDone", r.done_at as "doneAt", r.due_on::text as "dueOn", r.assignee_id as "assigneeId",
      u.name as "assigneeName", r.customer_id as "customerId", r.lead_id as "leadId", r.project_id as "projectId",
      coalesce(p.name, l.title, c.name) as about, r.created_at as "createdAt", r.updated_at as "updatedAt"`,
    from: `tasks r left join "user" u on u.id = r.assignee_id left join customers c on c.id = r.customer_id
      left join leads l on l.id = r.lead_id left join projects p on p.id = r.project_id`,
    title: 'title',
    columns: {
      title: 'title',
      dueOn: 'due_on',
      assigneeId: 'assignee_id',
      customerId: 'customer_id',
      leadId: 'lead_id',
      projectId: 'project_id',
      isDone: { column: 'done_at', sql: (done) => `case when ${done}::boolean then coalesce(done_at, now()) end` },
    },
    schemas: { query: taskQuery, page: taskPage, one: task, create: newTask, change: taskChanges },
    where: async (query: Query, userId) => {
      const day = query.overdue === true ? await today(parts.tenancy) : undefined
      return aboutWhere(new Where(), query)
        .add(query.mine === true ? userId : undefined, (me) => `r.assignee_id = ${me}`)
        .add(query.done, (done) => `(r.done_at is not null) = ${done}`)
        .add(day, (date) => `r.done_at is null and r.due_on < ${date}`)
    },
    orderBy: () => 'r.done_at is not null, r.due_on nulls last, r.id',
  })
  return Object.values(routes)
}
