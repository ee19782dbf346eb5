/** The API. Tests give it a tenancy on their own database. */
import express, { type ErrorRequestHandler, type Express } from 'express'
//? if auth
import { healthHandler, requireMember, tenancyErrors, tenantScope } from 'partywall/express'
//? else
import { healthHandler, tenancyErrors, tenantScope } from 'partywall/express'
//? end
import { problemAnswer } from 'partywall/http'
//? if auth
import { authOf } from './auth.ts'
//? end
import { projectsOf } from './projects.ts'
import type { AppTenancy } from './tenancy.ts'
import { titleOf, titleProblem } from './title.ts'

export function createApp(tenancy: AppTenancy): Express {
  const projects = projectsOf(tenancy)
  //? if auth
  const auth = authOf(tenancy)
  //? end
  const app = express()
  app.get('/live', healthHandler(tenancy, { probe: 'live' }))
  app.get('/ready', healthHandler(tenancy))

  // From here on a request has a tenant; one without is answered with 404.
  //? if auth
  app.use(tenantScope(tenancy, { user: auth.userOf }))
  //? else
  app.use(tenantScope(tenancy))
  //? end
  //? if better-auth
  // Better Auth reads the body itself.
  app.all('/api/auth/{*path}', auth.node)
  //? end
  app.use(express.json())
  //? if jwt

  app.post('/api/token', async (req, res) => {
    const tokens = await auth.signIn(req.body)
    if (tokens === undefined) return void res.status(401).json({ error: 'The address or the password is wrong.' })
    res.json(tokens)
  })

  app.post('/api/token/refresh', async (req, res) => {
    res.json(await auth.refresh(req.body))
  })
  //? end
  //? if auth

  // From here on its sender is a member of the tenant.
  app.use(requireMember())
  //? end

  app.get('/api/projects', async (_req, res) => {
    res.json(await projects.list())
  })

  app.post('/api/projects', async (req, res) => {
    const title = titleOf(req.body)
    if (title === undefined) return void res.status(400).json({ error: titleProblem })
    res.status(201).json(await projects.add(title))
  })

  app.use(tenancyErrors())
  app.use(internalError)
  return app
}

/** Express would answer with the stack, and the message of an ORM's error has the statement with its values. */
const internalError: ErrorRequestHandler = (error, _req, res, next) => {
  // Such as a body that is not JSON.
  if (error?.status >= 400 && error?.status < 500) return void res.sendStatus(error.status)
  console.error(error)
  if (res.headersSent) return next(error)
  const { status, headers, body } = problemAnswer('INTERNAL_ERROR')
  res.status(status).set(headers).send(body)
}
