/** What happened in a tenant, for its members to read. It is written in the transaction of the change. */
import type { ClientBase, Pool } from 'pg'
import { route, type ApiRoute } from '../api/route.ts'
import { activityPage, activityQuery, type Activity } from '../api/schemas/activity.ts'
import type { Parts } from '../parts.ts'
import { readPage } from './page.ts'
import { Where } from './where.ts'

export async function noteActivity(
  client: ClientBase | Pool,
  entry: Pick<Activity, 'action' | 'kind' | 'title'> & { userId: string | null; objectId?: number },
): Promise<void> {
  await client.query('insert into activity (user_id, action, kind, object_id, title) values ($1, $2, $3, $4, $5)', [
    entry.userId,
    entry.action,
    entry.kind,
    entry.objectId ?? null,
    entry.title.slice(0, 300),
  ])
}

export function activityRoutes({ tenancy }: Pick<Parts, 'tenancy'>): ApiRoute[] {
  return [
    route({
      method: 'get',
      path: '/api/activity',
      side: 'tenant',
      rule: 'member',
      summary: 'What happened, the newest first',
      query: activityQuery,
      answer: activityPage,
      handle: ({ query: { page, limit, kind, objectId } }) =>
        readPage(tenancy.pool, {
          select: 'r.id, r.at, r.user_id as "userId", u.name as "userName", r.action, r.kind, r.object_id as "objectId", r.title',
          from: 'activity r left join "user" u on u.id = r.user_id',
          where: new Where().add(kind, (value) => `r.kind = ${value}`).add(objectId, (value) => `r.object_id = ${value}`),
          orderBy: 'r.id desc',
          page,
          limit,
        }),
    }),
  ]
}
