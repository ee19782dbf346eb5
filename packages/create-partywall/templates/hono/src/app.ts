/** The API. Tests give it a tenancy on their own database. */
import { Hono } from 'hono'
//? if auth
import { healthHandler, requireMember, tenancyErrors, tenantMiddleware } from 'partywall/hono'
import { authOf } from './auth.ts'
//? else
import { healthHandler, tenancyErrors, tenantMiddleware } from 'partywall/hono'
//? end
import { projectsOf } from './projects.ts'
import type { AppTenancy } from './tenancy.ts'
import { titleOf, titleProblem } from './title.ts'

export function createApp(tenancy: AppTenancy): Hono {
  const projects = projectsOf(tenancy)
  //? if auth
  const auth = authOf(tenancy)
  //? end
  const app = new Hono()
  app.onError(tenancyErrors())
  app.get('/live', healthHandler(tenancy, { probe: 'live' }))
  app.get('/ready', healthHandler(tenancy))

  // From here on a request has a tenant; one without is answered with 404.
  //? if auth
  app.use(tenantMiddleware(tenancy, { user: (c) => auth.userOf(c.req.raw) }))
  //? else
  app.use(tenantMiddleware(tenancy))
  //? end
  //? if better-auth
  app.all('/api/auth/*', (c) => auth.handler(c.req.raw))
  //? end
  //? if jwt

  app.post('/api/token', async (c) => {
    const tokens = await auth.signIn(await jsonOf(c.req))
    return tokens === undefined ? c.json({ error: 'The address or the password is wrong.' }, 401) : c.json(tokens)
  })

  app.post('/api/token/refresh', async (c) => c.json(await auth.refresh(await jsonOf(c.req))))
  //? end
  //? if auth

  // From here on its sender is a member of the tenant.
  app.use(requireMember())
  //? end

  app.get('/api/projects', async (c) => c.json(await projects.list()))

  app.post('/api/projects', async (c) => {
    const title = titleOf(await jsonOf(c.req))
    if (title === undefined) return c.json({ error: titleProblem }, 400)
    return c.json(await projects.add(title), 201)
  })

  return app
}

/** Undefined for a body that is not JSON. */
function jsonOf(request: { json(): Promise<unknown> }): Promise<unknown> {
  return request.json().catch(() => undefined)
}
