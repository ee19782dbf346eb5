import { z } from 'zod'
import { about, aboutQuery, id, moment, pageOf, pageQuery, plainText, userId } from './common.ts'

export const note = z
  .object({
    id,
    text: z.string(),
    authorId: userId.nullable(),
    authorName: z.string().nullable(),
    customerId: id.nullable(),
    leadId: id.nullable(),
    projectId: id.nullable(),
    createdAt: moment,
    updatedAt: moment,
  })
  .meta({ id: 'Note' })

export const newNote = z.strictObject({ text: plainText(20_000), ...about })
/** Who wrote a note may change it. */
export const noteChanges = z.strictObject({ text: plainText(20_000) })
export const noteQuery = z.object({ ...pageQuery, ...aboutQuery })
export const notePage = pageOf(note)

export type Note = z.infer<typeof note>
