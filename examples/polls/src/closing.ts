/** A poll can be closed later: a job does it. A closed poll takes no votes. */
import { Router } from 'express'
import { requireTenant } from 'partywall/express'
import { z } from 'zod'
import type { PollsJobs } from './jobs.ts'
import { Problem } from './problem.ts'
import type { PollsTenancy } from './tenancy.ts'

const closing = z.strictObject({ seconds: z.int().min(0).max(31_536_000) })
const pollId = z.coerce.number().int().positive().max(2_147_483_647)

export function closingRouter({ pool }: PollsTenancy, jobs: Pick<PollsJobs, 'sendAfter'>): Router {
  const router = Router()

  router.post('/polls/:id/closing', requireTenant(), async (req, res) => {
    const { seconds } = closing.parse(req.body)
    const poll = pollId.safeParse(req.params.id).data
    const { rows } = await pool.query('select id from questions where id = $1', [poll ?? 0])
    if (rows.length === 0) throw new Problem(404, 'There is no such poll.')
    await jobs.sendAfter('close-poll', { poll }, null, seconds)
    res.status(202).json({ poll, closes_in: seconds })
  })

  router.post('/polls/:id/votes', requireTenant(), async (req, _res, next) => {
    const poll = pollId.safeParse(req.params['id']).data
    const { rows } = await pool.query('select from questions where id = $1 and closed_at is not null', [poll ?? 0])
    if (rows.length > 0) throw new Problem(409, 'This poll is closed.')
    next()
  })

  return router
}
