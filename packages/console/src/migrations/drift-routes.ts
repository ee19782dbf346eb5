/** `api/migrations/drift`. */
import { Hono } from 'hono'
import * as z from 'zod'
import type { AnyTenancy, ConsoleEnv, Room } from '../parts.ts'
import { problem } from '../problem.ts'
import { needs } from '../security/roles.ts'
import { DriftExamination } from './drift.ts'

const names = z.array(z.string().min(1).max(63)).min(1).max(1000)
const beginBody = z.strictObject({
  tenants: names.optional(),
  kinds: names.optional(),
  exclude: z.array(z.string().min(1).max(200)).max(100).optional(),
})
const fixBody = z.strictObject({ tenant: z.string().min(1).max(63), plan: z.string().length(43) })

export function driftRoutes(tenancy: AnyTenancy): Room {
  const examination = DriftExamination.of(tenancy)
  const room = new Hono<ConsoleEnv>()
  room.get('/', (c) => c.json(examination.answer))
  room.post('/', needs('operator'), async (c) => {
    const wanted = beginBody.parse(await c.req.json())
    if (examination.begin(wanted, c.get('operator').id)) return c.json(examination.answer, 202)
    return problem(c, 409, {
      code: 'EXAMINATION_RUNNING',
      title: 'An examination is at work',
      detail: `${examination.answer.by} has begun one. Its result is for all who look.`,
    })
  })
  // It adds columns and tables, which only SQL takes away again.
  room.post('/fix', needs('owner'), async (c) => {
    const { tenant, plan } = fixBody.parse(await c.req.json())
    const fixed = await examination.fix(tenant, plan)
    if (fixed !== undefined) return c.json(fixed)
    return problem(c, 409, {
      code: 'PLAN_CHANGED',
      title: 'The plan is another one by now',
      detail: 'The tenant or its migrations have changed since it was examined. Examine it again, and look at the new plan.',
    })
  })
  return room
}
