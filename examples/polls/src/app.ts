import express from 'express'
import { requireShared, requireTenant, tenancyErrors, tenantScope } from 'partywall/express'
import { clientsRouter } from './clients.ts'
import { pollsRouter } from './polls.ts'
import { nothingHere, problems } from './problem.ts'
import type { PollsTenancy } from './tenancy.ts'

export function createApp(tenancy: PollsTenancy, ...more: express.Router[]): express.Express {
  const app = express()
  app.use(tenantScope(tenancy, { none: 'shared' }))
  app.use(express.json())
  app.use('/client', requireShared(), clientsRouter(tenancy))
  for (const router of more) app.use(router)
  app.use('/polls', requireTenant(), pollsRouter(tenancy.pool))
  app.use(nothingHere)
  app.use(tenancyErrors())
  app.use(problems)
  return app
}
