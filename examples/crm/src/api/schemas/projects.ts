import { z } from 'zod'
import { cents, day, id, moment, pageOf, pageQuery, plainText, searchText } from './common.ts'

export const projectStatuses = ['planned', 'active', 'done', 'cancelled'] as const

export const project = z
  .object({
    id,
    name: z.string(),
    status: z.enum(projectStatuses),
    customerId: id.nullable(),
    customerName: z.string().nullable(),
    budgetCents: z.number(),
    startsOn: day.nullable(),
    endsOn: day.nullable(),
    openTasks: z.int(),
    createdAt: moment,
    updatedAt: moment,
  })
  .meta({ id: 'Project' })

export const newProject = z.strictObject({
  name: plainText(200),
  status: z.enum(projectStatuses).default('planned'),
  customerId: id.nullish(),
  budgetCents: cents.default(0),
  startsOn: day.nullish(),
  endsOn: day.nullish(),
})
export const projectChanges = newProject.extend({ status: z.enum(projectStatuses), budgetCents: cents }).partial()
export const projectQuery = z.object({
  ...pageQuery,
  search: searchText.optional(),
  status: z.enum(projectStatuses).optional(),
  customerId: z.coerce.number().int().min(1).max(2_147_483_647).optional(),
})
export const projectPage = pageOf(project)

export type Project = z.infer<typeof project>
