/** The API. Tests give it a tenancy on their own database. */
import { fastify, type FastifyInstance } from 'fastify'
//? if auth
import { healthHandler, requireMember, tenancyErrors, tenantPlugin } from 'partywall/fastify'
import { authOf } from './auth.ts'
//? else
import { healthHandler, tenancyErrors, tenantPlugin } from 'partywall/fastify'
//? end
import { projectsOf } from './projects.ts'
import type { AppTenancy } from './tenancy.ts'
import { titleOf, titleProblem } from './title.ts'

export function createApp(tenancy: AppTenancy): FastifyInstance {
  const projects = projectsOf(tenancy)
  //? if auth
  const auth = authOf(tenancy)
  //? end
  const app = fastify({ logger: { level: process.env.LOG_LEVEL ?? 'warn' } })
  app.setErrorHandler(tenancyErrors())
  app.get('/live', healthHandler(tenancy, { probe: 'live' }))
  app.get('/ready', healthHandler(tenancy))

  // Its routes have a tenant; a request without one is answered with 404.
  app.register(async (tenants) => {
    //? if auth
    tenants.register(tenantPlugin(tenancy, { user: auth.userOf }))
    //? else
    tenants.register(tenantPlugin(tenancy))
    //? end
    //? if better-auth

    tenants.register(async (routes) => {
      // Better Auth reads the body itself.
      routes.removeAllContentTypeParsers()
      routes.addContentTypeParser('*', (_request, _payload, done) => done(null))
      routes.all('/api/auth/*', (request, reply) => {
        reply.hijack()
        auth.node(request.raw, reply.raw)
      })
    })
    //? end
    //? if jwt

    tenants.post('/api/token', async (request, reply) => {
      const tokens = await auth.signIn(request.body)
      return tokens ?? reply.code(401).send({ error: 'The address or the password is wrong.' })
    })

    tenants.post('/api/token/refresh', (request) => auth.refresh(request.body))
    //? end
    //? if auth

    // The sender of a request to these is a member of the tenant.
    tenants.register(async (members) => {
      members.addHook('onRequest', requireMember())

      members.get('/api/projects', () => projects.list())

      members.post('/api/projects', async (request, reply) => {
        const title = titleOf(request.body)
        if (title === undefined) return reply.code(400).send({ error: titleProblem })
        return reply.code(201).send(await projects.add(title))
      })
    })
    //? else

    tenants.get('/api/projects', () => projects.list())

    tenants.post('/api/projects', async (request, reply) => {
      const title = titleOf(request.body)
      if (title === undefined) return reply.code(400).send({ error: titleProblem })
      return reply.code(201).send(await projects.add(title))
    })
    //? end
  })
  return app
}
