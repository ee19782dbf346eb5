import type { z } from 'zod'
import { memberOf } from 'partywall/express'
import { ApiProblem, notFound } from '../api/problems.ts'
import type { ApiRoute, RouteInput } from '../api/route.ts'
import { newNote, note, noteChanges, notePage, noteQuery } from '../api/schemas/notes.ts'
import type { Parts } from '../parts.ts'
import { recordRoutes } from './record-routes.ts'
import { aboutWhere, Where } from './where.ts'

/** A note belongs to who wrote it. */
export function noteRoutes(parts: Pick<Parts, 'tenancy'>): ApiRoute[] {
  const { tenancy } = parts
  const { list, create, change, remove } = recordRoutes(parts, {
    kind: 'note',
    path: '/api/notes',
    table: 'notes',
    select: `r.id, r.text, r.author_id as "authorId", u.name as "authorName", r.customer_id as "customerId", r.lead_id as "leadId",
      r.project_id as "projectId", r.created_at as "createdAt", r.updated_at as "updatedAt"`,
    from: 'notes r left join "user" u on u.id = r.author_id',
    title: 'text',
    columns: { text: 'text', authorId: 'author_id', customerId: 'customer_id', leadId: 'lead_id', projectId: 'project_id' },
    schemas: { query: noteQuery, page: notePage, one: note, create: newNote, change: noteChanges },
    where: (query: z.output<typeof noteQuery>) => aboutWhere(new Where(), query),
    orderBy: () => 'r.id desc',
    fill: async (_client, _fields, authorId) => ({ authorId }),
  })

  const assertAuthor = async ({ params, req }: RouteInput<{ id: number }, unknown, unknown>): Promise<void> => {
    const { rows } = await tenancy.pool.query<{ author_id: string | null }>('select author_id from notes where id = $1', [
      params.id,
    ])
    if (rows[0] === undefined) throw notFound()
    const { userId } = memberOf(req)
    if (rows[0].author_id === userId) return
    if (req.method === 'DELETE' && (await mayDelete(userId))) return
    throw new ApiProblem(403, 'NOT_PERMITTED_ROLE', 'Only who wrote a note may do this.')
  }
  const mayDelete = async (userId: string): Promise<boolean> => {
    const required = { can: 'records.delete' }
    return await tenancy.members.check(tenancy.current(), userId, required).then(
      () => true,
      () => false,
    )
  }
  const byAuthor = (route: ApiRoute): ApiRoute => ({
    ...route,
    handle: async (input) => {
      await assertAuthor(input)
      return route.handle(input)
    },
  })
  return [list, create, byAuthor(change), byAuthor(remove)]
}
