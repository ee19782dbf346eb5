import { z } from 'zod'
import { aboutQuery, id, moment, pageOf, pageQuery, userId } from './common.ts'

/** The content is at `/api/files/<id>/content`; a browser saves it. */
export const file = z
  .object({
    id,
    name: z.string(),
    size: z.number(),
    contentType: z.string(),
    customerId: id.nullable(),
    leadId: id.nullable(),
    projectId: id.nullable(),
    uploadedById: userId.nullable(),
    uploadedByName: z.string().nullable(),
    createdAt: moment,
  })
  .meta({ id: 'File' })

/** Of one file. */
export const mostFileBytes = 25 * 1024 * 1024
export const fileQuery = z.object({ ...pageQuery, ...aboutQuery })
export const filePage = pageOf(file)

export type CrmFile = z.infer<typeof file>
