/** `api/jobs`: queues, and the jobs of one tenant. A job is always named with its tenant, and that is checked by the queue's adapter. */
import { Hono, type Context } from 'hono'
import * as z from 'zod'
import type { ConsoleEnv, ConsoleParts, Room } from '../parts.ts'
import { problem } from '../problem.ts'
import { needs } from '../security/roles.ts'
import type { JobAnswer, JobsAnswer, QueuesAnswer } from './api.ts'
import type { QueuedJob } from './source.ts'

const mostJobs = 200
const query = z.object({
  queue: z.string().min(1).max(300).optional(),
  state: z.enum(['waiting', 'delayed', 'active', 'failed', 'completed']).optional(),
})
const body = z.strictObject({ queue: z.string().min(1).max(300), id: z.string().min(1).max(600) })

export function jobsRoutes({ tenancy, jobs }: ConsoleParts): Room {
  const room = new Hono<ConsoleEnv>()
  room.get('/', async (c) => {
    if (jobs === undefined) return c.json({ isConfigured: false } satisfies QueuesAnswer)
    return c.json({
      isConfigured: true,
      name: jobs.name,
      mayRetry: jobs.retry !== undefined,
      mayRemove: jobs.remove !== undefined,
      queues: await jobs.queues(),
    } satisfies QueuesAnswer)
  })
  room.get('/of/:tenant', async (c) => {
    if (jobs === undefined) return notConfigured(c)
    const { id, schema, name } = await tenancy.tenants.get({ schema: c.req.param('tenant') })
    const found = await jobs.jobsOf({ id }, { ...query.parse(c.req.query()), limit: mostJobs })
    return c.json({
      tenant: { id, schema, name },
      jobs: found.map(answerOf),
      isFull: found.length >= mostJobs,
    } satisfies JobsAnswer)
  })
  for (const [path, role, action] of [
    ['retry', 'operator', 'job.retried'],
    // What a job should have done is not done then.
    ['remove', 'owner', 'job.removed'],
  ] as const) {
    room.post(`/of/:tenant/${path}`, needs(role), async (c) => {
      const change = jobs?.[path]
      if (jobs === undefined || change === undefined) return notConfigured(c)
      const { queue, id } = body.parse(await c.req.json())
      const tenant = await tenancy.tenants.get({ schema: c.req.param('tenant')! })
      await tenancy.audit.record({ action, tenant: { id: tenant.id }, object: `${queue}/${id}`.slice(0, 300) })
      return (await change.call(jobs, { id: tenant.id }, queue, id)) ? c.json({}) : notDone(c)
    })
  }
  return room
}

function answerOf({ createdAt, runAt, ...job }: QueuedJob): JobAnswer {
  return {
    ...job,
    ...(createdAt !== undefined && { createdAt: createdAt.toISOString() }),
    ...(runAt !== undefined && { runAt: runAt.toISOString() }),
  }
}

function notConfigured(c: Context<ConsoleEnv>): Response {
  return problem(c, 404, {
    code: 'NO_JOBS',
    title: 'The console knows no queue that can do this',
    detail: 'Give the console the option "jobs". docs/console-operations.md says how.',
  })
}

function notDone(c: Context<ConsoleEnv>): Response {
  return problem(c, 409, {
    code: 'JOB_GONE',
    title: 'The job is not as it was shown',
    detail: 'The tenant has no such job any more, or it runs or has run meanwhile.',
  })
}
