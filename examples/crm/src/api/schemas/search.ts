import { z } from 'zod'
import { id, searchText } from './common.ts'

export const searchQuery = z.object({ q: searchText.min(2), limit: z.coerce.number().int().min(1).max(50).default(20) })

/** `detail`: where the text was found, or what tells it apart; plain text. A note leads to what it is about, or to nothing. */
const hit = z
  .object({
    kind: z.enum(['customer', 'lead', 'project', 'task', 'note', 'file']),
    id,
    title: z.string(),
    detail: z.string().nullable(),
    customerId: id.nullable(),
    leadId: id.nullable(),
    projectId: id.nullable(),
  })
  .meta({ id: 'Hit' })
export const hits = z.object({ items: z.array(hit) })

export type Hit = z.infer<typeof hit>
