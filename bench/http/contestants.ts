/**
 * Two applications for each framework with one endpoint, which lists ten rows of the tenant that a header names: one resolves and enters the tenant with
 * the adapter of partywall, the other writes the name from the header into its SQL. All serve from this process.
 */
import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import express from 'express'
import { fastify } from 'fastify'
import { Hono } from 'hono'
import { Pool } from 'pg'
import { byHeader, createTenancy, type Tenancy } from 'partywall'
import { tenantScope } from 'partywall/express'
import { tenantPlugin } from 'partywall/fastify'
import { tenantMiddleware } from 'partywall/hono'
import { pointQuery } from '../queries/fleet.ts'

/** The header that names the tenant. */
export const tenantHeader = 'x-tenant'

export const frameworks = ['Express', 'Fastify', 'Hono'] as const
export type Framework = (typeof frameworks)[number]

export interface App {
  readonly url: string
  close(): Promise<void>
}

/** The application with the adapter of partywall. */
export async function partywallApp(framework: Framework, url: string, connections: number): Promise<App> {
  const tenancy = createTenancy({
    database: url,
    pool: { max: connections, idleTimeoutMillis: 0 },
    resolve: [byHeader(tenantHeader, { trusted: true })],
  })
  const rows = async (): Promise<unknown[]> => (await tenancy.pool.query(pointQuery, [10])).rows
  return listening(await serverOf(framework, rows, tenancy), () => tenancy.close())
}

/** The upper bound: no tenancy at all. */
export async function qualifiedApp(framework: Framework, url: string, connections: number): Promise<App> {
  const pool = new Pool({ connectionString: url, max: connections, idleTimeoutMillis: 0 })
  pool.on('error', () => {})
  const rows = async (schema: string): Promise<unknown[]> =>
    (await pool.query(pointQuery.replace('items', `"${schema}".items`), [10])).rows
  return listening(await serverOf(framework, rows, undefined), () => pool.end())
}

type Rows = (schema: string) => Promise<unknown[]>

async function serverOf(framework: Framework, rows: Rows, tenancy: Tenancy | undefined): Promise<Server> {
  switch (framework) {
    case 'Express': {
      const app = express()
      if (tenancy !== undefined) app.use(tenantScope(tenancy))
      app.get('/items', async (req, res) => res.json(await rows(String(req.headers[tenantHeader]))))
      return createServer(app as RequestListener)
    }
    case 'Fastify': {
      const app = fastify()
      if (tenancy !== undefined) await app.register(tenantPlugin(tenancy))
      app.get('/items', (request) => rows(String(request.headers[tenantHeader])))
      await app.ready()
      return app.server
    }
    case 'Hono': {
      const app = new Hono()
      if (tenancy !== undefined) app.use(tenantMiddleware(tenancy))
      app.get('/items', async (c) => c.json(await rows(c.req.header(tenantHeader)!)))
      return createAdaptorServer(app) as Server
    }
  }
}

async function listening(server: Server, end: () => Promise<unknown>): Promise<App> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/items`,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await end()
    },
  }
}
