/** An application behind a proxy: a table of products for each tenant, its facts of a request, and what the proxy may ask. */
import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import express, { type Express } from 'express'
import { byHost, createTenancy } from 'partywall'
import { healthHandler, tenancyErrors, tenantScope } from 'partywall/express'
import { certificateAsk } from 'partywall/http'
import { afterAll } from 'vitest'
import { testDatabase } from '../../../packages/partywall/test/support/servers/database.ts'

export const baseDomain = 'shop.test'

export interface Shop {
  /** Where the application listens, for the proxy alone. */
  readonly port: number
  /** Where it says which hosts may have a certificate. */
  readonly askPort: number
  /** The hosts that the proxy has asked about, in order. */
  readonly asked: string[]
}

/** acme and globex; globex has proven a domain of its own, `www.globex.test`. */
export async function startShop(): Promise<Shop> {
  const { url } = await testDatabase()
  const tenancy = createTenancy({
    database: url,
    resolve: [byHost({ base: baseDomain })],
    migrations: { shared: false, tenant: false },
  })
  await tenancy.migrations.run()
  await tenancy.tenants.create({ schema: 'acme' })
  await tenancy.tenants.create({ schema: 'globex', domains: ['www.globex.test'] })
  for (const schema of ['acme', 'globex'])
    await tenancy.run(schema, () => tenancy.pool.query(`create table products as select 'anvil of ${schema}' as name`))

  const app = express()
  app.set('trust proxy', 'loopback')
  app.get('/ready', healthHandler(tenancy))
  app.use(tenantScope(tenancy))
  app.get('/products', async (req, res) => {
    const { rows } = await tenancy.pool.query('select name from products')
    res.json({ names: rows.map(({ name }) => name), ip: req.ip, protocol: req.protocol, host: req.host })
  })
  app.get('/events', (_req, res) => void res.type('text/event-stream').write('data: first\n\n'))
  app.use(tenancyErrors({ log: () => {} }))

  const ask = certificateAsk(tenancy, { hosts: [baseDomain] })
  const asked: string[] = []
  const internal = express()
  internal.get('/certificate-ask', async (req, res) => {
    asked.push(String(req.query['domain']))
    const { status } = await ask(String(req.query['domain']))
    res.sendStatus(status)
  })

  const servers = await Promise.all([listen(app), listen(internal)])
  afterAll(async () => {
    for (const server of servers) {
      server.close()
      server.closeAllConnections()
    }
    await tenancy.close()
  })
  const [port, askPort] = servers.map((server) => (server.address() as AddressInfo).port) as [number, number]
  return { port, askPort, asked }
}

async function listen(app: Express): Promise<Server> {
  const server = app.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}
