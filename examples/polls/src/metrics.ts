/** For Prometheus and for a load balancer, on the shared side. A real app keeps them from the public. */
import { Router } from 'express'
import { healthHandler, requireShared } from 'partywall/express'
import { tenancyMetrics } from 'partywall/prometheus'
import { Registry } from 'prom-client'
import type { PollsTenancy } from './tenancy.ts'

export function metricsRouter(tenancy: PollsTenancy): Router {
  const register = new Registry()
  tenancyMetrics(tenancy, { register })
  const router = Router()
  router.get('/ready', requireShared(), healthHandler(tenancy))
  router.get('/metrics', requireShared(), async (_req, res) => {
    res.type(register.contentType).send(await register.metrics())
  })
  return router
}
