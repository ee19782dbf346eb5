import { z } from 'zod'
import { id, moment, pageOf, pageQuery, userId } from './common.ts'

const objectKinds = ['customer', 'lead', 'project', 'task', 'note', 'file', 'import', 'member', 'settings'] as const
export const objectKind = z.enum(objectKinds)

/** The newest first. */
const activity = z
  .object({
    id,
    at: moment,
    userId: userId.nullable(),
    userName: z.string().nullable(),
    action: z.enum(['created', 'changed', 'moved', 'done', 'deleted', 'imported', 'invited', 'joined', 'removed']),
    kind: objectKind,
    /** Null where it has none, such as the settings. */
    objectId: id.nullable(),
    title: z.string(),
  })
  .meta({ id: 'Activity' })

export const activityQuery = z.object({
  ...pageQuery,
  kind: objectKind.optional(),
  objectId: z.coerce.number().int().min(1).max(2_147_483_647).optional(),
})
export const activityPage = pageOf(activity)

export type Activity = z.infer<typeof activity>
