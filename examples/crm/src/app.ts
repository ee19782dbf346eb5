/** Which request goes where: `admin.` to the console, the host of a tenant to the CRM, all else to the public site. */
import express, { type Request, type RequestHandler, type Router } from 'express'
import { healthHandler, requireTenant, tenancyErrors, tenantScope, type TenantScopeOptions } from 'partywall/express'
import { refusal } from 'partywall/http'
import { clientAddress } from './api/client-address.ts'
import { denyByDefault } from './api/deny.ts'
import { sameOrigin } from './api/origin.ts'
import { notFound, problems } from './api/problems.ts'
import { apiRouter } from './api/router.ts'
import type { Parts } from './parts.ts'
import { routesOf } from './routes.ts'
import { suspendedApi } from './shared/billing/routes.ts'
import { enterRouter } from './shared/sign-up/routes.ts'
import { isAdminHost, oneApex } from './web/hosts.ts'
import { assets, sendClient, sendUnknownHost, wantsPage } from './web/pages.ts'
import { notFoundPage, pageOf } from './web/public-pages.ts'
import { securityHeaders } from './web/security-headers.ts'

export interface AppOptions {
  /** The folder with the built client. */
  readonly client: string
  /** What answers at `admin.`. */
  readonly admin: RequestHandler
  /** More pages of the public site. */
  readonly pages: readonly Router[]
  /** Mounts more below `/api`; for a test of what happens to a route without a rule. */
  readonly more?: ((app: express.Express) => void) | undefined
}

const webhook = '/api/billing/webhook'

export function createApp(parts: Parts, { client, admin, pages, more }: AppOptions): express.Express {
  const { tenancy, users, tokens, environment } = parts
  const { appUrl } = environment
  const routes = routesOf(parts)
  const app = express()
  app.disable('x-powered-by')
  app.set('trust proxy', environment.proxies)
  app.set('query parser', 'simple')
  app.use(securityHeaders(environment))
  app.use(assets(client))
  app.get('/ready', healthHandler(tenancy))
  // For the limits of the sign-in. What a client sends in this header is written over.
  app.use((req, _res, next) => {
    req.headers['x-crm-client'] = clientAddress(req)
    next()
  })
  app.use((req, res, next) => (isAdminHost(req, appUrl) ? admin(req, res, next) : next()))

  const user = (req: Request) => (req.get('authorization') === undefined ? users.userOf(req) : tokens.userOf(req))
  app.use(tenantScope(tenancy, { none: 'shared', user, onRefused: onRefused(parts, client) }))
  app.use(oneApex(appUrl))
  app.use(sameOrigin({ except: [webhook] }))
  app.use('/api', denyByDefault(routes, ['/api/auth/']))
  app.all('/api/auth/{*path}', requireTenant(), users.node)
  app.post(webhook, express.raw({ type: () => true, limit: '100kb' }))
  app.use('/api', express.json({ limit: '256kb' }))
  app.use(apiRouter(tenancy, routes))
  more?.(app)
  app.use(enterRouter(parts))
  for (const router of pages) app.use(router)
  app.use((req, res, next) => {
    if (!wantsPage(req)) return next(notFound())
    if (req.tenant !== undefined) return sendClient(res, client, 'app.html')
    const name = pageOf(req.path)
    sendClient(res, client, name, name === notFoundPage ? 404 : 200)
  })
  app.use(tenancyErrors())
  app.use(problems)
  return app
}

/** A tenant that is suspended has a page that says so, and can pay. Every other refusal is one of partywall. */
function onRefused(parts: Parts, client: string): NonNullable<TenantScopeOptions<any>['onRefused']> {
  const { appUrl } = parts.environment
  const answerSuspended = suspendedApi(parts)
  const guard = sameOrigin({ except: [] })
  const body = express.json({ limit: '10kb' })
  return (resolution, req, res, next) => {
    if (resolution.outcome === 'unknown' && wantsPage(req)) return sendUnknownHost(res, appUrl)
    if (resolution.outcome !== 'suspended') return refuse()
    if (wantsPage(req)) return sendClient(res, client, 'app.html', 403)
    const { id } = resolution.tenant
    guard(req, res, (foreign?: unknown) => {
      if (foreign !== undefined) return next(foreign)
      body(req, res, (unreadable?: unknown) => {
        if (unreadable !== undefined) return next(unreadable)
        answerSuspended(id, req).then((answer) => (answer === undefined ? refuse() : res.json(answer)), next)
      })
    })

    function refuse(): void {
      const { status, headers, body: text } = refusal(resolution)
      res.status(status).set(headers).send(text)
    }
  }
}
