/** The numbers of a tenant, counted once in ten seconds. The key of the cache has the tenant, so none gets those of another. */
import { Router } from 'express'
import { createTenantCache } from 'partywall/cache'
import { requireTenant } from 'partywall/express'
import type { PollsTenancy } from './tenancy.ts'

export function summaryRouter(tenancy: PollsTenancy): Router {
  const cache = createTenantCache(tenancy, new Map())
  const summary = cache.memoize('summary', () => count(tenancy), { ttlMs: 10_000 })
  const router = Router()
  router.get('/summary', requireTenant(), async (_req, res) => void res.json(await summary()))
  return router
}

async function count({ pool }: PollsTenancy): Promise<{ polls: number; votes: number }> {
  const { rows } = await pool.query(
    'select count(distinct question_id)::int as polls, coalesce(sum(votes), 0)::int as votes from choices',
  )
  return rows[0]
}
