import { z } from 'zod'
import { day } from './common.ts'
import { stage } from './leads.ts'

const points = z.array(z.object({ day, value: z.number() }))

export const dashboard = z
  .object({
    numbers: z.object({
      customers: z.int(),
      openLeads: z.int(),
      openValueCents: z.number(),
      /** In the last 30 days. */
      wonCents: z.number(),
      activeProjects: z.int(),
      openTasks: z.int(),
      overdueTasks: z.int(),
    }),
    /** The last 90 days, each day once, today last. */
    newCustomers: points,
    /** The last 12 months: the first day of each, this month last. */
    wonCentsByMonth: points,
    leadsByStage: z.array(z.object({ stage, count: z.int(), valueCents: z.number() })),
  })
  .meta({ id: 'Dashboard' })

export type Dashboard = z.infer<typeof dashboard>
