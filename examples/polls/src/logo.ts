/** Each tenant has a logo of its own, under the same name. */
import { pipeline } from 'node:stream/promises'
import { Router } from 'express'
import { requireTenant } from 'partywall/express'
import { tenantFiles } from 'partywall/files'
import { Problem } from './problem.ts'
import type { PollsTenancy } from './tenancy.ts'

const mostBytes = 1_000_000

export function logoRouter(tenancy: PollsTenancy): Router {
  const files = tenantFiles(tenancy)
  const router = Router()

  router.put('/logo', requireTenant(), async (req, res) => {
    const { size } = await files.put('logo.png', req, { maxBytes: mostBytes })
    res.status(201).json({ size })
  })

  router.get('/logo', requireTenant(), async (_req, res) => {
    const logo = await files.get('logo.png')
    if (logo === undefined) throw new Problem(404, 'There is no logo.')
    await pipeline(logo.body, res.type(logo.contentType))
  })

  return router
}
