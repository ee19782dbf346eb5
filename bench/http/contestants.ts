/**
 * Two Fastify applications with one endpoint, which lists ten rows of the tenant that a header names: one resolves and enters the tenant
 * with partywall, the other writes the name from the header into its SQL. Both serve from this process.
 */
import { fastify, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { Pool } from 'pg'
import { byHeader, createTenancy } from 'partywall'
import { pointQuery } from '../queries/fleet.ts'

/** The header that names the tenant. */
export const tenantHeader = 'x-tenant'

/** What an application writes today: there is no adapter for Fastify yet. */
export function partywallApp(url: string, connections: number): FastifyInstance {
  const tenancy = createTenancy({
    database: url,
    pool: { max: connections, idleTimeoutMillis: 0 },
    resolve: [byHeader(tenantHeader, { trusted: true })],
  })
  const app = fastify()
  const enter = async (request: FastifyRequest, reply: FastifyReply, done: () => void): Promise<void> => {
    const resolution = await tenancy.resolve({ host: request.host, path: request.url, headers: request.headers })
    if (resolution.outcome === 'resolved') await tenancy.run(resolution.tenant, () => done())
    else await reply.code(404).send({ outcome: resolution.outcome })
  }
  // The form with a callback: what runs after `done` runs in the scope; a promise would not carry it out of the hook.
  app.addHook('onRequest', (request, reply, done) => void enter(request, reply, done).catch(done))
  app.get('/items', async () => (await tenancy.pool.query(pointQuery, [10])).rows)
  return app.addHook('onClose', () => tenancy.close())
}

/** The upper bound: no tenancy at all. */
export function qualifiedApp(url: string, connections: number): FastifyInstance {
  const pool = new Pool({ connectionString: url, max: connections, idleTimeoutMillis: 0 })
  pool.on('error', () => {})
  const app = fastify()
  app.get('/items', async (request) => {
    const { rows } = await pool.query(pointQuery.replace('items', `"${request.headers[tenantHeader] as string}".items`), [10])
    return rows
  })
  return app.addHook('onClose', () => pool.end())
}
