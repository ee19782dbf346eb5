/** A subscription over HTTP is admitted when it begins; by what the page of tRPC advises it begins again after a while. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { initTRPC } from '@trpc/server'
import { createExpressMiddleware } from '@trpc/server/adapters/express'
import express from 'express'
import { afterAll, expect, test } from 'vitest'
import { tenantScope } from '../../../src/http/express.ts'
import { tenancyErrors, tenantMiddlewares } from '../../../src/http/trpc.ts'
import { Client } from '../contract/client.ts'
import { rpcWorld, whole } from './world.ts'

const { tenancy, where } = await rpcWorld()
afterAll(() => tenancy.close())

test('a subscription without an end is ended by maxDurationMs, and a tenant that was suspended meanwhile is refused then', async () => {
  const t = initTRPC.create({ errorFormatter: tenancyErrors(), sse: { maxDurationMs: 1_500 } })
  const { requireTenant } = tenantMiddlewares(tenancy)
  const [begun, left] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const router = t.router({
    ticks: t.procedure.use(requireTenant).subscription(async function* () {
      try {
        for (;;) {
          yield await where()
          begun.resolve()
          await sleep(5)
        }
      } finally {
        left.resolve()
      }
    }),
  })
  const app = express().use(tenantScope(tenancy))
  const server = createServer(app.use('/trpc', createExpressMiddleware({ router }))).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = new Client((server.address() as AddressInfo).port)
  const asked = client.get('t8', '/trpc/ticks', { headers: { accept: 'text/event-stream' } })
  await begun.promise
  await tenancy.tenants.suspend('t8')
  const events = [...(await asked).text.matchAll(/^data: "([^"]*)"$/gm)].map(([, value]) => value)
  expect(new Set(events)).toEqual(new Set([whole('t8')]))
  await left.promise
  const again = await client.get('t8', '/trpc/ticks', { headers: { accept: 'text/event-stream' } })
  expect([again.status, again.json.code]).toEqual([403, 'TENANT_SUSPENDED'])
  server.closeAllConnections()
  server.close()
})
