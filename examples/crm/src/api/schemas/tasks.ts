import { z } from 'zod'
import { about, aboutQuery, day, flag, id, moment, pageOf, pageQuery, plainText, userId } from './common.ts'

export const task = z
  .object({
    id,
    title: z.string(),
    isDone: z.boolean(),
    doneAt: moment.nullable(),
    dueOn: day.nullable(),
    assigneeId: userId.nullable(),
    assigneeName: z.string().nullable(),
    customerId: id.nullable(),
    leadId: id.nullable(),
    projectId: id.nullable(),
    /** The name of what it is about. */
    about: z.string().nullable(),
    createdAt: moment,
    updatedAt: moment,
  })
  .meta({ id: 'Task' })

export const newTask = z.strictObject({
  title: plainText(300),
  dueOn: day.nullish(),
  assigneeId: userId.nullish(),
  ...about,
})
export const taskChanges = newTask.extend({ isDone: z.boolean() }).partial()
export const taskQuery = z.object({
  ...pageQuery,
  ...aboutQuery,
  /** Only those that are assigned to who asks. */
  mine: flag.optional(),
  done: flag.optional(),
  /** Due before today, and not done. */
  overdue: flag.optional(),
})
export const taskPage = pageOf(task)

export type Task = z.infer<typeof task>
