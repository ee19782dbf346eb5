import { z } from 'zod'
import { cents, day, id, moment, pageOf, pageQuery, plainText, searchText, userId } from './common.ts'

/** In the order of the board. */
export const stages = ['new', 'contacted', 'qualified', 'proposal', 'won', 'lost'] as const
export const stage = z.enum(stages)
export type Stage = z.infer<typeof stage>

export const lead = z
  .object({
    id,
    title: z.string(),
    stage,
    /** Grows along its column. */
    position: z.number(),
    valueCents: z.number(),
    customerId: id.nullable(),
    customerName: z.string().nullable(),
    ownerId: userId.nullable(),
    ownerName: z.string().nullable(),
    expectedOn: day.nullable(),
    closedAt: moment.nullable(),
    createdAt: moment,
    updatedAt: moment,
  })
  .meta({ id: 'Lead' })

export const newLead = z.strictObject({
  title: plainText(200),
  stage: stage.default('new'),
  valueCents: cents.default(0),
  customerId: id.nullish(),
  ownerId: userId.nullish(),
  expectedOn: day.nullish(),
})
/** The stage changes by a move. */
export const leadChanges = newLead.omit({ stage: true }).extend({ valueCents: cents }).partial()

/** `before`: the lead of the column in front of which it comes; null: at the end. */
export const leadMove = z.strictObject({ stage, before: id.nullish() })

export const leadQuery = z.object({
  ...pageQuery,
  search: searchText.optional(),
  stage: stage.optional(),
  customerId: z.coerce.number().int().min(1).max(2_147_483_647).optional(),
})
export const leadPage = pageOf(lead)

/** Each column has its first 50 leads, and the count and the sum of all. */
export const board = z
  .object({ columns: z.array(z.object({ stage, count: z.int(), valueCents: z.number(), leads: z.array(lead) })) })
  .meta({ id: 'Board' })

export type Lead = z.infer<typeof lead>
export type Board = z.infer<typeof board>
